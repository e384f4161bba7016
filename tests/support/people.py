"""People made of numbers: a walker on a plane before a tilted camera, and what keypoints would say of them."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from core.body import load_body
from core.body.kinematics import BodyFrames, body_motion, pose_body
from core.mesh_recovery.cameras import project, turns_to_rays
from core.motion import BodyMotion, Track
from core.reconstruction.contacts import STANDING_HEIGHTS_M

IMAGE = np.array([1280, 720])
FOCAL = float(np.hypot(*IMAGE))
INTRINSICS = np.array([[FOCAL, 0, 640], [0, FOCAL, 360], [0, 0, 1.0]])
BETAS = np.array([0.6, -0.5, 0.4, 0, 0, 0, 0, 0, 0, 0])

ELBOWS = {18: (0, -1, 0), 19: (0, 1, 0)}
KNEES = {4: (1, 0, 0), 5: (1, 0, 0)}


@dataclass(frozen=True)
class Scene:
    """The truth in the world, the true camera, and the truth's track."""

    truth: BodyMotion
    camera_in_world: np.ndarray
    track: Track


def camera_at(position, pitch: float, yaw: float = 0.0) -> np.ndarray:
    """camera_in_world [4, 4]: looks along -z, turned by `yaw`, its view then lowered by `pitch` rad."""
    level = np.diag([1.0, -1.0, -1.0])
    turn = Rotation.from_euler("YX", [yaw, -pitch]).as_matrix()
    camera = np.eye(4)
    camera[:3, :3], camera[:3, 3] = turn @ level, position
    return camera


def seen_by(landmarks: np.ndarray, camera_in_world: np.ndarray) -> np.ndarray:
    """Landmarks [T, 33, 3] in camera axes, metres."""
    return (landmarks - camera_in_world[:3, 3]) @ camera_in_world[:3, :3]


def track_of(landmarks_in_camera: np.ndarray, fps: float, pixels: float = 0, metres: float = 0, seed: int = 0) -> Track:
    """What keypoints would say of `landmarks_in_camera` [T, 33, 3] m, with white noise of these deviations."""
    rng = np.random.default_rng(seed)
    T = len(landmarks_in_camera)
    xy = project(landmarks_in_camera, INTRINSICS)
    xy = xy + rng.normal(0, 1, xy.shape) * pixels
    world = landmarks_in_camera - landmarks_in_camera[:, 23:25].mean(axis=1, keepdims=True)
    # Networks fed with crops see the person as a camera that looks straight at the hips would.
    world = world @ turns_to_rays(xy[:, 23:25].mean(axis=1), INTRINSICS)
    return Track(
        fps=fps,
        times=np.arange(T) / fps,
        keypoints=np.concatenate([xy, np.ones((T, 33, 1))], axis=-1),
        world=world + rng.normal(0, 1, world.shape) * metres,
        boxes=np.concatenate([xy.min(axis=1), xy.max(axis=1)], axis=-1),
        image_size=IMAGE,
    )


def without(track: Track, frames) -> Track:
    """The track with the person missing in `frames`."""
    arrays = {name: getattr(track, name).copy() for name in ("keypoints", "world", "boxes")}
    for array in arrays.values():
        array[frames] = 0
    return replace(track, **arrays)


def random_poses(count: int, seed: int = 0) -> np.ndarray:
    """Poses [count, 72] that a closed form can know: any heading, bent hinges, collars, toes and fingers at rest."""
    rng = np.random.default_rng(seed)
    poses = np.zeros((count, 24, 3))
    heading = Rotation.from_rotvec(np.stack([np.zeros(count), rng.uniform(-3, 3, count), np.zeros(count)], axis=1))
    lean = Rotation.from_rotvec(rng.normal(0, 0.15, (count, 3)))
    camera_from_world = Rotation.from_matrix(np.diag([1.0, -1.0, -1.0]))
    poses[:, 0] = (camera_from_world * heading * lean).as_rotvec()
    spine = rng.normal(0, 0.04, (count, 3))
    for joint in (3, 6, 9):
        poses[:, joint] = spine
    nod = rng.normal(0, 0.12, (count, 3))
    poses[:, 12] = poses[:, 15] = nod
    for joint in (1, 2):
        poses[:, joint] = rng.normal(0, 0.3, (count, 3)) - np.array([0.4, 0, 0])
    for joint, down in ((16, -1.0), (17, 1.0)):
        poses[:, joint] = rng.normal(0, 0.3, (count, 3)) + np.array([0, 0, 0.7 * down])
    for hinges in (ELBOWS, KNEES):
        for joint, axis in hinges.items():
            poses[:, joint] = np.array(axis) * rng.uniform(0.7, 1.6, (count, 1))
    for joint in (7, 8):
        poses[:, joint] = rng.normal(0, 0.12, (count, 3))
    return poses.reshape(count, 72)


