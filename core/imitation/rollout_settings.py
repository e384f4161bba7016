"""How policies are run: for how long, where, from which starts, with which goals."""

from dataclasses import dataclass

import numpy as np

from core.errors import BadInputError
from core.imitation.goals import Goals, direction
from core.imitation.policy import Policy
from core.imitation.reference import POLICY_HZ
from core.seeds import check_seed

ENGINES = ("auto", "bullet", "mujoco")


@dataclass(frozen=True)
class RolloutSettings:
    """How policies are run.

    `seconds`: the horizon; a motion that does not loop ends it earlier. `engine`: "auto" is the one that the policy was
    learned in. `reward`: "code" (which DeepMimic's checkpoints maximised) or "paper" (`core.imitation.rewards`).
    `starts`: how many humanoids try a motion that loops; the first begins at phase 0, the others at phases drawn with
    `seed`. A motion that ends is tried once, from its beginning.
    `after_fall_s`: how long a rollout goes on being shown after the fall. `supports` [S,6] m: boxes (min xyz, max xyz)
    that stand fast. Of policies with a task: `heading_deg`, the direction to keep (degrees to the left of straight
    ahead), or `target` m, the place to go to (ahead, and to the right, of where a humanoid begins); without them goals
    are drawn with `seed` and change in time.
    """

    seconds: float = 20.0
    engine: str = "auto"
    reward: str = "code"
    starts: int = 1
    seed: int = 0
    after_fall_s: float = 1.0
    supports: tuple[tuple[float, ...], ...] = ()
    heading_deg: float | None = None
    target: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise BadInputError(f"The engine should be one of {', '.join(ENGINES)}, but is {self.engine!r}.")
        if self.reward not in ("paper", "code"):
            raise BadInputError(f'A reward should be "paper" or "code", but is {self.reward!r}.')
        if not 1 / POLICY_HZ <= self.seconds <= 600:
            raise BadInputError(f"A rollout should last up to 600 s, but is to last {self.seconds:g} s.")
        if not 1 <= self.starts <= 256:
            raise BadInputError(f"A rollout should be tried 1 to 256 times, but is to be tried {self.starts} times.")
        check_seed(self.seed)


def goals_of(policy: Policy, n: int, settings: RolloutSettings) -> Goals | None:
    """The goals that `settings` set, or draw, where the policy has a task; `BadInputError` where they do not fit it."""
    how, given = policy.conventions, {"heading": settings.heading_deg, "target": settings.target}
    for task, goal in given.items():
        if goal is not None and how.task != task:
            learned = f"the task {how.task}" if how.task else "none"
            raise BadInputError(
                f"Who is given a {task} should have learned that task; {policy.name} learned {learned}."
            )
        if goal is not None and not np.isfinite(goal).all():
            raise BadInputError(f"A {task} should be finite, but is {goal}.")
    if not how.task:
        return None
    fixed = None
    if settings.heading_deg is not None:
        fixed = direction(settings.heading_deg)
    if settings.target is not None:
        fixed = np.array([settings.target[0], 0.0, settings.target[1]])
    return Goals(how.task, n, how.speed, np.random.default_rng((settings.seed, 1)), fixed)
