"""Whole rollouts of a share of the humanoids: what one process, thread or machine contributes to an iteration."""

from dataclasses import dataclass, fields
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np

from core.imitation.environment import ACTION_SIZE
from core.imitation.making import make_environment
from core.imitation.ppo.networks import Actor, clipped
from core.imitation.ppo.settings import TrainingSettings
from core.imitation.starts import Starts
from core.motion import HumanoidMotion

Array = np.ndarray


@dataclass(frozen=True)
class Order:
    """What to collect with: the policy, where episodes begin, how much the root is assisted (0 to 1), how far off the
    reference episodes begin (rad, m/s)."""

    actor: Actor
    starts: Starts
    assist: float
    start_noise: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Batch:
    """S steps of n humanoids, float32 unless said otherwise.

    `raw` [S,n,O] observations, `observations` [S,n,O] normalised, `actions` [S,n,A] (unclipped), `rewards` [S,n] (with
    gamma V added where time was up), `terms` [S,n,R], `values`, `log_probs` [S,n], `episode_starts` [S,n]: 1 where
    the step was the first of an episode, `last_values` [n] and `last_dones` [n] of what follows. Of the episodes that
    ended: `phases` [E] where they began, `lengths` [E] steps, `returns` [E] summed rewards, `falls` [E] 1 if failed.
    """

    raw: Array
    observations: Array
    actions: Array
    rewards: Array
    terms: Array
    values: Array
    log_probs: Array
    episode_starts: Array
    last_values: Array
    last_dones: Array
    phases: Array
    lengths: Array
    returns: Array
    falls: Array


_COLUMNS = ("raw", "observations", "actions", "rewards", "terms", "values", "log_probs", "episode_starts")


def joined(parts: list[Batch]) -> Batch:
    """The batches of several collectors as one: their humanoids side by side."""
    if len(parts) == 1:
        return parts[0]

    def axis(name: str) -> int:
        return 1 if name in _COLUMNS else 0

    return Batch(**{f.name: np.concatenate([getattr(p, f.name) for p in parts], axis(f.name)) for f in fields(Batch)})


class Collectors(Protocol):
    """Several collectors that hold all humanoids together; a context manager that ends them."""

    count: int

    def collect(self, order: Order) -> Batch:
        """An iteration's batch; `settings.steps` steps of all humanoids."""

    def states(self) -> list[dict[str, Any]]:
        """Each collector's state."""

    def restore(self, states: list[dict[str, Any]]) -> bool:
        """Go on from `states`; False where they are of another number of collectors (episodes then begin anew)."""

    def restart(self, salt: int) -> None:
        """Have all begin new episodes, with random numbers that follow from `salt`."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Collector:
    """A share of the humanoids; `part` of `parts` names which, and seeds its own random numbers."""

    def __init__(self, reference: HumanoidMotion, settings: TrainingSettings, part: int, parts: int) -> None:
        self.settings, self._part = settings, part
        n = share(settings.humanoids, part, parts)
        self.environment = make_environment(reference, settings, n, seed=(settings.seed, part))
        self._noise = np.random.default_rng((settings.seed, part, 1))
        self._observations: Array | None = None
        self._began = np.ones(n, np.float32)
        self._sums = np.zeros(n)

    def collect(self, order: Order) -> Batch:
        """The next `settings.steps` steps of every humanoid."""
        environment, actor = self.environment, order.actor
        environment.starts, environment.assist = order.starts, order.assist
        environment.start_noise = order.start_noise
        if self._observations is None:
            self._observations = environment.reset()
        steps, episodes = [], []
        std = np.exp(actor.log_std)
        for _ in range(self.settings.steps):
            seen = actor.normalised(self._observations)
            means, values = actor.means(seen), actor.values(seen)
            noise = self._noise.standard_normal((environment.n, ACTION_SIZE), dtype=np.float32)
            actions = means + std * noise
            phases, lengths = environment.start_phases.copy(), environment.steps + 1
            outcome = environment.step(clipped(actions))
            rewards = outcome.rewards.copy()
            self._sums += rewards
            over = outcome.terminated | outcome.truncated
            if over.any():
                episodes.append(np.stack([phases[over], lengths[over], self._sums[over], outcome.terminated[over]]))
                self._sums[over] = 0.0
            if outcome.truncated.any():
                ends = actor.normalised(outcome.last_observations[outcome.truncated])
                # values are of rewards times (1 - gamma)
                rewards[outcome.truncated] += self.settings.gamma / (1 - self.settings.gamma) * actor.values(ends)
            steps.append(
                (self._observations, seen, actions, rewards, outcome.reward_terms, values,
                 actor.log_probabilities(actions, means), self._began)
            )  # fmt: skip
            self._observations, self._began = outcome.observations, over.astype(np.float32)
        columns = zip(_COLUMNS, zip(*steps, strict=True), strict=True)
        of_steps = {name: np.stack(each).astype(np.float32) for name, each in columns}
        ended = np.concatenate(episodes, axis=1) if episodes else np.zeros((4, 0))
        last_values = actor.values(actor.normalised(self._observations))
        phases, lengths, returns, falls = ended
        return Batch(
            **of_steps, last_values=last_values, last_dones=self._began,
            phases=phases, lengths=lengths, returns=returns, falls=falls,
        )  # fmt: skip

    def state(self) -> dict[str, Any]:
        """All that the next `collect` depends on: arrays, and the random generators' states as JSON."""
        return {
            **self.environment.state(),
            "noise": self._noise.bit_generator.state,
            "observations": self._observations,
            "began": self._began,
            "sums": self._sums,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on as the collector whose `state` this was."""
        self.environment.restore(state)
        self._noise.bit_generator.state = state["noise"]
        self._observations = state["observations"]
        self._began, self._sums = state["began"].astype(np.float32), state["sums"].copy()

    def restart(self, salt: int) -> None:
        """Begin new episodes, with random numbers that follow from `salt` and are not those of the beginning."""
        seed = (self.settings.seed, self._part, salt)
        self.environment.reseed((*seed, 3))
        self._noise = np.random.default_rng((*seed, 4))
        self._observations = None
        self._began[:], self._sums[:] = 1.0, 0.0

    def close(self) -> None:
        """Give the engine back."""
        self.environment.engine.close()


def share(n: int, part: int, parts: int) -> int:
    """How many of `n` humanoids `part` of `parts` has."""
    return n // parts + (part < n % parts)
