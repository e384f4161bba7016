"""The reference motion, worked out beforehand: what it looks like at every 480th of a second.

A control step is 16 *ticks* of this clock; looking kinematics up is then an index instead of an interpolation.
"""

from dataclasses import dataclass, fields

import numpy as np
from scipy.spatial.transform import Rotation

from core.control.assisted import lead
from core.errors import BadInputError
from core.humanoid.character import CENTRES_OF_MASS, JOINT_OFFSETS, JOINTS, PARENTS, SPHERICAL
from core.humanoid.kinematics import BodyPoses, forward_kinematics
from core.humanoid.resampling import resample
from core.motion import HumanoidMotion

Array = np.ndarray

TICK_HZ = 480
POLICY_HZ = 30
TICKS_A_STEP = TICK_HZ // POLICY_HZ


@dataclass(frozen=True)
class Kinematics:
    """How n humanoids stand and move, simulated or wanted.

    `frames` [n,43], `velocities` [n,34] (`core.humanoid.resampling.VELOCITY_SIZE`), and of the 15 bodies `positions`
    [n,15,3] m (centres of mass), `rotations` [n,15,4] wxyz, `body_velocities` [n,15,3] m/s and `angular_velocities`
    [n,15,3] rad/s, all in the world.
    """

    frames: Array
    velocities: Array
    positions: Array
    rotations: Array
    body_velocities: Array
    angular_velocities: Array


class ReferenceTable:
    """A motion on the 480 Hz clock.

    A looping motion goes on for ever, each cycle starting where the last one ended on the ground plane; its length is
    rounded to whole ticks (1 ms at most). Another one ends after `length` ticks and then stands still.
    """

    def __init__(self, motion: HumanoidMotion, lead_s: float = 0.1, ahead_s: float = 1.0 / 60) -> None:
        """`lead_s`, `ahead_s`: the PD targets at a tick are the joints `ahead_s` later, led by `lead_s` times their
        velocity. Raises `BadInputError` for a motion of fewer than two frames or with NaN."""
        if len(motion) < 2 or not np.isfinite(motion.frames).all():
            raise BadInputError(
                f"A reference should have at least two frames of finite numbers, but has {len(motion)} frames"
                f"{'' if np.isfinite(motion.frames).all() else ', with NaN or infinity'}."
            )
        span = float(motion.times[-1] - motion.times[0])
        self.loop = motion.loop
        self.length = max(1, round(span * TICK_HZ))
        at = motion.times[0] + np.linspace(0.0, span, self.length + 1)
        frames, speeds = resample(motion, at)
        self.table = kinematics_of(frames, speeds)
        self.cycle_offset = (frames[-1, :3] - frames[0, :3]) * (1.0, 0.0, 1.0) if motion.loop else np.zeros(3)
        self._targets = self._led(frames, speeds, lead_s, round(ahead_s * TICK_HZ))

    def _led(self, frames: Array, speeds: Array, lead_s: float, ahead: int) -> Array:
        later = np.arange(self.length + 1) + ahead
        later = later % self.length if self.loop else np.minimum(later, self.length)
        return lead(frames[later], speeds[later], lead_s)[:, 7:]

    def phase(self, ticks: Array) -> Array:
        """[n] in [0,1]: how far into the motion (or its cycle) `ticks` [n] are."""
        return self._within(ticks) / self.length

    def targets(self, ticks: Array) -> Array:
        """[n,36]: what the joints should be pulled to at `ticks` [n]; a copy."""
        return self._targets[self._within(ticks)]

    def at(self, ticks: Array) -> Kinematics:
        """The reference at `ticks` [n]; copies."""
        where = self._within(ticks)
        values = [getattr(self.table, field.name)[where] for field in fields(Kinematics)]
        result = Kinematics(*values)
        if self.loop:
            away = (ticks // self.length)[:, None] * self.cycle_offset
            result.frames[:, :3] += away
            result.positions[:] += away[:, None]
        return result

    def ended(self, ticks: Array) -> Array:
        """[n] bool: nothing more to imitate."""
        return np.zeros(len(ticks), bool) if self.loop else ticks >= self.length

    def ticks_at(self, phases: Array) -> Array:
        """[n] ticks at `phases` [n] in [0,1)."""
        return np.minimum((phases * self.length).astype(int), self.length - 1)

    def _within(self, ticks: Array) -> Array:
        return ticks % self.length if self.loop else np.minimum(ticks, self.length)


def kinematics_of(frames: Array, velocities: Array) -> Kinematics:
    """Kinematics of `frames` [n,43] that change by `velocities` [n,34], by recursion down the tree."""
    poses: BodyPoses = forward_kinematics(frames)
    world = [Rotation.from_quat(poses.rotations[:, b], scalar_first=True) for b in range(len(PARENTS))]
    own = {j.body: j for j in JOINTS}
    spins, linear = np.empty((len(frames), 15, 3)), np.empty((len(frames), 15, 3))
    at_joint = np.empty((len(frames), 15, 3))
    spins[:, 0], at_joint[:, 0] = velocities[:, 3:6], velocities[:, :3]
    for b in range(len(PARENTS)):
        parent = PARENTS[b]
        if parent >= 0:
            arm = world[parent].apply(JOINT_OFFSETS[b])
            at_joint[:, b] = at_joint[:, parent] + np.cross(spins[:, parent], arm)
            spins[:, b] = spins[:, parent]
            if b in own:
                numbers = velocities[:, 6:][:, own[b].dof]
                turn = numbers if own[b].kind == SPHERICAL else numbers * (0.0, 0.0, 1.0)
                spins[:, b] += world[b].apply(turn)
        linear[:, b] = at_joint[:, b] + np.cross(spins[:, b], world[b].apply(CENTRES_OF_MASS[b]))
    return Kinematics(frames, velocities, poses.positions, poses.rotations, linear, spins)
