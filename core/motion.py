"""The nouns that flow through the house: Clip, Track, BodyMotion, HumanoidMotion, Rollout.

All are frozen; the numpy arrays in them are made read-only. World: right-handed, y up, metres, the ground at y = 0.
Camera: OpenCV (x right, y down, z forward). Quaternions: wxyz. `T` is the number of frames, frame i is at `times[i]`
seconds from the start of the window.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np

from core.arrays_on_disk import load_arrays, save_arrays
from core.noun_checks import TRUTHS, expect, expect_clock, expect_text, freeze, naming

Array = np.ndarray


@dataclass(frozen=True)
class Clip:
    """A normalised window of a video: upright, constant frame rate, every frame a key frame.

    `path` is the H.264 file, `times` [T] s, `width` and `height` px of the upright picture, `source` what the person
    gave (a file name; for a picture the clip has one frame), `start_s` where the window begins in the source.
    """

    path: Path
    fps: float
    times: Array
    width: int
    height: int
    source: str = ""
    start_s: float = 0.0

    def __post_init__(self) -> None:
        freeze(self)

    def __len__(self) -> int:
        return len(self.times)

    def frames(self, first: int = 0) -> Iterator[Array]:
        """Yield the frames from index `first` on as [height, width, 3] uint8 RGB; only the current one is kept."""
        from core.video.decode import read_frames

        # Half a frame early: presentation times are rounded in the file.
        return read_frames(self.path, (first - 0.5) / self.fps if first else 0.0)


@dataclass(frozen=True)
class Track:
    """One person's keypoints over the whole clip, in BlazePose's 33 names (`core.keypoints.skeletons`).

    `keypoints` [T,33,3]: x px, y px, visibility in [0,1]. `world` [T,33,3] m: hip-centred, in the axes (x right,
    y down, z forward) of a camera turned to look straight at the hips, as networks fed with crops see it. `boxes`
    [T,4] px: x0, y0, x1, y1. In frames without the person all three are zero; a gap of up to half a second may be
    bridged by moved poses with a visibility of 0.05.
    `image_size` [2] px: width, height.
    """

    fps: float
    times: Array
    keypoints: Array
    world: Array
    boxes: Array
    image_size: Array

    def __post_init__(self) -> None:
        T = expect_clock("Track", self.fps, self.times)
        expect("Track", "keypoints", self.keypoints, (T, 33, 3))
        expect("Track", "world", self.world, (T, 33, 3))
        expect("Track", "boxes", self.boxes, (T, 4))
        freeze(self)

    def __len__(self) -> int:
        return len(self.times)

    @property
    def present(self) -> Array:
        """[T] bool: the frames in which the person was found."""
        return self.keypoints[:, :, 2].max(axis=1) > 0

    def save(self, path: Path) -> None:
        """Write the .npz, atomically."""
        save_arrays(path, self)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote; `BadInputError` where it is cut short, lacks an array or does not fit."""
        content = load_arrays(path, cls)
        with naming(path):
            return cls(**content)


