"""PyBullet with one humanoid on flat ground.

World: y up, metres, the ground at y = 0, gravity -9.8 m/s^2. Masses, shapes, self-collision and friction are those of
PyBullet's DeepMimic environment. One client in this process per `BulletHumanoid`; the same calls give the same bits.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, Self

import numpy as np
import pybullet

from core.humanoid.bodies import BODY_NAMES
from core.humanoid.character import JOINTS, REVOLUTE, SPHERICAL, Joint
from core.physics.humanoid_urdf import SCALE, humanoid_urdf

Array = np.ndarray

_BODIES = list(range(len(BODY_NAMES)))
_JOINT_BODIES = [j.body for j in JOINTS]
_XYZW = [1, 2, 3, 0]
_WXYZ = [3, 0, 1, 2]


@dataclass(frozen=True)
class BulletSettings:
    """How the world is simulated.

    `step_hz`: steps a second; STABLE_PD below 480 lets the feet sink. `gravity` m/s^2 along y. `friction` of the
    humanoid and of the ground (Bullet multiplies the two). `self_collision`: the bodies of one humanoid meet each other,
    except a body and those it hangs on.
    """

    step_hz: int = 480
    gravity: float = -9.8
    friction: float = 0.9
    self_collision: bool = True


@dataclass(frozen=True)
class BodyStates:
    """`positions` [15,3] m (centres of mass), `rotations` [15,4] wxyz body_in_world, `velocities` [15,3] m/s and
    `angular_velocities` [15,3] rad/s, both in the world."""

    positions: Array
    rotations: Array
    velocities: Array
    angular_velocities: Array


class _Client:
    """pybullet's functions for one connection (pybullet_utils' BulletClient does the same, and prints to stdout)."""

    def __init__(self) -> None:
        self.number = pybullet.connect(pybullet.DIRECT)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        bound = partial(getattr(pybullet, name), physicsClientId=self.number)
        setattr(self, name, bound)
        return bound


class BulletHumanoid:
    """One humanoid in a PyBullet client of its own; close it, or use it in a `with` block."""

    def __init__(self, settings: BulletSettings | None = None) -> None:
        self.settings = settings or BulletSettings()
        self.step_s = 1.0 / self.settings.step_hz
        self.client = _Client()
        self.client.setGravity(0, self.settings.gravity, 0)
        self.client.setTimeStep(self.step_s)
        plane = self.client.createCollisionShape(pybullet.GEOM_PLANE, planeNormal=[0, 1, 0])
        self.ground = self.client.createMultiBody(0, plane)
        self.client.changeDynamics(self.ground, -1, lateralFriction=self.settings.friction)
        self.humanoid = self._load_humanoid()
        self.inertias = np.array([self.client.getDynamicsInfo(self.humanoid, b)[2] for b in _BODIES])
        """[15,3] kg m^2: principal moments of inertia, about the axes of each body."""

    def _load_humanoid(self) -> int:
        flags = pybullet.URDF_MAINTAIN_LINK_ORDER
        if self.settings.self_collision:
            flags |= pybullet.URDF_USE_SELF_COLLISION | pybullet.URDF_USE_SELF_COLLISION_EXCLUDE_ALL_PARENTS
        with humanoid_urdf() as path:
            humanoid = self.client.loadURDF(path, [0, 0.9, 0], globalScaling=SCALE, flags=flags)
        # Bullet damps every body by default: a force from nowhere.
        self.client.changeDynamics(humanoid, -1, linearDamping=0, angularDamping=0)
        for link in (-1, *_BODIES):
            self.client.changeDynamics(humanoid, link, lateralFriction=self.settings.friction, jointDamping=0)
        for joint in JOINTS:  # PyBullet's default motors hold every joint; switch them off
            if joint.kind == REVOLUTE:
                self.client.setJointMotorControl2(humanoid, joint.body, pybullet.VELOCITY_CONTROL, force=0)
            else:
                self.client.setJointMotorControlMultiDof(
                    humanoid,
                    joint.body,
                    pybullet.POSITION_CONTROL,
                    targetPosition=[0, 0, 0, 1],
                    targetVelocity=[0, 0, 0],
                    positionGain=0,
                    velocityGain=1,
                    force=[0, 0, 0],
                )
        return humanoid

    def set_state(self, frame: Array, velocity: Array) -> None:
        """Put the humanoid into `frame` [43] with `velocity` [34] (`core.humanoid.resampling.VELOCITY_SIZE`)."""
        client, humanoid = self.client, self.humanoid
        client.resetBasePositionAndOrientation(humanoid, frame[:3].tolist(), frame[3:7][_XYZW].tolist())
        client.resetBaseVelocity(humanoid, velocity[:3].tolist(), velocity[3:6].tolist())
        client.resetJointStatesMultiDof(
            humanoid, _JOINT_BODIES, joint_lists(frame), [velocity[6:][j.dof].tolist() for j in JOINTS]
        )

    def state(self) -> tuple[Array, Array]:
        """The frame [43] and velocity [34] as `set_state` takes them."""
        position, rotation = self.client.getBasePositionAndOrientation(self.humanoid)
        linear, angular = self.client.getBaseVelocity(self.humanoid)
        frame, velocity = np.empty(43), np.empty(34)
        frame[:3], frame[3:7] = position, np.array(rotation)[_WXYZ]
        velocity[:3], velocity[3:6] = linear, angular
        for joint, joint_state in zip(
            JOINTS, self.client.getJointStatesMultiDof(self.humanoid, _JOINT_BODIES), strict=True
        ):
            numbers = np.array(joint_state[0])
            frame[joint.frame] = numbers[_WXYZ] if joint.kind == SPHERICAL else numbers
            velocity[6 + joint.dof.start : 6 + joint.dof.stop] = joint_state[1]
        return frame, velocity

    def bodies(self) -> BodyStates:
        """All bodies, with one call into PyBullet."""
        links = self.client.getLinkStates(
            self.humanoid, _BODIES, computeLinkVelocity=True, computeForwardKinematics=True
        )
        return BodyStates(
            np.array([link[0] for link in links]),
            np.array([link[1] for link in links])[:, _WXYZ],
            np.array([link[6] for link in links]),
            np.array([link[7] for link in links]),
        )

    def drive(self, targets: list[list[float]]) -> None:
        """Let the muscles pull towards `targets` during the next step: STABLE_PD (Tan et al. 2011), torques clamped.

        `targets` is one list a joint, as `joint_lists` makes it. Damping acts against the joint's whole velocity, as
        in DeepMimic: who wants to follow a moving target leads it by kd/kp times its velocity.
        """
        self.client.setJointMotorControlMultiDofArray(
            self.humanoid,
            _JOINT_BODIES,
            pybullet.STABLE_PD_CONTROL,
            targetPositions=targets,
            targetVelocities=_ZEROS,
            forces=_LIMITS,
            positionGains=_KP,
            velocityGains=_KD,
        )

    def step(self) -> None:
        """Advance by 1 / `step_hz` seconds; torques given before hold for this step alone."""
        self.client.stepSimulation()

    def contact_forces(self) -> Array:
        """[15,3] N in the world: the ground's force on each body during the last step."""
        return self.contact_wrenches()[0]

    def contact_wrenches(self) -> tuple[Array, Array]:
        """The ground's forces [15,3] N during the last step and their torques [15,3] N m about the world's origin."""
        forces, torques = np.zeros((15, 3)), np.zeros((15, 3))
        for point in self.client.getContactPoints(self.humanoid, self.ground):
            if point[9] <= 0:  # listed while still apart
                continue
            force = point[9] * np.array(point[7])
            force += point[10] * np.array(point[11]) + point[12] * np.array(point[13])
            body = max(point[3], 0)  # the massless base is part of the root
            forces[body] += force
            torques[body] += np.cross(point[5], force)
        return forces, torques

    def close(self) -> None:
        """Give the client back; further calls fail."""
        self.client.disconnect()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def joint_lists(frame: Array) -> list[list[float]]:
    """The joints of `frame` [43] as PyBullet takes them: one list a joint, quaternions xyzw."""
    return [_numbers(joint, frame) for joint in JOINTS]


def _numbers(joint: Joint, frame: Array) -> list[float]:
    numbers = frame[joint.frame]
    return (numbers[_XYZW] if joint.kind == SPHERICAL else numbers).tolist()


_ZEROS = [[0.0] * (j.dof.stop - j.dof.start) for j in JOINTS]
_LIMITS = [[j.torque_limit] * (j.dof.stop - j.dof.start) for j in JOINTS]
_KP = [j.kp for j in JOINTS]
_KD = [j.kd for j in JOINTS]
