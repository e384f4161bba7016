"""The humanoid as a MuJoCo model, built from `core.humanoid.character`.

MuJoCo wants bodies depth first (arms before legs here), this project's arrays are in the order of BODY_NAMES: `Layout`
knows where everything lies. The world is y up, as everywhere: MuJoCo does not mind, gravity points along -y.
"""

from dataclasses import dataclass

import mujoco
import numpy as np

from core.humanoid.bodies import BODY_NAMES
from core.humanoid.character import (
    CENTRES_OF_MASS,
    JOINT_OFFSETS,
    JOINTS,
    MASSES,
    PARENTS,
    REVOLUTE,
    SPHERICAL,
)
from core.humanoid.shapes import BOX, CAPSULE, INERTIAS, SOLIDS, SPHERE
from core.physics.engine import WorldSettings

Array = np.ndarray

HINGE_LIMITS = {"knee": (-3.14, 0.0), "elbow": (0.0, 3.14)}
"""rad, the URDF's: a knee bends backwards, an elbow forwards."""

_ALONG_Y = (np.sqrt(0.5), -np.sqrt(0.5), 0.0, 0.0)
"""wxyz: turns MuJoCo's z, along which capsules lie and planes look, to y."""


@dataclass(frozen=True)
class Layout:
    """Where our numbers lie in MuJoCo's arrays.

    `qpos` [43] and `dofs` [34]: MuJoCo's index of each number of a frame and of a velocity (the root's angular velocity
    is in the root's axes there, in the world's here). `bodies` [15]: MuJoCo's body ids.
    """

    qpos: Array
    dofs: Array
    bodies: Array


def build_model(settings: WorldSettings) -> tuple[mujoco.MjModel, Layout]:
    """The compiled model and its layout."""
    model = _specification(settings).compile()
    return model, _layout(model)


def model_xml(settings: WorldSettings) -> str:
    """The same model as MuJoCo's XML, for use without this project."""
    specification = _specification(settings)
    specification.compile()
    return specification.to_xml()


def _specification(settings: WorldSettings) -> mujoco.MjSpec:
    spec = mujoco.MjSpec()
    spec.compiler.degree = False
    spec.option.timestep = 1.0 / settings.step_hz
    spec.option.gravity = (0.0, settings.gravity, 0.0)
    # Muscles damp strongly and limbs are light: contacts have to be solved against what the damping leaves of them.
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_DISCRETE
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    # Few contacts at a time: the dual solver takes half of Newton's time and ends in the same place (walking reward
    # 0.6258 beside 0.6267, squatting feet equally deep); 30 iterations would make 0.6266 of it.
    spec.option.solver = mujoco.mjtSolver.mjSOL_PGS
    spec.option.iterations = 20
    spec.option.tolerance = 1e-6
    spec.option.disableflags |= mujoco.mjtDisableBit.mjDSBL_ISLAND  # one humanoid, nothing to split
    # A state that flies apart must be seen, not silently put back to the start.
    spec.option.disableflags |= mujoco.mjtDisableBit.mjDSBL_AUTORESET
    _add_ground(spec, settings)
    _add_bodies(spec, settings)
    _exclude(spec, settings.self_collision)
    for name in BODY_NAMES:
        _add_contact_sensor(spec, name)
    return spec


def _add_ground(spec: mujoco.MjSpec, settings: WorldSettings) -> None:
    friction = (settings.friction, 0.005, 0.0001)
    spec.worldbody.add_geom(
        name="ground", type=mujoco.mjtGeom.mjGEOM_PLANE, size=(0, 0, 1), quat=_ALONG_Y, friction=friction
    )
    for support in settings.supports:
        low, high = np.array(support[:3]), np.array(support[3:])
        spec.worldbody.add_geom(
            type=mujoco.mjtGeom.mjGEOM_BOX, pos=(low + high) / 2, size=(high - low) / 2, friction=friction
        )


