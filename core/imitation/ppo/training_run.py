"""A training in progress: collect, update, note, checkpoint, until the budget is spent or somebody says stop."""

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.imitation.making import make_evaluation
from core.imitation.mirroring import shift_of_symmetric
from core.imitation.ppo.checkpoints import save_checkpoint
from core.imitation.ppo.collecting import Batch, Collectors, Order
from core.imitation.ppo.curve import cut_back, note
from core.imitation.ppo.evaluating import Evaluation, evaluate
from core.imitation.ppo.folder import RECORD, ROLLOUTS, fingerprint, fingerprints_beside, versions
from core.imitation.ppo.learner import Learner
from core.imitation.ppo.settings import START_NOISE, TrainingSettings
from core.imitation.reference import POLICY_HZ
from core.imitation.starts import Adaptive, Starts, starts_named
from core.motion import HumanoidMotion, Rollout
from core.progress import Progress
from core.run_folder import write_json

_FEW, _MANY, _WIDER = 0.01, 0.02, 0.02
"""With fewer failures a step episodes begin further off, with more than _MANY less far, by _WIDER an iteration."""


@dataclass(frozen=True)
class Trained:
    """What a training came to: `samples` and `seconds` in all, whether the budget is spent (`finished`, else it was
    stopped and may be resumed), the last `evaluation`, and the assist that the last samples were collected with."""

    samples: int
    seconds: float
    finished: bool
    evaluation: Evaluation
    assist: float


