"""The figures: joint error on clips that were never trained on, under the noise that was fixed before tuning."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from core.body import load_body
from core.body.kinematics import pose_body
from core.mesh_recovery.training.synthetic import (
    CLIPS_HELD_OUT,
    NoiseModel,
    clip_on_body,
    in_camera,
    observe,
    random_camera,
)
from core.metrics.limb_joints import LIMBS_IN_BLAZEPOSE
from core.metrics.procrustes import pa_mpjpe
from core.motion import BodyMotion, Track

Array = np.ndarray


@dataclass(frozen=True)
class Seen:
    """A clip before a camera: the noisy track and the true landmarks [T,33,3] m in camera axes."""

    name: str
    track: Track
    landmarks: Array


def held_out(seed: int = 0, views: int = 8) -> Iterator[Seen]:
    """Each held-out clip from `views` cameras, every time on another body, under `NoiseModel()`."""
    rng = np.random.default_rng(seed)
    for name in CLIPS_HELD_OUT:
        for _ in range(views):
            motion = clip_on_body(name, betas=rng.normal(0, 0.7, 10))
            camera = random_camera(rng, motion)
            track = observe(motion, camera, noise=NoiseModel(), rng=rng)
            yield Seen(name, track, in_camera(motion.landmarks, camera))


def errors_mm(recover: Callable[[Track], BodyMotion], seed: int = 0, views: int = 8) -> dict[str, dict[str, float]]:
    """PA-MPJPE over the 12 limb joints [mm], per held-out clip and as their mean ("all"): "recovered" is what `recover`
    makes of the track (its landmarks), "raw" the track's world landmarks."""
    found: dict[str, dict[str, list[float]]] = {}
    for seen in held_out(seed, views):
        truth = seen.landmarks[:, LIMBS_IN_BLAZEPOSE]
        of_clip = found.setdefault(seen.name, {"recovered": [], "raw": []})
        of_clip["recovered"].append(pa_mm(recover(seen.track).landmarks, truth))
        of_clip["raw"].append(pa_mm(seen.track.world, truth))
    means = {name: {kind: float(np.mean(e)) for kind, e in kinds.items()} for name, kinds in found.items()}
    means["all"] = {kind: float(np.mean([m[kind] for m in means.values()])) for kind in ("recovered", "raw")}
    return means


def pa_mm(landmarks: Array, limbs: Array) -> float:
    """Mean PA-MPJPE [mm] of `landmarks` [T,33,3] against true `limbs` [T,12,3]."""
    return 1000 * float(pa_mpjpe(landmarks[:, LIMBS_IN_BLAZEPOSE], limbs).mean())


def rest_landmarks_of(betas: Array) -> Array:
    """[33,3] m: the landmarks of a shape in its T-pose."""
    return pose_body(load_body(), np.zeros((1, 72)), betas, np.zeros((1, 3))).landmarks[0]
