"""Collects what happens in a simulated humanoid into a `Rollout`."""

import numpy as np
from scipy.spatial.transform import Rotation

from core.errors import BadInputError
from core.humanoid.character import JOINTS, SPHERICAL
from core.humanoid.kinematics import forward_kinematics
from core.imitation.rewards import NAMES, Performance, imitation_terms
from core.motion import HumanoidMotion, Rollout
from core.physics.bullet import BulletHumanoid

Array = np.ndarray


class Recorder:
    """Call `frame` at every frame of the reference and `step` after every simulation step between them."""

    def __init__(self, world: BulletHumanoid, n_frames: int, steps_per_frame: int) -> None:
        self.world = world
        self.steps_per_frame = steps_per_frame
        self.positions = np.empty((n_frames, 15, 3))
        self.rotations = np.empty((n_frames, 15, 4))
        self.frames = np.empty((n_frames, 43))
        self.velocities = np.empty((n_frames, 34))
        self.actions = np.empty((n_frames, 36))
        n_steps = (n_frames - 1) * steps_per_frame
        self.torques = np.empty((n_steps, 28))
        self.contacts = np.empty((n_steps, 15, 3))
        self.wrenches = np.empty((n_steps, 6))
        self.pivots = np.empty((n_steps, 3))
        self.centres = np.empty((n_steps, 3))
        self._frame = 0
        self._step = 0

    def frame(self, target: Array) -> None:
        """Note the state, and that the coming step pulls towards the joints of `target` [43]."""
        i = self._frame
        bodies = self.world.bodies()
        self.frames[i], self.velocities[i] = self.world.state()
        self.positions[i], self.rotations[i] = bodies.positions, bodies.rotations
        if not np.isfinite(self.positions[i]).all() or np.abs(self.velocities[i]).max() > 1e4:
            raise BadInputError(
                f"The reference motion cannot be simulated: at frame {i} the humanoid flew apart. The motion jumps "
                "more than a body can follow; smooth it first."
            )
        self.actions[i] = action_of(target)
        self._frame += 1

    def step(self, torques: Array, wrench: Array) -> None:
        """Note the last step's `torques` [28], contacts and residual `wrench` [6] about the root's joint frame."""
        self.torques[self._step] = torques
        self.contacts[self._step] = self.world.contact_forces()
        self.wrenches[self._step] = wrench
        self.pivots[self._step] = self.world.client.getBasePositionAndOrientation(self.world.humanoid)[0]
        self.centres[self._step] = self.world.client.getLinkState(self.world.humanoid, 0)[0]
        self._step += 1

    def rollout(self, reference: HumanoidMotion, speeds: Array, tracker: str) -> Rollout:
        """The rollout, with the imitation reward against `reference` and its velocities `speeds` [T,34]."""
        wanted = Performance(reference.frames, speeds, forward_kinematics(reference.frames).positions)
        terms = imitation_terms(Performance(self.frames, self.velocities, self.positions), wanted)
        about_centre = self.wrenches.copy()
        about_centre[:, 3:] += np.cross(self.pivots - self.centres, self.wrenches[:, :3])
        return Rollout(
            fps=reference.fps,
            times=reference.times,
            body_positions=self.positions,
            body_rotations=self.rotations,
            actions=self.actions,
            joint_torques=self._mean_around_frames(self.torques),
            contact_forces=self._mean_around_frames(self.contacts),
            residual_wrench=self._mean_around_frames(about_centre),
            reward_terms=terms,
            reward_names=NAMES,
            engine="bullet",
            tracker=tracker,
            scale=reference.scale,
        )

    def _mean_around_frames(self, per_step: Array) -> Array:
        """[T,...]: the mean of `per_step` over half a frame to either side (inside only, at the ends)."""
        half = self.steps_per_frame / 2
        n = len(per_step)
        centres = np.arange(len(self.frames)) * self.steps_per_frame
        starts = np.clip(np.ceil(centres - half).astype(int), 0, n - 1)
        ends = np.clip(np.ceil(centres + half).astype(int), starts + 1, n)
        return np.stack([per_step[a:b].mean(axis=0) for a, b in zip(starts, ends, strict=True)])


def action_of(target: Array) -> Array:
    """[36]: the joints of a frame [43] in DeepMimic's action layout: spherical as angle and axis, hinges as angle."""
    action = np.empty(36)
    for joint in JOINTS:
        if joint.kind == SPHERICAL:
            vector = Rotation.from_quat(target[joint.frame], scalar_first=True).as_rotvec()
            angle = float(np.linalg.norm(vector))
            axis = vector / angle if angle > 1e-9 else np.array([0.0, 0.0, 1.0])
            action[joint.action] = (angle, *axis)
        else:
            action[joint.action] = target[joint.frame]
    return action
