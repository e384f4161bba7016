"""What a person chooses for a training, checked."""

import dataclasses
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from core.errors import BadInputError
from core.imitation.environment import EnvironmentSettings
from core.imitation.guided.settings import CloningSettings, ExpertSettings, GuidedSettings
from core.seeds import check_seed

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_Kind = TypeVar("_Kind", bound="DataclassInstance")

ENGINES = ("mujoco", "bullet")
STARTS = ("reference", "adaptive", "beginning")
TASKS = ("", "heading", "target")
STEP_HZ = {"mujoco": 120.0, "bullet": 240.0}
HUMANOIDS = {"mujoco": 256, "bullet": 32}
BATCH, MINIBATCH = 4096, 1024
HIDDEN, HIDDEN_BESIDE = (128, 128), (256, 256)
MOST_UNITS, MOST_BUDGET = 4096, 1e12
"""Of a hidden layer; samples or seconds."""

START_NOISE = 0.1, 0.3
"""rad a degree of freedom and m/s of the root along each axis (standard deviations)."""

CHANGEABLE = ("samples", "seconds", "disturbed", "randomised", "processes", "cluster", "checkpoint_s")
"""Settings that may differ when a training is resumed: how long and where it learns, how far off episodes begin, and
how much humanoids differ."""


@dataclass(frozen=True)
class TrainingSettings:
    """How a policy is trained; the defaults learn an unassisted walk from nothing."""

    samples: int | None = None
    """Budget: policy steps in all, over all resumptions; None has no such limit."""
    seconds: float | None = None
    """Budget: seconds of learning in all, over all resumptions; evaluations come on top. None has no such limit."""
    engine: str = "mujoco"
    """Where it learns: "mujoco" or "bullet"."""
    step_hz: float = 0.0
    """Simulation steps a second; 0 takes 120 for MuJoCo (integrated implicitly) and 240 for Bullet."""
    seed: int = 0
    """Seed of everything random."""
    processes: int = 0
    """Processes that collect, this one included; 0 takes as many as there are cores."""
    cluster: str = ""
    """Where they collect: "" on this machine; else a Ray cluster by its address ("auto": the one that this machine is
    part of; "local": one of this machine's cores, for trying it)."""
    humanoids: int = 0
    """Humanoids in all, shared out over the processes; 0 takes 256 for MuJoCo, which shares work among them, and 32 for
    Bullet, which does not."""
    steps: int = 0
    """Policy steps of each humanoid between two updates; 0 takes what makes 4,096 samples of an iteration."""
    environment: EnvironmentSettings = field(default_factory=EnvironmentSettings)
    """How imitation is posed."""
    hidden: tuple[int, ...] = ()
    """Units of the hidden layers (ReLU) of both networks, which share nothing; () takes `HIDDEN` or `HIDDEN_BESIDE`."""
    minibatch: int = 0
    """Samples a gradient step; 0 takes 1,024, or the whole batch where that is smaller."""
    epochs: int = 4
    """Passes over a batch."""
    gamma: float = 0.95
    """Discount a policy step."""
    gae_lambda: float = 0.95
    """Lambda of GAE and of TD(lambda)."""
    clip: float = 0.2
    """PPO's clip range of the probability ratio."""
    learning_rate: float = 1e-4
    """Adam's, at the beginning; then it follows the KL rule."""
    kl: float = 0.02
    """An update that moves the policy by more than twice this KL divergence lowers the learning rate by a third; less
    than half of it raises it by a half, within 1e-5 and 1e-3."""
    std: float = 0.2
    """Standard deviation of actions while learning; constant."""
    vf_coef: float = 0.5
    """Weight of the value function's loss beside the policy's."""
    starts: str = "reference"
    """Where episodes begin: "reference" (anywhere in the motion), "adaptive" (SFV's learned distribution) or
    "beginning"."""
    disturbed: float = 0.0
    """How far off the reference episodes begin at most, in START_NOISE; more and more as few fail."""
    mirrored: bool = False
    """Learn from each sample twice, as it is and in the mirror (`ppo.doubling`); for a motion that is its own mirror
    image half a cycle later, or with others beside; without a task."""
    half_cycle: bool = False
    """A policy for half a cycle that does the other half in the mirror (`core.imitation.half_cycle`); for a motion that
    is its own mirror image half a cycle later."""
    beside: tuple[str, ...] = ()
    """Other motions, clips by name or files, that the same policy learns to track; it then does not see the phase."""
    randomised: float = 0.0
    """How much the humanoids that are learned with differ from the true one, 0 to 1 (`core.physics.variation`); MuJoCo
    only. Evaluations are of the true one."""
    task: str = ""
    """A goal beside imitation: "heading", "target", or none."""
    task_weight: float = 0.3
    """w_G of r = (1 - w_G) imitation + w_G goal, with a task."""
    assist: float = 0.0
    """Share of the full root assist at the beginning, 0 to 1; 0 never assists."""
    assist_samples: int = 1_000_000
    """The assist falls to zero in a straight line over this many samples."""
    guided: GuidedSettings | None = None
    """The head start of a guided training (`core.imitation.guided`, see `settings_for`); None learns from nothing."""
    checkpoint_s: float = 60.0
    """Seconds between checkpoints, each with an evaluation."""
    evaluation_starts: int = 16
    """Humanoids of an evaluation; they start evenly over the motion."""

    def __post_init__(self) -> None:
        _expect(self.engine in ENGINES, f"The engine should be {' or '.join(ENGINES)}, but is {self.engine!r}.")
        _expect(self.starts in STARTS, f"Starts should be one of {', '.join(STARTS)}, but are {self.starts!r}.")
        _expect(self.task in TASKS, f"The task should be heading or target (or none), but is {self.task!r}.")
        for name in ("samples", "seconds"):
            budget = getattr(self, name)
            _expect(
                budget is None or 0 < budget <= MOST_BUDGET,
                f"The budget in {name} should be above zero, {MOST_BUDGET:g} at most, but is {str(budget)[:40]}.",
            )
        _expect(
            self.samples is not None or self.seconds is not None, "A training should have a budget: seconds or samples."
        )
        for name, default in (("step_hz", STEP_HZ[self.engine]), ("humanoids", HUMANOIDS[self.engine])):
            object.__setattr__(self, name, getattr(self, name) or default)
        object.__setattr__(self, "hidden", self.hidden or (HIDDEN_BESIDE if self.beside else HIDDEN))
        _expect(
            all(1 <= units <= MOST_UNITS for units in self.hidden),
            f"Hidden layers should have 1 to {MOST_UNITS} units each, but have {', '.join(map(str, self.hidden))}.",
        )
        object.__setattr__(self, "steps", self.steps or max(2, BATCH // self.humanoids))
        _expect(self.processes >= 0, f"Processes should be 1 or more (0: all cores), but are {self.processes}.")
        _expect(
            self.humanoids >= 1 and self.steps >= 2,
            f"There should be a humanoid and two steps at least, but there are {self.humanoids} and {self.steps}.",
        )
        object.__setattr__(self, "minibatch", self.minibatch or min(MINIBATCH, self.batch))
        _expect(
            2 <= self.minibatch <= self.batch,
            f"The minibatch should be between 2 and the batch of {self.batch}, but is {self.minibatch}.",
        )
        _expect(
            not self.assist or self.engine == "mujoco",
            f"A root assist is to be had in mujoco only, but the engine is {self.engine}.",
        )
        _expect(
            self.guided is None or not (self.engine != "mujoco" or self.task or self.assist or self.beside),
            "A guided training is to be had in mujoco, without a task, without an assist of its own and without other "
            "motions beside. Take the way ppo for another.",
        )
        _expect(
            not (self.mirrored and self.task),
            f"Mirrored samples are to be had without a task, but the task is {self.task}.",
        )
        _expect(
            not self.randomised or self.engine == "mujoco",
            f"Randomised humanoids are to be had in mujoco only, but the engine is {self.engine}.",
        )
        _expect(0 < self.gamma < 1, f"gamma should be between 0 and 1, but is {self.gamma}.")
        _expect(0 <= self.disturbed <= 3, f"disturbed should be between 0 and 3, but is {self.disturbed}.")
        for name in ("step_hz", "epochs", "clip", "learning_rate", "kl", "std", "evaluation_starts"):
            value = getattr(self, name)
            _expect(0 < value < math.inf, f"{name} should be above zero, but is {value}.")
        for name in ("randomised", "assist", "task_weight"):
            share = getattr(self, name)
            _expect(0 <= share <= 1, f"{name} should be between 0 and 1, but is {share}.")
        _expect(
            math.isfinite(self.checkpoint_s) and self.checkpoint_s > 0,
            f"checkpoint_s should be above zero and finite, but is {self.checkpoint_s}.",
        )
        _expect(
            not self.half_cycle or not (self.task or self.mirrored or self.beside or self.guided is not None),
            "A policy for half a cycle is to be had without a task, mirrored samples and motions beside, and not the "
            "guided way. Leave out --half-cycle or the other.",
        )
        _expect(not (self.beside and self.task), "Other motions beside cannot be had with a task. Leave out one.")
        if self.beside:
            object.__setattr__(self, "environment", dataclasses.replace(self.environment, phase=False))
        check_seed(self.seed)

    @property
    def batch(self) -> int:
        """Samples an iteration."""
        return self.humanoids * self.steps

    def spent(self, samples: int, seconds: float) -> bool:
        """Whether the budget has been used up by so many samples and seconds."""
        return self.fraction_spent(samples, seconds) >= 1.0

    def fraction_spent(self, samples: int, seconds: float) -> float:
        """0 to 1: how much of the budget has been used up."""
        parts = [samples / self.samples if self.samples else 0.0, seconds / self.seconds if self.seconds else 0.0]
        return min(1.0, max(parts))

    def assist_at(self, samples: int) -> float:
        """Share of the full root assist after so many samples."""
        return self.assist * max(0.0, 1.0 - samples / max(1, self.assist_samples))

    def to_json(self) -> dict[str, Any]:
        """The settings as plain JSON; infinity, which JSON has not, as null."""
        return _finite(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "TrainingSettings":
        """The settings from `to_json`; unknown names are refused."""
        values = dict(content)
        if isinstance(values.get("environment"), dict):
            limits: dict[str, Any] = {k: math.inf if v is None else v for k, v in values["environment"].items()}
            values["environment"] = _made(EnvironmentSettings, limits)
        if isinstance(values.get("guided"), dict):
            parts = dict(values["guided"])
            kinds = {"expert": ExpertSettings, "cloning": CloningSettings}
            made = {k: _made(kinds[k], v) if k in kinds and isinstance(v, dict) else v for k, v in parts.items()}
            values["guided"] = _made(GuidedSettings, made)
        for name in ("hidden", "beside"):
            if name in values:
                values[name] = tuple(values[name])
        return _made(cls, values)


def _made(kind: type[_Kind], values: dict[str, Any]) -> _Kind:
    known = {f.name for f in dataclasses.fields(kind)}
    if unknown := set(values) - known:
        raise BadInputError(
            f"Settings of a training should be among {', '.join(sorted(known))}, but there is "
            f"{', '.join(sorted(unknown))}."
        )
    return kind(**values)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, tuple):
        return list(value)
    return None if isinstance(value, float) and math.isinf(value) else value


def _expect(fits: bool, sentence: str) -> None:
    if not fits:
        raise BadInputError(sentence)
