"""How good a policy is: without noise, from everywhere in the motion, zeros after the fall."""

from dataclasses import dataclass

import numpy as np

from core.humanoid.actions import actions_from_targets
from core.imitation.environment import ImitationEnvironment
from core.imitation.ppo.networks import Actor, clipped
from core.imitation.reference import POLICY_HZ, TICKS_A_STEP
from core.imitation.starts import Evenly
from core.imitation.tasks import TaskEnvironment
from core.motion import Rollout

Array = np.ndarray

_LYING_STEPS = 30
"""So many steps after everybody has failed an evaluation ends."""


@dataclass(frozen=True)
class Evaluation:
    """`mean_return`: mean reward of a step over the full horizon, zeros after a failure, over all starts; `of_first`:
    the same of the humanoid that starts at the motion's beginning. `seconds_up`: mean time to failure, the horizon
    where there was none; `share_up` of the starts that never failed; `horizon_s`: mean length of a full episode;
    `assist`: share of the root assist under which all this was measured; `goal_error`: with a task, how far off its
    goal a humanoid is on average while it is up (heading: rad; target: m)."""

    mean_return: float
    of_first: float
    seconds_up: float
    share_up: float
    horizon_s: float
    assist: float
    goal_error: float | None = None


@dataclass(frozen=True)
class Disturbance:
    """Of the start: normal deviations of every degree of freedom and of the root's velocity along each axis."""

    joints_rad: float = 0.1
    root_speed: float = 0.3
    seed: int = 0


def evaluate(
    environment: ImitationEnvironment, actor: Actor, assist: float = 0.0, disturbance: Disturbance | None = None
) -> tuple[Evaluation, Rollout]:
    """Let all humanoids of `environment` (one without restarts) act without noise from starts spread evenly.

    The rollout is that of the first one, who starts at the beginning; it goes on a second after everybody has failed.
    """
    environment.starts, environment.assist = Evenly(), assist
    observations = environment.reset()
    if disturbance is not None:
        random = np.random.default_rng(disturbance.seed)
        observations = environment.disturb(random, disturbance.joints_rad, disturbance.root_speed)
    horizon = _horizons(environment)
    up_for, rewards, off = np.zeros(environment.n), np.zeros(environment.n), 0.0
    up = np.ones(environment.n, bool)
    notes = _Notes(environment)
    lying = 0
    for step in range(horizon.max()):
        actions = clipped(actor.means(actor.normalised(observations)))
        notes.before(actions)
        outcome = environment.step(actions)
        observations = outcome.observations
        up &= ~outcome.terminated | (step >= horizon)
        counting = up & (step < horizon)
        up_for += counting
        rewards += np.where(counting, outcome.rewards, 0.0)
        if isinstance(environment, TaskEnvironment):
            off += float(environment.goals.errors[counting].sum())
        if step < horizon[0]:
            notes.after(outcome.reward_terms[0] if up[0] else np.zeros(len(environment.reward_names)))
        lying += not up.any()
        if lying > _LYING_STEPS:
            break
    figures = Evaluation(
        float(rewards.sum() / horizon.sum()),
        float(rewards[0] / horizon[0]),
        float(up_for.mean() / POLICY_HZ),
        float(up.mean()),
        float(horizon.mean() / POLICY_HZ),
        assist,
        off / max(1.0, float(up_for.sum())) if isinstance(environment, TaskEnvironment) else None,
    )
    return figures, notes.rollout(float(up_for[0]) / POLICY_HZ if not up[0] else float("nan"), assist, horizon[0])


def _horizons(environment: ImitationEnvironment) -> Array:
    """[n] steps that a full episode lasts from where each humanoid starts."""
    most = np.full(environment.n, environment.settings.most_steps)
    if environment.reference.loop:
        return most
    left = -((environment.ticks - environment.reference.length) // TICKS_A_STEP)
    return np.clip(left, 1, most)


class _Notes:
    """What the first humanoid does, step by step: the state at the beginning of a step, and what acted during it."""

    def __init__(self, environment: ImitationEnvironment) -> None:
        self.environment = environment
        self.rows: list[tuple[Array, ...]] = []
        self.acted: list[tuple[Array, ...]] = []

    def before(self, actions: Array) -> None:
        environment = self.environment
        bodies = environment.engine.bodies()
        targets = environment.targets(actions)[0]
        self.rows.append((bodies.positions[0], bodies.rotations[0], actions_from_targets(targets)))

    def after(self, terms: Array) -> None:
        engine = self.environment.engine
        wrench = self.environment.assist_wrench[0].copy()
        self.acted.append((engine.torques()[0].copy(), engine.contact_forces()[0].copy(), wrench, terms))

    def rollout(self, fell_s: float, assist: float, horizon: int) -> Rollout:
        environment = self.environment
        n = len(self.acted)
        positions, rotations, actions = (np.stack(each) for each in zip(*self.rows[:n], strict=True))
        torques, contacts, wrench, terms = (np.stack(each) for each in zip(*self.acted, strict=True))
        return Rollout(
            fps=float(POLICY_HZ),
            times=np.arange(n) / POLICY_HZ,
            body_positions=positions,
            body_rotations=rotations,
            actions=actions,
            joint_torques=torques,
            contact_forces=contacts,
            residual_wrench=wrench,
            reward_terms=terms,
            reward_names=environment.reward_names,
            engine=environment.engine.name,
            tracker="policy, assisted" if assist else "policy",
            time_to_fall_s=fell_s,
            horizon_s=horizon / POLICY_HZ,
        )
