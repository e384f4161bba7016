"""Imitation as an environment: n humanoids, one policy step at a time, everything batched.

Actions are *residual*: the muscles are pulled to the reference a little ahead, led by its velocity (PD damping acts on
the whole velocity; kd/kp = 0.1 s cancels it), and the action turns each target on. Doing nothing already half imitates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import BadInputError
from core.humanoid.actions import turned
from core.imitation import rewards, rewards_of_code
from core.imitation.observations import OBSERVATION_SIZE, observe
from core.imitation.reference import POLICY_HZ, TICKS_A_STEP, Kinematics, ReferenceTable, kinematics_of
from core.imitation.repertoire import Repertoire
from core.imitation.starts import Anywhere, Beginning, Starts
from core.imitation.terminations import bodies_kept_off_the_ground, deviated, fallen
from core.motion import HumanoidMotion
from core.physics.engine import Engine
from core.physics.mujoco_engine import MujocoEngine
from core.physics.root_assist import RootAssist

Array = np.ndarray

ACTION_SIZE = 28


@dataclass(frozen=True)
class EnvironmentSettings:
    """How imitation is posed.

    `reward`: "paper" or "code" (DeepMimic's two definitions). `action_scale` rad per unit of action. `lead_s`,
    `ahead_s`: see `ReferenceTable`. `most_way_m`, `most_pose_m`: see `deviated`; infinity switches it off. `falls`: end
    at contact of a body that the reference keeps off the ground. `most_steps`: policy steps (1/30 s) an episode lasts.
    `random_start`: start anywhere in the motion (reference state initialisation), else at its beginning. `restarts`:
    whoever has ended starts anew at once; without it they go on as they are (for evaluations). `phase`: the policy
    sees how far into the motion it is; without it, it goes by where the reference goes next alone.
    """

    reward: str = "paper"
    action_scale: float = 0.4
    lead_s: float = 0.1
    ahead_s: float = 1.0 / 60
    most_way_m: float = 0.6
    most_pose_m: float = 0.25
    falls: bool = True
    most_steps: int = 600
    random_start: bool = True
    restarts: bool = True
    phase: bool = True


@dataclass(frozen=True)
class Outcome:
    """What a step brought.

    `observations` [n,O] to act on (of the new episode where one ended), `rewards` [n], `reward_terms` [n,R],
    `terminated` [n] (fell, strayed or flew apart: no reward, no future), `truncated` [n] (time or the motion is up: the
    future would be worth V(`last_observations`)), `last_observations` [n,O] before any reset.
    """

    observations: Array
    rewards: Array
    reward_terms: Array
    terminated: Array
    truncated: Array
    last_observations: Array


class ImitationEnvironment:
    """`engine.n` humanoids that imitate one reference; same seed, same engine, same numbers."""

    def __init__(
        self,
        reference: HumanoidMotion | Sequence[HumanoidMotion],
        engine: Engine,
        settings: EnvironmentSettings | None = None,
        seed: int | tuple[int, ...] = 0,
    ) -> None:
        """Several references: each humanoid imitates one of them, another one every episode (`Repertoire`)."""
        self.settings = settings or EnvironmentSettings()
        if self.settings.reward not in ("paper", "code"):
            raise BadInputError(f'A reward should be "paper" or "code", but is {self.settings.reward!r}.')
        if engine.settings.step_hz % POLICY_HZ:
            raise BadInputError(
                f"The engine should take a whole number of steps a policy step (1/{POLICY_HZ} s), but takes "
                f"{engine.settings.step_hz:g} a second."
            )
        self.engine = engine
        self.n = engine.n
        times = self.settings.lead_s, self.settings.ahead_s
        if isinstance(reference, HumanoidMotion):
            self.reference = ReferenceTable(reference, *times)
        else:
            self.reference = Repertoire(reference, *times)
        self.must_not_touch = bodies_kept_off_the_ground(self.reference)
        self.reward_names = rewards.NAMES if self.settings.reward == "paper" else rewards_of_code.NAMES
        self.starts: Starts = Anywhere() if self.settings.random_start else Beginning()
        """Where episodes begin; may be exchanged at any time."""
        self.assist = 0.0
        """Share of the root assist (`core.physics.root_assist`), 0 to 1; may be changed at any time."""
        self.start_noise = 0.0, 0.0
        """rad and m/s: how far off the reference episodes begin (see `disturb`); may be changed at any time."""
        self.ticks = np.zeros(self.n, int)
        self.steps = np.zeros(self.n, int)
        self.start_phases = np.zeros(self.n)
        self.observation_size = OBSERVATION_SIZE
        self._helped = False
        self._substeps = round(engine.settings.step_hz / POLICY_HZ)
        self._random = np.random.default_rng(seed)

    def reset(self) -> Array:
        """Start all anew; the observations [n,O]."""
        return self.restart(np.arange(self.n))

    def restart(self, which: Array) -> Array:
        """Start humanoids `which` [k] anew; their observations [k,O]."""
        return self._observe(self._start(which), which)

    def step(self, actions: Array) -> Outcome:
        """One policy step with `actions` [n,28] (per degree of freedom, of spherical joints a rotation vector)."""
        if actions.shape != (self.n, ACTION_SIZE) or not np.isfinite(actions).all():
            raise BadInputError(f"Actions should be finite numbers [{self.n},{ACTION_SIZE}], but are {actions.shape}.")
        self._help_root()
        self.engine.step(self.targets(actions), self._substeps)
        self.ticks += TICKS_A_STEP
        self.steps += 1
        everyone = np.arange(self.n)
        now, wanted = self.look(), self._wanted(self.ticks, everyone)
        terms = self._terms(now, wanted)
        terminated = self._failed(now, wanted)
        truncated = ~terminated & ((self.steps >= self.settings.most_steps) | self.reference.ended(self.ticks))
        terms[terminated] = 0.0
        self._moved_on(now)
        last = self._observe(now, everyone)
        observations = last
        over = np.flatnonzero(terminated | truncated)
        if len(over) and self.settings.restarts:
            observations = last.copy()
            observations[over] = self.restart(over)
        return Outcome(observations, terms.sum(axis=1), terms, terminated, truncated, last)

    def targets(self, actions: Array) -> Array:
        """[n,36]: what the muscles pull to under `actions` [n,28]."""
        return turned(self.reference.targets(self.ticks), self.settings.action_scale * actions)

    def disturb(self, random: np.random.Generator, joints_rad: float, root_speed: float) -> Array:
        """Turn every degree of freedom by a normal deviation of `joints_rad`, push every root by one of `root_speed`
        m/s an axis; the observations [n,O] then."""
        frames, velocities = self.engine.frames()
        _disturb(frames, velocities, random, joints_rad, root_speed)
        everyone = np.arange(self.n)
        self.engine.set_states(everyone, frames, velocities)
        return self._observe(self.look(), everyone)

    def reseed(self, seed: tuple[int, ...]) -> None:
        """Draw what follows from another seed."""
        self._random.bit_generator.state = np.random.default_rng(seed).bit_generator.state

    def state(self) -> dict[str, Any]:
        """All that what follows depends on: arrays, and "random", the generator's state as JSON."""
        return {
            "engine": self.engine.save(),
            "ticks": self.ticks.copy(),
            "steps": self.steps.copy(),
            "start_phases": self.start_phases.copy(),
            "random": self._random.bit_generator.state,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on as the environment (of as many humanoids) whose `state` this was, to the last bit."""
        self.engine.restore(np.arange(self.n), state["engine"])
        self.ticks, self.steps = state["ticks"].astype(int), state["steps"].astype(int)
        self.start_phases = state["start_phases"].copy()
        self._random.bit_generator.state = state["random"]

    def _start(self, which: Array) -> Kinematics:
        self.start_phases[which] = self.starts.draw(self._random, len(which))
        self.ticks[which] = self.reference.ticks_at(self.start_phases[which])
        self.steps[which] = 0
        at = self.reference.at(self.ticks[which])
        if any(self.start_noise):
            _disturb(at.frames, at.velocities, self._random, *self.start_noise)
            self.engine.set_states(which, at.frames, at.velocities)
            return kinematics_of(at.frames, at.velocities)
        self.engine.set_states(which, at.frames, at.velocities)
        return at  # the humanoids are where the reference is: no need to look

    def _wanted(self, ticks: Array, which: Array) -> Kinematics:
        """Where the reference of humanoids `which` [k] is at `ticks` [k]; tasks move it."""
        return self.reference.at(ticks)

    def _moved_on(self, now: Kinematics) -> None:
        """After a step, before what is to be done next is seen: for tasks."""

    def _help_root(self) -> None:
        if self.assist <= 0 and not self._helped:
            return
        if not isinstance(self.engine, MujocoEngine):
            raise BadInputError(f"A root assist is to be had in mujoco only, but the engine is {self.engine.name}.")
        self._helped = self.assist > 0
        ahead = self._wanted(self.ticks + TICKS_A_STEP, np.arange(self.n))
        help_given = RootAssist(ahead.frames, ahead.velocities, self.assist)
        self.engine.assist_root(help_given if self._helped else None)

    @property
    def assist_wrench(self) -> Array:
        """[n,6] N, N m: what the assist did during the last step, in the world, about the root's centre; a mean."""
        return self.engine.assist_wrench() if isinstance(self.engine, MujocoEngine) else np.zeros((self.n, 6))

    def look(self) -> Kinematics:
        """How the humanoids stand and move."""
        frames, velocities = self.engine.frames()
        bodies = self.engine.bodies()
        return Kinematics(
            frames, velocities, bodies.positions, bodies.rotations, bodies.velocities, bodies.angular_velocities
        )

    def _observe(self, now: Kinematics, which: Array) -> Array:
        ticks = self.ticks[which]
        phase = self.reference.phase(ticks) if self.settings.phase else np.zeros(len(ticks))
        return observe(now, self._wanted(ticks + TICKS_A_STEP, which), phase)

    def _terms(self, now: Kinematics, wanted: Kinematics) -> Array:
        if self.settings.reward == "code":
            return rewards_of_code.imitation_terms(now, wanted)
        ours, theirs = (rewards.Performance(k.frames, k.velocities, k.positions) for k in (now, wanted))
        return rewards.imitation_terms(ours, theirs)

    def _failed(self, now: Kinematics, wanted: Kinematics) -> Array:
        failed = ~self.engine.intact() | deviated(now, wanted, self.settings.most_way_m, self.settings.most_pose_m)
        if self.settings.falls:
            failed |= fallen(self.engine.contact_forces(), self.must_not_touch)
        return failed


def _disturb(
    frames: Array, velocities: Array, random: np.random.Generator, joints_rad: float, root_speed: float
) -> None:
    """Turn joints and push roots of `frames` [k,43] and `velocities` [k,34], in place."""
    frames[:, 7:] = turned(frames[:, 7:], joints_rad * random.standard_normal((len(frames), ACTION_SIZE)))
    velocities[:, :3] += root_speed * random.standard_normal((len(frames), 3))


__all__ = ["ACTION_SIZE", "OBSERVATION_SIZE", "EnvironmentSettings", "ImitationEnvironment", "Outcome"]