def walk(seconds: float = 4.0, fps: float = 30.0, turn_rad_s: float = 0.9, cadence_hz: float = 0.9) -> BodyMotion:
    """A walker on y = 0 in circles; the standing foot is flat and does not move; its `contacts` are the truth."""
    body = load_body()
    times = np.arange(round(seconds * fps)) / fps
    T = len(times)
    phase = 2 * np.pi * cadence_hz * times
    heading = Rotation.from_rotvec(np.outer(turn_rad_s * times, [0, 1, 0]))
    poses = np.zeros((T, 24, 3))
    poses[:, 0] = heading.as_rotvec()
    standing = np.where(np.cos(phase) > 0, 0, 1)  # left while its hip swings backwards
    for side, (hip, knee, ankle, shift) in enumerate(((1, 4, 7, 0.0), (2, 5, 8, np.pi))):
        swing = np.sin(phase + shift) * 0.4
        bend = 0.15 + 0.9 * np.maximum(-np.cos(phase + shift), 0)
        poses[:, hip] = (_foot_keeps_heading(turn_rad_s * times, standing == side) * _about_x(swing - 0.08)).as_rotvec()
        poses[:, knee, 0] = bend
        flat = -(swing - 0.08 + bend)
        poses[:, ankle, 0] = np.where(standing == side, flat, np.clip(flat, -0.5, 0.3))
    poses[:, 16] = [0, 0, -1.2]
    poses[:, 17] = [0, 0, 1.2]
    poses[:, 18] = [0, -0.6, 0]
    poses[:, 19] = [0, 0.6, 0]
    poses = poses.reshape(T, 72)
    rest = pose_body(body, poses, BETAS, np.zeros((T, 3)))
    return _with_standing_foot(body, fps, times, poses, rest, standing)


def _about_x(angle) -> Rotation:
    return Rotation.from_rotvec(np.outer(angle, [1, 0, 0]))


def _foot_keeps_heading(heading, stands) -> Rotation:
    """What the hip turns back while its foot stands and the pelvis' heading [T] rad goes on."""
    back = np.zeros(len(heading))
    for t in range(1, len(heading)):
        if stands[t]:
            back[t] = back[t - 1] + heading[t - 1] - heading[t]
    return Rotation.from_rotvec(np.outer(back, [0, 1, 0]))


def _with_standing_foot(body, fps, times, poses, rest: BodyFrames, standing) -> BodyMotion:
    T = len(times)
    feet = rest.landmarks[:, [[29, 31], [30, 32]]]  # [T, 2 feet, heel and toe, 3]
    middle = feet.mean(axis=2)
    trans = np.zeros((T, 3))
    contacts = np.zeros((T, 4), bool)
    for t in range(T):
        foot = standing[t]
        contacts[t, [2 * foot, 2 * foot + 1]] = True
        if t:
            trans[t] = trans[t - 1] + middle[t - 1, foot] - middle[t, foot]
        trans[t, 1] = -(feet[t, foot, :, 1] - STANDING_HEIGHTS_M[:2]).min()
    return body_motion(body, fps, times, poses, BETAS, trans, contacts=contacts)


def walker_scene(pitch: float = np.radians(10), pixels: float = 0, metres: float = 0, seconds: float = 4.0) -> Scene:
    """The walker before a camera 1.6 m up, some six metres off, lowered by `pitch` rad."""
    truth = walk(seconds)
    middle = truth.joints[:, 0].mean(axis=0)
    camera = camera_at([middle[0], 1.6, middle[2] + 6.0], pitch)
    return Scene(truth, camera, track_of(seen_by(truth.landmarks, camera), truth.fps, pixels, metres))
