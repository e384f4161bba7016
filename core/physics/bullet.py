"""PyBullet with one humanoid on flat ground.

World: y up, metres, the ground at y = 0, gravity -9.8 m/s^2. Masses, shapes, self-collision and friction are those of
PyBullet's DeepMimic environment. One client in this process per `BulletHumanoid`; the same calls give the same bits.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import chain
from types import TracebackType
from typing import Any, Self

import numpy as np
import pybullet

from core.humanoid.bodies import BODY_NAMES
from core.humanoid.character import JOINTS, QUATERNIONS, REVOLUTE
from core.physics.humanoid_urdf import SCALE, humanoid_urdf

Array = np.ndarray

_BODIES = list(range(len(BODY_NAMES)))
_JOINT_BODIES = [j.body for j in JOINTS]
_WXYZ = [3, 0, 1, 2]
_STILL = [[0.0] * (j.dof.stop - j.dof.start) for j in JOINTS]
_LIMITS = [[j.torque_limit] * (j.dof.stop - j.dof.start) for j in JOINTS]
_KP, _KD = [j.kp for j in JOINTS], [j.kd for j in JOINTS]


@dataclass(frozen=True)
class BulletSettings:
    """How the world is simulated.

    `step_hz`: steps a second; below 480 feet under load sink into the ground. `gravity` m/s^2 along y. `friction` of
    the humanoid and of the ground (Bullet multiplies the two). `self_collision`: the humanoid's bodies meet each
    other, except a body and those it hangs on. `supports` [S,6] m: boxes (min xyz, max xyz) that stand fast.
    `solver_iterations`: Bullet's own number is 50; PyBullet's DeepMimic environment takes 10.
    """

    step_hz: float = 480.0
    gravity: float = -9.8
    friction: float = 0.9
    self_collision: bool = True
    supports: tuple[tuple[float, ...], ...] = ()
    solver_iterations: int = 50


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
        self.client.setPhysicsEngineParameter(numSolverIterations=self.settings.solver_iterations)
        self.standing = [self.ground, *map(self._add_support, self.settings.supports)]
        """What stands fast: the ground and the supports."""
        self.humanoid = self._load_humanoid()
        self.inertias = np.array([self.client.getDynamicsInfo(self.humanoid, b)[2] for b in _BODIES])
        """[15,3] kg m^2: principal moments of inertia, about the axes of each body."""

    def _add_support(self, box: tuple[float, ...]) -> int:
        low, high = np.array(box[:3]), np.array(box[3:])
        shape = self.client.createCollisionShape(pybullet.GEOM_BOX, halfExtents=((high - low) / 2).tolist())
        body = self.client.createMultiBody(0, shape, basePosition=((high + low) / 2).tolist())
        self.client.changeDynamics(body, -1, lateralFriction=self.settings.friction)
        return body

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
        client.resetBasePositionAndOrientation(humanoid, frame[:3].tolist(), to_xyzw(frame)[3:7].tolist())
        client.resetBaseVelocity(humanoid, velocity[:3].tolist(), velocity[3:6].tolist())
        client.resetJointStatesMultiDof(
            humanoid, _JOINT_BODIES, joint_lists(frame), [velocity[6:][j.dof].tolist() for j in JOINTS]
        )

    def state(self) -> tuple[Array, Array]:
        """The frame [43] and velocity [34] as `set_state` takes them."""
        positions, velocities = self.pybullet_state()
        return positions[_TO_WXYZ], velocities

    def pybullet_state(self) -> tuple[Array, Array]:
        """As `state`, but with the frame's quaternions in PyBullet's order, xyzw."""
        position, rotation = self.client.getBasePositionAndOrientation(self.humanoid)
        linear, angular = self.client.getBaseVelocity(self.humanoid)
        joints = self.client.getJointStatesMultiDof(self.humanoid, _JOINT_BODIES)
        return (
            np.array([*position, *rotation, *chain.from_iterable(joint[0] for joint in joints)]),
            np.array([*linear, *angular, *chain.from_iterable(joint[1] for joint in joints)]),
        )

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

    def pull(self, torques: Array) -> None:
        """Let the muscles apply `torques` [28] N m during the next step (of spherical joints in the child's axes)."""
        numbers = torques.tolist()
        self.client.setJointMotorControlMultiDofArray(
            self.humanoid,
            _JOINT_BODIES,
            pybullet.TORQUE_CONTROL,
            forces=[numbers[j.dof] for j in JOINTS],
        )

    def pull_towards(self, joints: list[list[float]]) -> None:
        """Let Bullet's own stable PD, with the character's gains and limits, pull to `joints` (`joint_lists`) in the
        next step. It is the faster way, but does not tell its torques: `core.physics.bullet_muscles` works them out."""
        self.client.setJointMotorControlMultiDofArray(
            self.humanoid,
            _JOINT_BODIES,
            pybullet.STABLE_PD_CONTROL,
            targetPositions=joints,
            targetVelocities=_STILL,
            forces=_LIMITS,
            positionGains=_KP,
            velocityGains=_KD,
        )

    def step(self) -> None:
        """Advance by 1 / `step_hz` seconds; torques given before hold for this step alone."""
        self.client.stepSimulation()

    def contact_forces(self) -> Array:
        """[15,3] N in the world: the force of ground and supports on each body during the last step, with friction."""
        forces = np.zeros((15, 3))
        points = [self.client.getContactPoints(self.humanoid, other) for other in self.standing]
        for point in chain.from_iterable(points):
            normal_force = point[9]
            if normal_force <= 0:  # listed while still apart
                continue
            body = max(point[3], 0)  # -1, the base, is part of the root
            forces[body] += normal_force * np.array(point[7])
            forces[body] += point[10] * np.array(point[11]) + point[12] * np.array(point[13])
        return forces

    def close(self) -> None:
        """Give the client back; further calls fail."""
        self.client.disconnect()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def to_xyzw(frames: Array) -> Array:
    """Frames [...,43] with their quaternions turned to PyBullet's order."""
    return frames[..., _TO_XYZW]


def joint_lists(frame: Array) -> list[list[float]]:
    """The joints of `frame` [43] as PyBullet takes them: one list a joint, quaternions xyzw."""
    numbers = to_xyzw(frame).tolist()
    return [numbers[j.frame] for j in JOINTS]


def _orders() -> tuple[Array, Array]:
    wxyz, xyzw = np.arange(43), np.arange(43)
    for place in QUATERNIONS:
        wxyz[place] = np.roll(wxyz[place], 1)
        xyzw[place] = np.roll(xyzw[place], -1)
    return wxyz, xyzw


_TO_WXYZ, _TO_XYZW = _orders()