def _add_bodies(spec: mujoco.MjSpec, settings: WorldSettings) -> None:
    joints = {j.body: j for j in JOINTS}
    bodies: dict[int, mujoco.MjsBody] = {-1: spec.worldbody}
    for b, name in enumerate(BODY_NAMES):
        body = bodies[b] = bodies[PARENTS[b]].add_body(name=name, pos=JOINT_OFFSETS[b])
        body.mass, body.ipos, body.inertia, body.explicitinertial = MASSES[b], CENTRES_OF_MASS[b], INERTIAS[b], True
        _add_geom(body, b, settings.friction)
        joint = joints.get(b)
        if b == 0:
            body.add_freejoint(name=name)
        elif joint is not None and joint.kind == SPHERICAL:
            body.add_joint(name=name, type=mujoco.mjtJoint.mjJNT_BALL, damping=[joint.kd, 0, 0])
        elif joint is not None:
            limits = HINGE_LIMITS[name.split("_")[-1]]
            body.add_joint(
                name=name,
                type=mujoco.mjtJoint.mjJNT_HINGE,
                axis=(0, 0, 1),
                limited=mujoco.mjtLimited.mjLIMITED_TRUE,
                range=limits,
                damping=[joint.kd, 0, 0],
            )


def _add_geom(body: mujoco.MjsBody, b: int, friction: float) -> None:
    solid = SOLIDS[b]
    kinds = {
        SPHERE: mujoco.mjtGeom.mjGEOM_SPHERE,
        CAPSULE: mujoco.mjtGeom.mjGEOM_CAPSULE,
        BOX: mujoco.mjtGeom.mjGEOM_BOX,
    }
    sizes = {SPHERE: (solid.radius, 0, 0), CAPSULE: (solid.radius, solid.length / 2, 0), BOX: solid.half_size}
    body.add_geom(
        name=BODY_NAMES[b],
        type=kinds[solid.kind],
        size=sizes[solid.kind],
        pos=CENTRES_OF_MASS[b],
        quat=_ALONG_Y if solid.kind == CAPSULE else (1, 0, 0, 0),
        friction=(friction, 0.005, 0.0001),
        mass=0,
    )


def _exclude(spec: mujoco.MjSpec, self_collision: bool) -> None:
    for b, name in enumerate(BODY_NAMES):
        for other in range(b):
            if not self_collision or other in _ancestors(b):
                spec.add_exclude(bodyname1=BODY_NAMES[other], bodyname2=name)


def _ancestors(body: int) -> list[int]:
    found = []
    while PARENTS[body] >= 0:
        body = PARENTS[body]
        found.append(body)
    return found


def _add_contact_sensor(spec: mujoco.MjSpec, name: str) -> None:
    """The sum of the forces between a body and what stands fast (ground and supports), in the world's axes."""
    spec.add_sensor(
        type=mujoco.mjtSensor.mjSENS_CONTACT,
        objtype=mujoco.mjtObj.mjOBJ_BODY,
        objname=name,
        reftype=mujoco.mjtObj.mjOBJ_BODY,
        refname="world",
        intprm=[1 << mujoco.mjtConDataField.mjCONDATA_FORCE.value, 3, 1],  # what; reduced to the net force; one slot
    )


def _layout(model: mujoco.MjModel) -> Layout:
    qpos, dofs = np.empty(43, int), np.empty(34, int)
    qpos[:7], dofs[:6] = np.arange(7), np.arange(6)
    for joint in JOINTS:
        j = model.joint(BODY_NAMES[joint.body]).id
        width = 1 if joint.kind == REVOLUTE else 4
        qpos[joint.frame] = model.jnt_qposadr[j] + np.arange(width)
        dofs[6 + joint.dof.start : 6 + joint.dof.stop] = model.jnt_dofadr[j] + np.arange(1 if width == 1 else 3)
    return Layout(qpos, dofs, np.array([model.body(name).id for name in BODY_NAMES]))