@dataclass(frozen=True)
class BodyMotion:
    """A body of SMPL's layout over time (24 joints in SMPL's order).

    `poses` [T,72] axis-angle (global_orient first), `betas` [10] (hold only for `body_model`), `trans` [T,3] m (SMPL's
    translation), `joints` [T,24,3] m, `landmarks` [T,33,3] m (BlazePose's names). `frame` is "camera" (what the
    network saw) or "world". World motions also have `contacts` [T,4] bool (left heel, left toe, right heel, right
    toe), `camera_in_world` [T,4,4] and `intrinsics` [3,3] px; `supports` [S,6] m are boxes (min xyz, max xyz) under
    elevated contacts.
    """

    fps: float
    times: Array
    poses: Array
    betas: Array
    trans: Array
    joints: Array
    landmarks: Array
    body_model: str = "understudy-cc0"
    frame: str = "world"
    contacts: Array | None = None
    camera_in_world: Array | None = None
    intrinsics: Array | None = None
    supports: Array = field(default_factory=lambda: np.zeros((0, 6)))

    def __post_init__(self) -> None:
        T = expect_clock("BodyMotion", self.fps, self.times)
        expect("BodyMotion", "poses", self.poses, (T, 72))
        expect("BodyMotion", "betas", self.betas, (10,))
        expect("BodyMotion", "trans", self.trans, (T, 3))
        expect("BodyMotion", "joints", self.joints, (T, 24, 3))
        expect("BodyMotion", "landmarks", self.landmarks, (T, 33, 3))
        expect("BodyMotion", "supports", self.supports, (None, 6))
        expect_text("BodyMotion", "body_model", self.body_model)
        expect_text("BodyMotion", "frame", self.frame, ("camera", "world"))
        if self.contacts is not None:
            expect("BodyMotion", "contacts", self.contacts, (T, 4), TRUTHS)
        if self.camera_in_world is not None:
            expect("BodyMotion", "camera_in_world", self.camera_in_world, (T, 4, 4))
        if self.intrinsics is not None:
            expect("BodyMotion", "intrinsics", self.intrinsics, (3, 3))
        freeze(self)

    def __len__(self) -> int:
        return len(self.times)

    def save(self, path: Path) -> None:
        """Write the .npz, atomically."""
        save_arrays(path, self)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote; `BadInputError` where it is cut short, lacks an array or does not fit."""
        content = load_arrays(path, cls)
        with naming(path):
            return cls(**content)


@dataclass(frozen=True)
class HumanoidMotion:
    """A motion of the DeepMimic humanoid (15 bodies, 28 degrees of freedom).

    `frames` [T,43]: DeepMimic's numbers without the leading duration: root position (m) 0-2, root quaternion wxyz 3-6,
    chest 7-10, neck 11-14, right hip 15-18, right knee 19, right ankle 20-23, right shoulder 24-27, right elbow 28,
    left hip 29-32, left knee 33, left ankle 34-37, left shoulder 38-41, left elbow 42. Y up, the humanoid's own size;
    `scale` = humanoid metres per metre of the person it was taken from.
    """

    fps: float
    times: Array
    frames: Array
    loop: bool = False
    scale: float = 1.0

    def __post_init__(self) -> None:
        T = expect_clock("HumanoidMotion", self.fps, self.times)
        expect("HumanoidMotion", "frames", self.frames, (T, 43))
        freeze(self)

    def __len__(self) -> int:
        return len(self.times)

    def save(self, path: Path) -> None:
        """Write DeepMimic's text format (JSON), atomically; `scale` goes along as a field of its own."""
        from core.humanoid.deepmimic_file import write_deepmimic

        write_deepmimic(path, self)

    @classmethod
    def load(cls, path: Path) -> "HumanoidMotion":
        """Read a DeepMimic motion file, from here or elsewhere."""
        from core.humanoid.deepmimic_file import read_deepmimic

        return read_deepmimic(path)


@dataclass(frozen=True)
class Rollout:
    """What the humanoid did under physics, sampled at `fps`.

    `body_positions` [T,15,3] m (centres of mass of the bodies, world), `body_rotations` [T,15,4] wxyz body_in_world,
    `actions` [T,36] (PD targets in DeepMimic's layout: spherical joints as angle, axis), `joint_torques` [T,28] N m,
    `contact_forces` [T,15,3] N from the ground on each body, `residual_wrench` [T,6]: force N and torque N m (about the
    root's centre) that no muscle of the humanoid made. `reward_terms` [T,R] with `reward_names`. `tracker` names what
    drove it, `engine` where it ran, `time_to_fall_s` is NaN where it stayed up. `horizon_s`: the seconds that were
    asked for, of a rollout that is cut after a fall; NaN where it is not. `goal_error`: of a policy with a goal, how
    far off it was on average while it was up (direction: rad, place: m); else NaN.
    """

    fps: float
    times: Array
    body_positions: Array
    body_rotations: Array
    actions: Array
    joint_torques: Array
    contact_forces: Array
    residual_wrench: Array
    reward_terms: Array
    reward_names: tuple[str, ...]
    engine: str
    tracker: str
    seed: int = 0
    scale: float = 1.0
    time_to_fall_s: float = float("nan")
    horizon_s: float = float("nan")
    goal_error: float = float("nan")

    def __post_init__(self) -> None:
        T = expect_clock("Rollout", self.fps, self.times)
        expect("Rollout", "body_positions", self.body_positions, (T, 15, 3))
        expect("Rollout", "body_rotations", self.body_rotations, (T, 15, 4))
        expect("Rollout", "actions", self.actions, (T, 36))
        expect("Rollout", "joint_torques", self.joint_torques, (T, 28))
        expect("Rollout", "contact_forces", self.contact_forces, (T, 15, 3))
        expect("Rollout", "residual_wrench", self.residual_wrench, (T, 6))
        expect("Rollout", "reward_terms", self.reward_terms, (T, len(self.reward_names)))
        freeze(self)

    def __len__(self) -> int:
        return len(self.times)

    def save(self, path: Path) -> None:
        """Write the .npz, atomically."""
        save_arrays(path, self)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote; `BadInputError` where it is cut short, lacks an array or does not fit."""
        content = load_arrays(path, cls)
        with naming(path):
            return cls(**content)
