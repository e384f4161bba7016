"""Many humanoids in MuJoCo, stepped on a pool of threads, with muscles whose torque stays within its limit.

A muscle's torque during a step is x = kp (error - dt v') - kd v', v' the velocity after the step: stable PD (Tan, Liu &
Turk 2011), solved by MuJoCo itself as joint damping inside its constraint solve (the `discrete` integrator). Where |x|
would exceed the limit, gain and damping are both multiplied by limit / |x|. That depends on v' and v' on it: a step is
taken again with a better share where it was wrong (iteratively reweighted least squares: each time closer to the torque
clamped to the limit, and stable every time). The first guess is the step before, and few are wrong. Clamping the torque
before the step instead makes light limbs flip from limit to limit until they fly apart.
"""

import mujoco
import numpy as np
from mujoco.batch import Batch

from core.humanoid.character import KD, KP, MASSES, REVOLUTE_JOINTS, SPHERICAL_JOINTS, TORQUE_LIMITS
from core.physics.engine import MOST_SPEED, BodyStates, WorldSettings
from core.physics.mujoco_model import build_model
from core.physics.root_assist import PLACE_KD, PLACE_KP, TURN_KD, TURN_KP, RootAssist, about_root_centre
from core.physics.rotations import relative, rotate, rotate_back, rotation_vectors
from core.physics.variation import Variation

Array = np.ndarray

_BALLS = np.array([np.arange(j.frame.start, j.frame.stop) for j in SPHERICAL_JOINTS])
_BALL_DOFS = np.array([np.arange(j.dof.start, j.dof.stop) for j in SPHERICAL_JOINTS])
_HINGES = np.array([j.frame.start for j in REVOLUTE_JOINTS])
_HINGE_DOFS = np.array([j.dof.start for j in REVOLUTE_JOINTS])

AIM = 0.98
"""Of its limit a muscle at its limit gets so much: what is over allows for the difference from step to step."""

IDLE = 0.9
"""A muscle at its limit that turns out to give less than this share of it is asked again."""

_GUESSES = 2
"""So often may muscles be made stronger again within one step."""

_VARIED = ("body_mass", "body_inertia", "body_subtreemass", "geom_friction")
"""MuJoCo's numbers of the model that each humanoid may have of its own."""

ROW_SIZE = 43 + 34 + 34 + 28
"""A saved state: MuJoCo's positions, velocities and solver's start, and what share of its gains each muscle uses."""


