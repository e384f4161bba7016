"""What the muscles of many humanoids in Bullet apply: Bullet's own stable PD, worked out beside it.

Bullet computes these torques inside its STABLE_PD control and does not tell them. The sums are those of
`core.physics.stable_pd`, for all humanoids at once.
"""

import numpy as np

from core.humanoid.character import JOINTS, KD, KP, REVOLUTE_JOINTS, SPHERICAL_JOINTS, TORQUE_LIMITS
from core.physics.bullet import BulletHumanoid, to_xyzw
from core.physics.rotations import product, quaternions, relative, rotation_vectors

Array = np.ndarray

_PADDED_SIZE = 43
_HINGES = np.array([j.frame.start for j in REVOLUTE_JOINTS])
_HINGE_DOFS = np.array([j.dof.start for j in REVOLUTE_JOINTS])
_BALLS = np.array([range(j.frame.start, j.frame.stop) for j in SPHERICAL_JOINTS])
_BALL_DOFS = np.array([range(j.dof.start, j.dof.stop) for j in SPHERICAL_JOINTS])


def _real() -> Array:
    """[34]: PyBullet's vectors of velocities and forces have 7 numbers for the root and 4 a spherical joint; the last
    of each is unused."""
    places, start = [0, 1, 2, 3, 4, 5], 7
    for joint in JOINTS:
        places += range(start, start + joint.dof.stop - joint.dof.start)
        start += joint.frame.stop - joint.frame.start
    return np.array(places)


_REAL = _real()
_DAMPING = np.concatenate([np.zeros(6), KD])


class Muscles:
    """Stable PD (Tan, Liu & Turk 2011) of n free humanoids.

    The prediction in it knows gravity and motion, not contacts, and each torque is clamped to its muscle's limit. So on
    the ground a light foot's muscle gives far less than kp x error: Bullet's humanoid sways where MuJoCo's stands.
    """

    def __init__(self, n: int, step_s: float) -> None:
        self.step_s = step_s
        self._bias = np.zeros((n, 34))
        self._inverse = np.zeros((n, 34, 34))

    def torques(self, worlds: list[BulletHumanoid], frames: Array, velocities: Array, targets: Array) -> Array:
        """[n,28] N m towards `targets` [n,36] in the step that comes, from `frames` [n,43] and `velocities` [n,34]."""
        self._measure(worlds, frames, velocities)
        speeds = velocities[:, 6:]
        pull = KP * self._errors_after_step(frames, speeds, targets) - KD * speeds
        load = -self._bias
        load[:, 6:] += pull
        acceleration = (self._inverse @ load[..., None])[:, 6:, 0]
        return np.clip(pull - KD * self.step_s * acceleration, -TORQUE_LIMITS, TORQUE_LIMITS)

    def _measure(self, worlds: list[BulletHumanoid], frames: Array, velocities: Array) -> None:
        where = to_xyzw(frames).tolist()
        padded = np.zeros((len(worlds), _PADDED_SIZE))
        padded[:, _REAL] = velocities
        speeds, still = padded.tolist(), [0.0] * _PADDED_SIZE
        masses = []
        for i, world in enumerate(worlds):
            masses.append(world.client.calculateMassMatrix(world.humanoid, where[i], flags=1))
            bias = world.client.calculateInverseDynamics(world.humanoid, where[i], speeds[i], still, flags=1)
            self._bias[i] = np.array(bias)[_REAL]
        damped = np.array(masses)[:, _REAL][:, :, _REAL]
        damped += np.diag(_DAMPING * self.step_s)
        self._inverse = np.linalg.inv(damped)

    def _errors_after_step(self, frames: Array, speeds: Array, targets: Array) -> Array:
        errors = np.empty_like(speeds)
        turned = speeds * self.step_s
        errors[:, _HINGE_DOFS] = targets[:, _HINGES - 7] - frames[:, _HINGES] - turned[:, _HINGE_DOFS]
        after = product(frames[:, _BALLS], quaternions(turned[:, _BALL_DOFS]))
        errors[:, _BALL_DOFS] = rotation_vectors(relative(after, targets[:, _BALLS - 7]))
        return errors
