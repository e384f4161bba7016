"""The stage: what was recovered frame by frame becomes one motion in the world."""

from dataclasses import dataclass, field, replace

import numpy as np

from core.body import Body, load_body
from core.body.kinematics import body_motion
from core.errors import BadInputError
from core.mesh_recovery.recover import check_track
from core.motion import BodyMotion, Track
from core.progress import Progress, part_of, silent
from core.reconstruction.curves import Curve
from core.reconstruction.evidence import gather
from core.reconstruction.footing import ContactSettings, contacts_of, footing_of, ground_under, world_of
from core.reconstruction.gauss_newton import GaussNewtonSettings, gauss_newton
from core.reconstruction.objective import OURS
from core.reconstruction.segments import State, poses_and_trans
from core.reconstruction.start import closed_form_start

Array = np.ndarray


@dataclass(frozen=True)
class ReconstructionSettings:
    """How a frame-by-frame motion is made smooth and put on the ground."""

    gauss_newton: GaussNewtonSettings = field(default_factory=GaussNewtonSettings)
    """When Gauss-Newton stops."""

    least_visibility: float = 0.2
    """Keypoints less visible than this do not take part."""

    network_misses_m: float = 0.08
    """e_max: where the network's body misses the keypoints by this much, its word counts 1/e."""

    contacts: ContactSettings = field(default_factory=ContactSettings)
    """How contacts are told."""

    contact_solves: int = 2
    """How often contacts are told anew and solved for."""

    seed: int = 0
    """For the random triples of the ground plane."""


@dataclass(frozen=True)
class Reconstruction:
    """The motion in the world, and the loss curves of the solves that led to it, in their order."""

    motion: BodyMotion
    curves: tuple[Curve, ...]


def reconstruct(
    track: Track, hmr: BodyMotion, settings: ReconstructionSettings | None = None, progress: Progress = silent
) -> BodyMotion:
    """Turn `hmr` (frame="camera", with `intrinsics`) into a motion with frame="world": y up, the ground at y = 0.

    The camera is taken to be at rest. The result has `contacts`, `camera_in_world` (the same in every frame) and
    `intrinsics`; the x/z origin is under the first frame's pelvis, and +z points towards the camera. Frames without
    the person are bridged. Raises `BadInputError` where the two do not belong together or hold numbers that are not
    finite.
    """
    return reconstruct_with_curves(track, hmr, settings, progress).motion


def reconstruct_with_curves(
    track: Track, hmr: BodyMotion, settings: ReconstructionSettings | None = None, progress: Progress = silent
) -> Reconstruction:
    """`reconstruct` that also tells how the objective fell."""
    settings = settings or ReconstructionSettings()
    _check(track, hmr)
    body = load_body()
    progress(0.0, "Smoothing")
    start = closed_form_start(body, track, hmr, settings.least_visibility)
    evidence = gather(body, track, hmr, start.pelvis, settings.least_visibility, settings.network_misses_m)
    state, curve = gauss_newton(OURS, evidence, start, settings.gauss_newton, part_of(progress, 0.1, 0.5))
    curves = [replace(curve, title="before the ground is known")]

    progress(0.5, "Finding the ground")
    in_camera = _motion(body, hmr, state)
    ground = ground_under(in_camera, track.present, settings.contacts, settings.seed)
    for solve in range(settings.contact_solves):
        done = 0.55 + 0.4 * solve / settings.contact_solves
        contacts = contacts_of(world_of(in_camera, ground), settings.contacts)
        footing = footing_of(ground, contacts, np.zeros(contacts.shape))
        state, curve = gauss_newton(
            OURS, replace(evidence, footing=footing), state, settings.gauss_newton, part_of(progress, done, done + 0.2)
        )
        curves.append(replace(curve, title=f"with contacts, solve {solve + 1}"))
        in_camera = _motion(body, hmr, state)
    placed = world_of(in_camera, ground)
    progress(1.0, "Motion reconstructed")
    return Reconstruction(replace(placed, contacts=contacts_of(placed, settings.contacts)), tuple(curves))


def _motion(body: Body, hmr: BodyMotion, state: State) -> BodyMotion:
    poses, trans = poses_and_trans(body, state)
    return body_motion(body, hmr.fps, hmr.times, poses, state.betas, trans, frame="camera", intrinsics=hmr.intrinsics)


def _check(track: Track, hmr: BodyMotion) -> None:
    check_track(track)
    if len(track) != len(hmr):
        raise BadInputError(
            f"Track and motion should have the same frames, but have {len(track)} and {len(hmr)}; recover it again."
        )
    if hmr.frame != "camera" or hmr.intrinsics is None:
        raise BadInputError(
            f'The motion to reconstruct should be in camera coordinates with intrinsics, but its frame is "{hmr.frame}"'
            f" and its intrinsics are {'missing' if hmr.intrinsics is None else 'there'}."
        )
    for name in ("poses", "betas", "trans"):
        if not np.isfinite(getattr(hmr, name)).all():
            raise BadInputError(f"The motion's {name} should be finite numbers, but some are not; recover it again.")
