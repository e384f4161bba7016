"""The torques that STABLE_PD applies, which PyBullet keeps to itself."""

import numpy as np
from scipy.spatial.transform import Rotation

from core.humanoid.character import JOINTS, KD, KP, SPHERICAL, TORQUE_LIMITS
from core.physics.bullet import BulletHumanoid

Array = np.ndarray


def _degrees_of_freedom() -> Array:
    """Where PyBullet's padded vectors (7 for the root, 4 a spherical joint) hold the 6 + 28 real velocities."""
    places, start = [0, 1, 2, 3, 4, 5], 7
    for joint in JOINTS:
        if joint.kind == SPHERICAL:
            places += [start, start + 1, start + 2]
            start += 4
        else:
            places.append(start)
            start += 1
    return np.array(places)


_REAL = _degrees_of_freedom()
_PADDED = 43
_KP = np.concatenate([np.zeros(6), KP])
_KD = np.concatenate([np.zeros(6), KD])


def stable_pd_torques(world: BulletHumanoid, target: Array) -> Array:
    """[28] N m: what `world.drive` with the joints of the frame `target` [43] will apply in the next step.

    Stable proportional-derivative control (Tan, Liu & Turk 2011): the error after the step, predicted with the mass
    matrix and bias forces of the free-floating humanoid, then each axis clamped to its limit. Bullet's own code does
    the same inside and reports zero; a test holds the two together. Spherical joints: torque in the child's axes.
    """
    frame, velocity = world.state()
    q = frame.copy()
    error = np.zeros(34)
    for joint in JOINTS:
        place = slice(6 + joint.dof.start, 6 + joint.dof.stop)
        if joint.kind == SPHERICAL:
            now = Rotation.from_quat(frame[joint.frame], scalar_first=True)
            next_ = now * Rotation.from_rotvec(velocity[place] * world.step_s)
            error[place] = (next_.inv() * Rotation.from_quat(target[joint.frame], scalar_first=True)).as_rotvec()
            q[joint.frame] = np.roll(frame[joint.frame], -1)
        else:
            error[place] = target[joint.frame] - frame[joint.frame] - velocity[place] * world.step_s
    q[3:7] = np.roll(frame[3:7], -1)
    padded = np.zeros(_PADDED)
    padded[_REAL] = velocity
    client = world.client
    mass = np.array(client.calculateMassMatrix(world.humanoid, q.tolist(), flags=1))[np.ix_(_REAL, _REAL)]
    bias = client.calculateInverseDynamics(
        world.humanoid, q.tolist(), padded.tolist(), [0.0] * _PADDED, flags=1
    )
    pull = _KP * error - _KD * velocity
    acceleration = np.linalg.solve(mass + np.diag(_KD) * world.step_s, pull - np.array(bias)[_REAL])
    torques = (pull - _KD * acceleration * world.step_s)[6:]
    return np.clip(torques, -TORQUE_LIMITS, TORQUE_LIMITS)
