"""Goals beside imitation: walk in a direction that changes, or to places.

r = (1 - w) r_I + w r_G, as DeepMimic adds a task (Peng et al. 2018a, equation 2).
"""

from typing import Any

import numpy as np

from core.imitation.environment import OBSERVATION_SIZE, EnvironmentSettings, ImitationEnvironment
from core.imitation.goals import GOAL_SIZE, TASKS, Goals, speed_of
from core.imitation.reference import Kinematics
from core.motion import HumanoidMotion
from core.physics.engine import Engine

Array = np.ndarray


class TaskEnvironment(ImitationEnvironment):
    """Imitation with a goal, "heading" or "target"; observations end in what is seen of the goal [3]
    (`core.imitation.goals.Goals.seen`); the speed wanted is the reference's own."""

    def __init__(
        self, reference: HumanoidMotion, engine: Engine, settings: EnvironmentSettings, seed: int | tuple[int, ...],
        task: str, weight: float,
    ) -> None:  # fmt: skip
        super().__init__(reference, engine, settings, seed)
        self.goals = Goals(task, self.n, speed_of(self.reference), self._random)
        self.weight = weight
        self.reward_names = (*self.reward_names, "goal")
        self.observation_size = OBSERVATION_SIZE + GOAL_SIZE

    def state(self) -> dict[str, Any]:
        """See `ImitationEnvironment`."""
        return super().state() | self.goals.state()

    def restore(self, state: dict[str, Any]) -> None:
        """See `ImitationEnvironment`."""
        super().restore(state)
        self.goals.restore(state)

    def _start(self, which: Array) -> Kinematics:
        at = super()._start(which)
        self.goals.begin(which, at)
        return at

    def _wanted(self, ticks: Array, which: Array) -> Kinematics:
        return self.goals.moved(super()._wanted(ticks, which), which)

    def _moved_on(self, now: Kinematics) -> None:
        self.goals.follow(now, self.reference.at(self.ticks))

    def _observe(self, now: Kinematics, which: Array) -> Array:
        return np.concatenate([super()._observe(now, which), self.goals.seen(now, which)], axis=1)

    def _terms(self, now: Kinematics, wanted: Kinematics) -> Array:
        goal = self.goals.rewards(now)
        imitation = super()._terms(now, wanted)
        return np.concatenate([(1 - self.weight) * imitation, self.weight * goal[:, None]], axis=1)


__all__ = ["TASKS", "TaskEnvironment"]
