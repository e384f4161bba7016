"""Muscles: stable proportional-derivative control (Tan, Liu & Turk 2011), with every torque known.

PyBullet's own STABLE_PD control does not tell what it applied; this does the same sums outside.
"""

import numpy as np
from scipy.spatial.transform import Rotation

from core.humanoid.character import JOINTS, KD, KP, REVOLUTE_JOINTS, SPHERICAL_JOINTS, TORQUE_LIMITS
from core.physics.bullet import BulletHumanoid

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


class StablePD:
    """PD torques from the error expected after the coming step, clamped to each muscle's limit.

    `held_root`: the prediction takes the root as held by a hand; else it floats free, which is what Bullet's STABLE_PD
    assumes. Predicting a free root where it is held makes the muscles lag: 2.6 instead of 1.2 cm of body error on
    dance_b. `refresh`: the mass matrix and the bias forces are computed anew every so many calls; they change slowly
    and cost more than the step itself.
    """

    def __init__(self, world: BulletHumanoid, held_root: bool, refresh: int = 1) -> None:
        self.world = world
        self.held_root = held_root
        self.refresh = refresh
        self._calls = 0
        self._bias: Array = np.zeros(34)
        self._inverse: Array = np.zeros((28, 28) if held_root else (34, 34))

    def torques(self, target: Array) -> Array:
        """[28] N m towards the joints of `target` [43], a frame with quaternions xyzw, from the present state.

        Damping acts on the whole velocity, as in DeepMimic.
        """
        positions, velocity = self.world.pybullet_state()
        if self._calls % self.refresh == 0:
            self._measure(positions, velocity)
        self._calls += 1
        pull = KP * self._error_after_step(positions, velocity[6:], target) - KD * velocity[6:]
        load = pull - self._bias[6:]
        if self.held_root:
            acceleration = self._inverse @ load
        else:
            acceleration = (self._inverse @ np.concatenate([-self._bias[:6], load]))[6:]
        return np.clip(pull - KD * acceleration * self.world.step_s, -TORQUE_LIMITS, TORQUE_LIMITS)

    def _measure(self, positions: Array, velocity: Array) -> None:
        client, humanoid = self.world.client, self.world.humanoid
        where, speed = positions.tolist(), np.zeros(_PADDED_SIZE)
        speed[_REAL] = velocity
        mass = np.array(client.calculateMassMatrix(humanoid, where, flags=1))[np.ix_(_REAL, _REAL)]
        bias = client.calculateInverseDynamics(humanoid, where, speed.tolist(), [0.0] * _PADDED_SIZE, flags=1)
        self._bias = np.array(bias)[_REAL]
        damped = mass + np.diag(np.concatenate([np.zeros(6), KD])) * self.world.step_s
        self._inverse = np.linalg.inv(damped[6:, 6:] if self.held_root else damped)

    def _error_after_step(self, positions: Array, velocity: Array, target: Array) -> Array:
        error = np.empty(28)
        step = velocity * self.world.step_s
        error[_HINGE_DOFS] = target[_HINGES] - positions[_HINGES] - step[_HINGE_DOFS]
        after = Rotation.from_quat(positions[_BALLS]) * Rotation.from_rotvec(step[_BALL_DOFS])
        error[_BALL_DOFS] = (after.inv() * Rotation.from_quat(target[_BALLS])).as_rotvec()
        return error
