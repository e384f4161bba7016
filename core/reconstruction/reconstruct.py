"""The stage: what was recovered frame by frame becomes one motion in the world."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from core.body import Body, load_body
from core.body.kinematics import body_motion
from core.errors import BadInputError
from core.mesh_recovery.recover import check_track
from core.motion import BodyMotion, Track
from core.progress import Progress, part_of, silent
from core.reconstruction.adam import AdamSettings, adam
from core.reconstruction.curves import Curve
from core.reconstruction.evidence import Evidence, gather
from core.reconstruction.footing import ContactSettings, footing_of, ground_under, standing_of, world_of
from core.reconstruction.gauss_newton import GaussNewtonSettings, gauss_newton
from core.reconstruction.ground import Ground
from core.reconstruction.height import with_height
from core.reconstruction.objective import OURS, PUBLISHED, Term
from core.reconstruction.segments import State, poses_and_trans
from core.reconstruction.start import closed_form_start

SOLVERS = ("gauss_newton", "adam")


@dataclass(frozen=True)
class ReconstructionSettings:
    """How a frame-by-frame motion is made smooth and put on the ground."""

    solver: str = "gauss_newton"
    """"gauss_newton", with contacts; or "adam", which is SFV's way: its terms, its iterations, no contacts."""

    gauss_newton: GaussNewtonSettings = field(default_factory=GaussNewtonSettings)
    """When Gauss-Newton stops."""

    adam: AdamSettings = field(default_factory=AdamSettings)
    """How Adam steps."""

    height_m: float | None = None
    """The person's standing height, which sets the metric scale; None trusts the network's shape."""

    least_visibility: float = 0.2
    """Keypoints less visible than this do not take part."""

    network_misses_m: float = 0.08
    """e_max: where the network's body misses the keypoints by this much, its word counts 1/e."""

    contacts: ContactSettings = field(default_factory=ContactSettings)
    """How contacts are told."""

    contact_solves: int = 5
    """How often contacts are told anew and solved for at most; less where they are told as before."""

    seed: int = 0
    """For the random triples of the ground plane."""

    def __post_init__(self) -> None:
        if self.solver not in SOLVERS:
            raise BadInputError(f"The solver should be one of {', '.join(SOLVERS)}, but is {self.solver!r}.")


@dataclass(frozen=True)
class Reconstruction:
    """The motion in the world, and the loss curves of the solves that led to it, in their order."""

    motion: BodyMotion
    curves: tuple[Curve, ...]

    def curves_to_json(self) -> dict[str, Any]:
        """{"solves": [...]}: what a plot of the loss needs, see `Curve.to_json`."""
        return {"solves": [curve.to_json() for curve in self.curves]}


def reconstruct(
    track: Track, hmr: BodyMotion, settings: ReconstructionSettings | None = None, progress: Progress = silent
) -> BodyMotion:
    """Turn `hmr` (frame="camera", with `intrinsics`) into a motion with frame="world": y up, the ground at y = 0.

    The camera is taken to be at rest. The result has `contacts`, `supports` (boxes under feet that stand above the
    ground), `camera_in_world` (the same in every frame) and `intrinsics`; the x/z origin is under the first frame's
    pelvis, and +z points towards the camera. Frames without the person are bridged. Raises `BadInputError` where the
    two do not belong together or hold numbers that are not finite, `NoPersonError` where nobody was found.
    """
    return reconstruct_with_curves(track, hmr, settings, progress).motion


def reconstruct_with_curves(
    track: Track, hmr: BodyMotion, settings: ReconstructionSettings | None = None, progress: Progress = silent
) -> Reconstruction:
    """`reconstruct` that also tells how the objective fell."""
    settings = settings or ReconstructionSettings()
    _check(track, hmr)
    body = load_body()
    if settings.height_m is not None:
        hmr = with_height(body, hmr, settings.height_m)
    progress(0.0, "Smoothing")
    start = closed_form_start(body, track, hmr, settings.least_visibility)
    evidence = gather(body, track, hmr, start.pelvis, settings.least_visibility, settings.network_misses_m)
    if settings.solver == "adam":
        return _as_published(body, track, hmr, evidence, settings, progress)
    objective = OURS if settings.height_m is None else _with_fixed_shape(OURS)
    state, curve = gauss_newton(objective, evidence, start, settings.gauss_newton, part_of(progress, 0.1, 0.5))
    curves = [replace(curve, title="before the ground is known")]

    progress(0.5, "Finding the ground")
    in_camera = _motion(body, hmr, state)
    ground = ground_under(in_camera, track.present, settings.contacts, settings.seed)
    footing = None
    for solve in range(settings.contact_solves):
        done = 0.55 + 0.4 * solve / settings.contact_solves
        if solve == 1:  # feet that stay where they stand tell the slope along the view better than feet that wander
            ground = ground_under(in_camera, track.present, settings.contacts, settings.seed)
        height = settings.contacts.first_height_m if solve == 0 else settings.contacts.height_m
        before, footing = (
            footing,
            footing_of(ground, standing_of(world_of(in_camera, ground), settings.contacts, height)),
        )
        if solve > 1 and before and np.array_equal(before.contacts, footing.contacts):
            break
        on_ground = replace(evidence, footing=footing)
        inner = part_of(progress, done, done + 0.4 / settings.contact_solves)
        state, curve = gauss_newton(objective, on_ground, state, settings.gauss_newton, inner)
        curves.append(replace(curve, title=f"with contacts, solve {solve + 1}"))
        in_camera = _motion(body, hmr, state)
    progress(1.0, "Motion reconstructed")
    return Reconstruction(_finished(in_camera, ground, settings), tuple(curves))


def _as_published(
    body: Body, track: Track, hmr: BodyMotion, evidence: Evidence, settings: ReconstructionSettings, progress: Progress
) -> Reconstruction:
    """SFV's stage: from the network's own answer, 300 steps of Adam; the ground is found afterwards for the world."""
    state, curve = adam(PUBLISHED, evidence, evidence.network, settings.adam, part_of(progress, 0.1, 0.95))
    in_camera = _motion(body, hmr, state)
    ground = ground_under(in_camera, track.present, settings.contacts, settings.seed)
    progress(1.0, "Motion reconstructed")
    return Reconstruction(_finished(in_camera, ground, settings), (replace(curve, title="as published"),))


def _finished(in_camera: BodyMotion, ground: Ground, settings: ReconstructionSettings) -> BodyMotion:
    placed = world_of(in_camera, ground)
    standing = standing_of(placed, settings.contacts)
    return replace(placed, contacts=standing.contacts, supports=standing.supports)


def _with_fixed_shape(objective: tuple[Term, ...]) -> tuple[Term, ...]:
    """The objective with a shape that stays where the given height put it."""
    return tuple(replace(term, sigma=1e-3) if term.name == "shape" else term for term in objective)


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