class TrainingRun:
    """A training in progress: what learns, what collects, what was noted."""

    def __init__(
        self, reference: HumanoidMotion, settings: TrainingSettings, folder: Path, workers: Collectors
    ) -> None:
        self.reference, self.settings, self.folder, self.workers = reference, settings, folder, workers
        shift = None
        if settings.mirrored:  # where the phase is not seen, a motion in the mirror is one motion more
            shift = 0.0 if settings.beside else shift_of_symmetric(reference)
        self.evaluation_environment = make_evaluation(reference, settings, settings.evaluation_starts)
        self.names = self.evaluation_environment.reward_names
        self.learner = Learner(settings, self.evaluation_environment.observation_size, shift)
        self.starts: Starts = starts_named(settings.starts)
        self.samples, self.seconds = 0, 0.0
        self.width = 0.0
        """How far off the reference episodes begin by now, in START_NOISE."""
        self.last: Evaluation | None = None
        self.last_line: dict[str, Any] = {}
        self.resumed_at: list[int] = []
        self._beside = fingerprints_beside(settings)
        self.is_whole = True
        """Whether what is here may be kept: not in the middle of an update."""

    def close(self) -> None:
        """Give back the engine that evaluations run in."""
        self.evaluation_environment.engine.close()

    def until_spent(
        self, progress: Progress, stop: Callable[[], bool], on_evaluation: Callable[[Rollout, Path], None]
    ) -> Trained:
        """Train until the budget is spent or `stop` says so; a checkpoint closes it, also when `progress` raises
        (but none in the middle of an update)."""
        settings = self.settings
        since = self.seconds
        try:
            while not self.is_spent and not stop():
                begun = time.perf_counter()
                self._iterate()
                self.seconds += time.perf_counter() - begun
                if self.seconds - since >= settings.checkpoint_s:
                    since = self.seconds
                    self._checkpoint(on_evaluation)
                progress(settings.fraction_spent(self.samples, self.seconds), self._message())
        except BaseException:
            if self.is_whole:  # without an evaluation: whoever cancels does not want to wait
                save_checkpoint(self.folder, self.state())
            raise
        if not self.is_spent:  # somebody said stop, and may not have the patience to wait for an evaluation
            save_checkpoint(self.folder, self.state())
        if self.last is None or since != self.seconds:
            self._checkpoint(on_evaluation)
        assert self.last is not None
        return Trained(self.samples, self.seconds, self.is_spent, self.last, self.assist)

    @property
    def is_spent(self) -> bool:
        """Whether the budget has been used up."""
        return self.settings.spent(self.samples, self.seconds)

    @property
    def assist(self) -> float:
        """Share of the full root assist by now."""
        return self.settings.assist_at(self.samples)

    @property
    def start_noise(self) -> tuple[float, float]:
        """rad and m/s: how far off the reference episodes begin by now."""
        return self.width * START_NOISE[0], self.width * START_NOISE[1]

    def _iterate(self) -> None:
        begun = time.perf_counter()
        assist = self.assist
        batch = self.workers.collect(Order(self.learner.actor(), self.starts, assist, self.start_noise))
        collected = time.perf_counter()
        self.is_whole = False
        figures = self.learner.update(batch)
        if isinstance(self.starts, Adaptive):
            self.starts = self.starts.improved(batch.phases, batch.returns)
        self.samples += batch.rewards.size
        self.width = widened(self.width, float(batch.falls.sum() / batch.rewards.size), self.settings.disturbed)
        self.is_whole = True
        took = time.perf_counter() - begun
        self.last_line = {
            "samples": self.samples,
            "seconds": self.seconds + took,
            **_figures(batch, self.names),
            "kl": figures["approx_kl"],
            "clip_fraction": figures["clip_fraction"],
            "explained_variance": figures["explained_variance"],
            "learning_rate": self.learner.learning_rate,
            "samples_per_second": batch.rewards.size / took,
            "collecting": (collected - begun) / took,
            "assist": assist,
            "disturbed": self.width,
        }
        note(self.folder, self.last_line)

    def _checkpoint(self, on_evaluation: Callable[[Rollout, Path], None]) -> None:
        """Evaluate, note it, save the rollout, then the checkpoint."""
        self.last, rollout = evaluate(self.evaluation_environment, self.learner.actor(), self.assist)
        rollout = dataclasses.replace(rollout, seed=self.settings.seed, scale=self.reference.scale)
        path = self.folder / ROLLOUTS / f"{self.samples:010d}.npz"
        rollout.save(path)
        note(
            self.folder,
            {
                "samples": self.samples,
                "seconds": self.seconds,
                "return": self.last.mean_return,
                "return_from_start": self.last.of_first,
                "seconds_up": self.last.seconds_up,
                "share_up": self.last.share_up,
                "horizon_s": self.last.horizon_s,
                "assist": self.last.assist,
                "goal_error": self.last.goal_error,
            },
        )
        save_checkpoint(self.folder, self.state())
        write_json(self.folder / RECORD, self.record())
        on_evaluation(rollout, path)

    def _message(self) -> str:
        line = self.last_line
        up = "" if self.last is None else f", up {self.last.seconds_up:.1f} of {self.last.horizon_s:.0f} s"
        assisted = f", assist {line['assist']:.2f}" if line["assist"] else ""
        return (
            f"{self.samples:,} samples, {line['samples_per_second']:,.0f}/s, reward {line['reward']:.2f}{up}{assisted}"
        )

    # What a checkpoint keeps -----------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """All that the training goes on from."""
        adaptive = self.starts if isinstance(self.starts, Adaptive) else None
        return {
            "motion": fingerprint(self.reference),
            "beside": self._beside,
            "settings": self.settings.to_json(),
            "samples": self.samples,
            "seconds": self.seconds,
            "width": self.width,
            "resumed_at": self.resumed_at,
            "learner": self.learner.state(),
            "collectors": self.workers.states() if self.samples else [],
            "adaptive": {} if adaptive is None else dataclasses.asdict(adaptive),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on as the run whose `state` this was; what came after it in the folder is forgotten."""
        self.samples, self.seconds = state["samples"], state["seconds"]
        self.resumed_at = [*state["resumed_at"], self.samples]
        self.width = state.get("width", 0.0)
        self.learner.restore(state["learner"])
        if self.samples and not (state["collectors"] and self.workers.restore(state["collectors"])):
            # as many processes as before are not to be had; the old seeds would repeat the first episodes
            self.workers.restart(self.samples)
        if state["adaptive"]:
            self.starts = Adaptive(**state["adaptive"])
        cut_back(self.folder, self.samples)
        for path in (self.folder / ROLLOUTS).glob("*.npz"):
            if path.stem.isdecimal() and int(path.stem) > self.samples:
                path.unlink()

    def record(self) -> dict[str, Any]:
        """What training.json says."""
        assert self.last is not None
        return {
            "motion": fingerprint(self.reference),
            "settings": self.settings.to_json(),
            "samples": self.samples,
            "seconds": self.seconds,
            "processes": self.workers.count,
            "resumed_at": self.resumed_at,
            "finished": self.is_spent,
            "evaluation": dataclasses.asdict(self.last),
            "assisted": self.last.assist > 0,
            "versions": versions(),
        }


def widened(width: float, failures: float, most: float) -> float:
    """How far off episodes should begin next, after an iteration in which so many failed a step."""
    if failures < _FEW:
        width += _WIDER
    elif failures > _MANY:
        width -= _WIDER
    return min(most, max(0.0, width))


def _figures(batch: Batch, names: tuple[str, ...]) -> dict[str, Any]:
    return {
        "reward": float(batch.terms.sum(axis=-1).mean()),
        "terms": dict(zip(names, batch.terms.mean(axis=(0, 1)).astype(float).tolist(), strict=True)),
        "failures": float(batch.falls.sum() / batch.rewards.size),
        "episode_s": float(batch.lengths.mean() / POLICY_HZ) if len(batch.lengths) else None,
    }