class Lanes:
    """n humanoids, one MuJoCo simulation each."""

    def __init__(self, settings: WorldSettings, n: int, threads: int) -> None:
        model, self.layout = build_model(settings)
        self.n = n
        self._parents, self._friction = model.body_parentid.copy(), settings.friction
        self._inertias = model.body_inertia[self.layout.bodies].copy()
        self.step_s = 1.0 / settings.step_hz
        self.batch = Batch(model, nsim=n, nthread=threads)
        bind = self.batch.bind
        self._qpos, self._qvel, self._warm = bind("qpos"), bind("qvel"), bind("qacc_warmstart")
        self._applied = bind("qfrc_applied")
        self._sensors = bind("sensordata")
        self._positions, self._rotations = bind("xipos"), bind("xquat")
        self._cvel, self._com = bind("cvel"), bind("subtree_com")
        self._damping = self.batch.expand("dof_damping")
        self._dofs = self.layout.dofs[6:]
        self._kp = np.repeat(KP[None], n, axis=0)
        self._implicit = np.repeat((KD + KP * self.step_s)[None], n, axis=0)
        self._share = np.ones((n, 28))
        self.intact = np.ones(n, bool)
        self.torques = np.zeros((n, 28))
        self.contact_forces = np.zeros((n, 15, 3))
        self.assist_wrench = np.zeros((n, 6))
        self._assist: RootAssist | None = None

    def vary(self, variation: Variation) -> None:
        """See `MujocoEngine.vary`."""
        masses, inertias, below, friction = map(self.batch.expand, _VARIED)
        ours = self.layout.bodies
        masses[:, ours] = variation.masses * MASSES
        inertias[:, ours] = variation.masses[..., None] * self._inertias
        below[:] = masses
        for body in range(masses.shape[1] - 1, 0, -1):  # children have higher numbers than their parents
            below[:, self._parents[body]] += below[:, body]
        friction[..., 0] = variation.friction[:, None] * self._friction  # the ground's, too: MuJoCo takes the greater
        self._kp = variation.gains * KP
        self._implicit = variation.gains * (KD + KP * self.step_s)
        self.batch.forward(None, mujoco.mjtStage.mjSTAGE_VEL.value)

    # States ---------------------------------------------------------------------------------------------------------

    def set_states(self, indices: Array, frames: Array, velocities: Array) -> None:
        """See `Engine.set_states`; unchecked."""
        qpos, qvel = np.empty((len(frames), 43)), np.empty((len(frames), 34))
        qpos[:, self.layout.qpos] = frames
        qvel[:, self.layout.dofs] = velocities
        qvel[:, 3:6] = rotate_back(frames[:, 3:7], velocities[:, 3:6])
        self._qpos[indices], self._qvel[indices] = qpos, qvel
        self._warm[indices], self._share[indices] = 0.0, 1.0
        self._settle(indices)

    def restore(self, indices: Array, rows: Array) -> None:
        """See `Engine.restore`."""
        self._put(indices, rows)
        self._settle(indices)

    def _settle(self, indices: Array) -> None:
        self.intact[indices] = True
        self.torques[indices] = 0.0
        self.contact_forces[indices] = 0.0
        self.batch.forward(np.asarray(indices, np.int32), mujoco.mjtStage.mjSTAGE_VEL.value)

    def save(self) -> Array:
        """See `Engine.save`."""
        return np.concatenate([self._qpos, self._qvel, self._warm, self._share], axis=1)

    def frames(self) -> tuple[Array, Array]:
        """See `Engine.frames`."""
        frames, velocities = self._qpos[:, self.layout.qpos], self._qvel[:, self.layout.dofs]
        velocities[:, 3:6] = rotate(frames[:, 3:7], velocities[:, 3:6])
        return frames, velocities

    def bodies(self) -> BodyStates:
        """See `Engine.bodies`."""
        ours = self.layout.bodies
        positions, spatial = self._positions[:, ours], self._cvel[:, ours]
        about = positions - self._com[:, ours[:1]]  # MuJoCo gives velocities at the whole humanoid's centre of mass
        spin = spatial[..., :3]
        return BodyStates(positions, self._rotations[:, ours], spatial[..., 3:] + np.cross(spin, about), spin)

    # Steps ----------------------------------------------------------------------------------------------------------

    def assist_root(self, assist: RootAssist | None) -> None:
        """See `MujocoEngine.assist_root`."""
        self._assist = assist
        self._damping[:, :6] = 0.0
        self._applied[:, :6] = 0.0

    def advance(self, targets: Array, substeps: int) -> None:
        """See `Engine.step`; unchecked."""
        before = self.save()
        self.assist_wrench = np.zeros((self.n, 6))
        balls, hinges = targets[:, _BALLS - 7], targets[:, _HINGES - 7]
        torques, contacts = np.zeros((self.n, 28)), np.zeros((self.n, 45))
        for _ in range(substeps):
            self._pull_root()
            torques += self._substep(self._kp * self._errors(balls, hinges))
            self._note_root(substeps)
            contacts += self._sensors
            self._stop_the_wild(before)
        self.torques = torques / substeps
        self.contact_forces = -contacts.reshape(self.n, 15, 3) / substeps  # the sensors tell the body's on the ground
        lost = np.flatnonzero(~self.intact)
        if len(lost):
            self._put(lost, before[lost])
            self.torques[lost], self.contact_forces[lost] = 0.0, 0.0
        self.batch.forward(None, mujoco.mjtStage.mjSTAGE_VEL.value)

    def _pull_root(self) -> None:
        """Springs from the root to where it should be; MuJoCo solves their damping with the step, so none can swing."""
        assist = self._assist
        if assist is None:
            return
        rotation = self._qpos[:, 3:7]
        place = PLACE_KP * (assist.frames[:, :3] - self._qpos[:, :3]) + PLACE_KD * assist.velocities[:, :3]
        spin = rotate_back(rotation, assist.velocities[:, 3:6])
        turn = TURN_KP * rotation_vectors(relative(rotation, assist.frames[:, 3:7])) + TURN_KD * spin
        self._applied[:, :3], self._applied[:, 3:6] = assist.share * place, assist.share * turn
        self._damping[:, :3] = assist.share * (PLACE_KD + PLACE_KP * self.step_s)
        self._damping[:, 3:6] = assist.share * (TURN_KD + TURN_KP * self.step_s)
        self._turned = rotation.copy()

    def _note_root(self, substeps: int) -> None:
        if self._assist is None:
            return
        wrench = self._applied[:, :6] - self._damping[:, :6] * self._qvel[:, :6]
        self.assist_wrench += about_root_centre(wrench, self._turned) / substeps

    def _stop_the_wild(self, before: Array) -> None:
        """Whoever flies apart is put back at once, before MuJoCo complains of it, and stays there."""
        sane = (np.abs(self._qvel) < MOST_SPEED).all(axis=1) & (np.abs(self._qpos[:, :3]) < MOST_SPEED).all(axis=1)
        self.intact &= sane  # a comparison with NaN is false
        lost = np.flatnonzero(~sane)
        if len(lost):
            self._put(lost, before[lost])

    def _put(self, indices: Array, rows: Array) -> None:
        self._put_motion(indices, rows)
        self._share[indices] = rows[:, 111:]

    def _put_motion(self, indices: Array, rows: Array) -> None:
        self._qpos[indices], self._qvel[indices] = rows[:, :43], rows[:, 43:77]
        self._warm[indices] = rows[:, 77:111]

    def _errors(self, balls: Array, hinges: Array) -> Array:
        """[n,28] rad: the turn of each joint to its target, in the child's axes."""
        errors = np.empty((self.n, 28))
        now = self._qpos[:, self.layout.qpos[_BALLS]]
        errors[:, _BALL_DOFS] = rotation_vectors(relative(now, balls))
        errors[:, _HINGE_DOFS] = hinges - self._qpos[:, self.layout.qpos[_HINGES]]
        return errors

    def _substep(self, pull: Array) -> Array:
        """Advance by one simulation step with kp x error = `pull` [n,28]; the torques [n,28] that acted."""
        before = self.save()
        torques = np.empty((self.n, 28))
        which: Array | None = None
        attempt = 0
        while True:
            rows = slice(None) if which is None else which
            share = self._share[rows]
            self._applied[rows, 6:] = self._to_mujoco(share * pull[rows])
            self._damping[rows, 6:] = self._to_mujoco(share * self._implicit[rows])
            self.batch.step(which)
            wanted = pull[rows] - self._implicit[rows] * self._qvel[rows][:, self._dofs]
            torques[rows] = share * wanted
            strength = np.abs(torques[rows]) / TORQUE_LIMITS
            fitting = np.minimum(1.0, AIM * TORQUE_LIMITS / np.maximum(np.abs(wanted), 1e-9))
            wrong = strength > 1.0
            if attempt < _GUESSES:
                wrong |= (share < fitting) & (strength < IDLE)
            else:  # only ever weaker from here on, so that it ends
                fitting = np.where(wrong, 0.8 * np.minimum(share, fitting), share)
            self._share[rows] = fitting
            again = wrong.any(axis=1)
            if not again.any():
                return torques
            which = np.flatnonzero(again).astype(np.int32) if which is None else which[again]
            self._put_motion(which, before[which])
            attempt += 1

    def _to_mujoco(self, per_dof: Array) -> Array:
        result = np.empty_like(per_dof)
        result[:, self._dofs - 6] = per_dof
        return result
