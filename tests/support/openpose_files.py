"""OpenPose's JSON made from tracks, in the order that OpenPose itself has its points in."""

import json
from pathlib import Path

import numpy as np

from core.keypoints.skeleton_maps import BODY_25, COCO_18
from core.keypoints.skeletons import INDEX

NECK, MID_HIP = ("left_shoulder", "right_shoulder"), ("left_hip", "right_hip")


def body_25(points: np.ndarray) -> np.ndarray:
    """[25,3] from BlazePose's [33,3]; small toes are missing."""
    made = np.zeros((25, 3))
    for row, name in enumerate(BODY_25):
        if name:
            made[row] = points[INDEX[name]]
    made[1], made[8] = (points[[INDEX[n] for n in pair]].mean(axis=0) for pair in (NECK, MID_HIP))
    return made


def coco_18(points: np.ndarray) -> np.ndarray:
    """[18,3] from BlazePose's [33,3]."""
    made = np.array([points[INDEX[name]] if name else np.zeros(3) for name in COCO_18])
    made[1] = points[[INDEX[n] for n in NECK]].mean(axis=0)
    return made


def frame_of(people: list[np.ndarray]) -> dict:
    """One frame as OpenPose writes it, from points [K,3] per person."""
    return {
        "version": 1.3,
        "people": [{"person_id": [-1], "pose_keypoints_2d": points.round(3).reshape(-1).tolist()} for points in people],
    }


def write_folder(folder: Path, frames: dict[int, list[np.ndarray]]) -> Path:
    """One file a frame, named as OpenPose does."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, people in frames.items():
        (folder / f"clip_{number:012d}_keypoints.json").write_text(json.dumps(frame_of(people)))
    return folder
