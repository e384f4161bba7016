"""What every physics engine can do: n humanoids, each alone in a world of its own, stepped together.

Conventions: y up, metres, quaternions wxyz, frames [n,43] and velocities [n,34] as in `core.motion.HumanoidMotion` and
`core.humanoid.resampling.VELOCITY_SIZE`, bodies in the order of BODY_NAMES. *Targets* [n,36] are the last 36 numbers of
a frame: what each joint is pulled to. Muscles are implicit PD (Tan, Liu & Turk 2011) with the character's gains; a
muscle never applies more than its torque limit. The same calls give the same bits, in any process.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from core.errors import BadInputError
from core.humanoid.character import QUATERNIONS

Array = np.ndarray

MOST_SPEED = 1e3
"""m/s and rad/s: beyond this a humanoid has flown apart."""


@dataclass(frozen=True)
class WorldSettings:
    """How a world is simulated, in either engine.

    `step_hz`: simulation steps a second. `gravity` m/s^2 along y. `friction`: coefficient between any two surfaces
    (0.9 on each side, multiplied, as PyBullet's DeepMimic environment has it). `self_collision`: the humanoid's bodies
    meet each other, except a body and those it hangs on. `supports` [S,6] m: boxes (min xyz, max xyz) that stand fast.
    """

    step_hz: float = 240.0
    gravity: float = -9.8
    friction: float = 0.81
    self_collision: bool = True
    supports: tuple[tuple[float, ...], ...] = ()

    def __post_init__(self) -> None:
        for box in self.supports:
            sides = np.array(box, float)
            if sides.shape != (6,) or not np.isfinite(sides).all() or (sides[3:] <= sides[:3]).any():
                raise BadInputError(f"A support should be a box (min xyz, max xyz) in metres, but is {tuple(box)}.")


@dataclass(frozen=True)
class BodyStates:
    """Of n humanoids: `positions` [n,15,3] m (centres of mass), `rotations` [n,15,4] wxyz body_in_world, `velocities`
    [n,15,3] m/s of the centres and `angular_velocities` [n,15,3] rad/s, both in the world."""

    positions: Array
    rotations: Array
    velocities: Array
    angular_velocities: Array


@dataclass(frozen=True)
class Trajectories:
    """What N simulations went through, after each of S control steps.

    `frames` [N,S,43], `velocities` [N,S,34], `bodies` (arrays [N,S,15,...]), `torques` [N,S,28] N m and
    `contact_forces` [N,S,15,3] N (means over the control step), `intact` [N,S] bool: false once it flew apart;
    `states` [N,W]: rows to go on from.
    """

    frames: Array
    velocities: Array
    bodies: BodyStates
    torques: Array
    contact_forces: Array
    intact: Array
    states: Array


class Engine(Protocol):
    """n humanoids under physics."""

    name: str
    n: int
    settings: WorldSettings

    def set_states(self, indices: Array, frames: Array, velocities: Array) -> None:
        """Put humanoids `indices` [k] into `frames` [k,43] with `velocities` [k,34]; BadInputError if impossible."""

    def step(self, targets: Array, substeps: int) -> None:
        """Advance all by `substeps` simulation steps with muscles pulling to `targets` [n,36]."""

    def frames(self) -> tuple[Array, Array]:
        """The frames [n,43] and velocities [n,34], as `set_states` takes them."""

    def bodies(self) -> BodyStates:
        """Where all bodies are and how they move."""

    def torques(self) -> Array:
        """[n,28] N m: the mean of what the muscles applied during the last `step`."""

    def contact_forces(self) -> Array:
        """[n,15,3] N: the mean force of ground and supports on each body during the last `step`."""

    def intact(self) -> Array:
        """[n] bool: false for a humanoid that flew apart; it stands still, as it was before, until set or restored."""

    def save(self) -> Array:
        """[n,W]: each humanoid's whole state, a row each; only for the same kind of engine and settings."""

    def restore(self, indices: Array, states: Array) -> None:
        """Put humanoids `indices` [k] back to rows `states` [k,W]; what follows is then the same to the last bit."""

    def rollouts(self, states: Array, targets: Array, substeps: int) -> Trajectories:
        """Simulate N copies from `states` [N,W] through `targets` [N,S,36]; the engine's own stay as they are."""

    def close(self) -> None:
        """Give everything back; further calls fail."""


def check_states(frames: Array, velocities: Array) -> None:
    """Raise `BadInputError` unless `frames` [k,43] and `velocities` [k,34] are states that a humanoid can be in."""
    if frames.ndim != 2 or frames.shape[1] != 43 or velocities.shape != (len(frames), 34):
        raise BadInputError(f"States should be [k,43] and [k,34], but are {frames.shape} and {velocities.shape}.")
    if not (np.isfinite(frames).all() and np.isfinite(velocities).all()):
        raise BadInputError("A state should hold finite numbers only, but has NaN or infinity in it.")
    if np.abs(velocities).max(initial=0.0) > MOST_SPEED or np.abs(frames[:, :3]).max(initial=0.0) > MOST_SPEED:
        raise BadInputError(
            f"A state should be within {MOST_SPEED:g} m of the origin and no faster than {MOST_SPEED:g} m/s or rad/s, "
            "but is not. Smooth the motion first."
        )
    for place in QUATERNIONS:
        if np.abs(np.linalg.norm(frames[:, place], axis=1) - 1).max(initial=0.0) > 0.1:
            raise BadInputError(f"Numbers {place.start} to {place.stop - 1} of a frame should be a unit quaternion.")


def check_targets(targets: Array, shape: tuple[int, ...]) -> None:
    """Raise `BadInputError` unless `targets` has `shape` and holds joints."""
    if targets.shape != shape:
        raise BadInputError(f"Targets should have the shape {shape}, but have {targets.shape}.")
    if not np.isfinite(targets).all():
        raise BadInputError("Targets should hold finite numbers only, but have NaN or infinity in them.")
    for place in QUATERNIONS[1:]:
        norms = np.linalg.norm(targets[..., place.start - 7 : place.stop - 7], axis=-1)
        if np.abs(norms - 1).max(initial=0.0) > 0.1:
            raise BadInputError("Targets of spherical joints should be unit quaternions (wxyz), but are not.")
