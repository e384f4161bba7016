"""A hand that leads the root along a path, and says how hard it had to push."""

import numpy as np
import pybullet

from core.physics.bullet import BulletHumanoid

Array = np.ndarray

_SOLVER_ERP = 0.2
"""The share of a multibody constraint's position error that Bullet removes in one step (`m_erp2`, not settable from
Python). Aiming 1 / 0.2 times as far makes the root arrive at the end of the step instead of trailing behind; a test
watches the figure."""


class RootDrive:
    """Moves the humanoid's root by a six-row velocity constraint inside Bullet's solver.

    The constraint acts on the root alone: legs carry and arms hang as they would on a body held by the pelvis. Its
    impulses are solved together with the contacts and read back, so the wrench reported is the one applied, not an
    estimate. (Overwriting the root's velocity instead would push every body at once, unseen.)
    """

    def __init__(self, world: BulletHumanoid, max_force: float) -> None:
        """`max_force`: limit of each component of the wrench, N and N m."""
        self.world = world
        self.max_force = max_force
        position, rotation = self._pose()
        self._start_rotation = np.array(rotation)
        self._constraint = world.client.createConstraint(
            world.humanoid, -1, -1, -1, pybullet.JOINT_FIXED, [0, 0, 0], [0, 0, 0], position, [0, 0, 0, 1], rotation
        )

    def aim(self, position: Array, rotation: Array) -> None:
        """Let the next step bring the root's joint frame to `position` [3] m and `rotation` [4] wxyz."""
        client = self.world.client
        position_now, rotation_now = (np.array(each) for each in self._pose())
        self._start_rotation = rotation_now
        wanted = rotation[[1, 2, 3, 0]]
        wanted = wanted if wanted @ rotation_now >= 0 else -wanted
        # a step turns by little, so the straight line between quaternions is as good as the arc and much cheaper
        target_rotation = rotation_now + (wanted - rotation_now) / _SOLVER_ERP
        client.changeConstraint(
            self._constraint,
            jointChildPivot=(position_now + (position - position_now) / _SOLVER_ERP).tolist(),
            jointChildFrameOrientation=(target_rotation / np.linalg.norm(target_rotation)).tolist(),
            maxForce=self.max_force,
        )

    def wrench(self) -> Array:
        """[6]: force N and torque N m of the last step in the world, about the root's joint (mid-hip)."""
        numbers = np.array(self.world.client.getConstraintState(self._constraint))
        root_in_world = np.array(pybullet.getMatrixFromQuaternion(self._start_rotation)).reshape(3, 3)
        return np.concatenate([numbers[:3], root_in_world @ numbers[3:6]])

    def _pose(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return self.world.client.getBasePositionAndOrientation(self.world.humanoid)
