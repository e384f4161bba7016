"""What a run knows of its camera: the focal length with its evidence, and whether it moves."""

from pathlib import Path
from typing import Any

from core.motion import Clip, Track
from core.notices import notice
from core.video.camera_motion import camera_motion
from core.video.focal_length import read_focal_length

ASSUMED = "assumed: the picture's diagonal"


def focal_length_record(source: Path, clip: Clip) -> dict[str, Any]:
    """{"focal_length_px": number or None, "evidence": text} for a clip made from `source`; None where the file does not
    tell, which is also said in a notice."""
    found = read_focal_length(source)
    if found is None:
        notice(
            "The file does not tell the camera's focal length, so it is assumed to be the picture's diagonal: "
            "distances and slopes are only as good as that."
        )
        return {"focal_length_px": None, "evidence": ASSUMED}
    return {"focal_length_px": found.pixels(clip.width, clip.height), "evidence": found.evidence}


def motion_record(clip: Clip, tracks: list[Track]) -> dict[str, Any]:
    """{"moves", "speed", "drift"} of the camera, away from the people; a notice says what a moving one means."""
    if len(clip) < 2:
        return {"moves": False, "speed": 0.0, "drift": 0.0}
    found = camera_motion(clip.path, [track.boxes for track in tracks])
    if found.moves:
        notice(
            "The camera moves. The result is in its moving frame: travel over the ground and standing feet are not to "
            "be trusted. A part of the video with a camera at rest does better."
        )
    return {"moves": found.moves, "speed": round(found.speed, 4), "drift": round(found.drift, 4)}
