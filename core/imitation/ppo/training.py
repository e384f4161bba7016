"""The run of a training: collect, update, note, checkpoint, until the budget is spent or somebody says stop."""

import contextlib
import dataclasses
import fcntl
import hashlib
import importlib.metadata
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core.errors import BadInputError
from core.imitation.making import make_evaluation
from core.imitation.ppo.checkpoints import has_checkpoint, load_checkpoint, save_checkpoint
from core.imitation.ppo.collecting import Batch, Order
from core.imitation.ppo.curve import cut_back, note
from core.imitation.ppo.evaluating import Evaluation, evaluate
from core.imitation.ppo.learner import Learner
from core.imitation.ppo.settings import CHANGEABLE, TrainingSettings
from core.imitation.ppo.workers import Workers
from core.imitation.reference import POLICY_HZ
from core.imitation.starts import Adaptive, Starts, starts_named
from core.motion import HumanoidMotion, Rollout
from core.progress import Progress, silent
from core.run_folder import write_json

ROLLOUTS = "rollouts"
REFERENCE = "reference.txt"
RECORD = "training.json"


@dataclass(frozen=True)
class Trained:
    """What a training came to: `samples` and `seconds` in all, whether the budget is spent (`finished`, else it was
    stopped and may be resumed), the last `evaluation`, and the assist that the last samples were collected with."""

    samples: int
    seconds: float
    finished: bool
    evaluation: Evaluation
    assist: float


def train(
    reference: HumanoidMotion,
    settings: TrainingSettings,
    folder: Path,
    progress: Progress = silent,
    resume: bool = False,
    stop: Callable[[], bool] = lambda: False,
    on_evaluation: Callable[[Rollout, Path], None] = lambda rollout, path: None,
) -> Trained:
    """Train a policy for `reference` into `folder`: checkpoints, curve.jsonl, rollouts/*.npz, training.json.

    The same settings and seed give the same policy, on the same machine, also when it was broken off and resumed at a
    checkpoint. `stop` is asked between iterations (about once a second). `on_evaluation` gets each evaluation's rollout
    and the path that it lies at. `BadInputError`: the folder holds a training already (without `resume`), none (with
    it), one of another motion or with other settings, or is in use.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _alone_in(folder):
        state = _state_to_go_on_from(folder, reference, settings) if resume else None
        if not resume:
            if has_checkpoint(folder):
                raise BadInputError(f"{folder} holds a training already. Go on with --resume, or take another folder.")
            reference.save(folder / REFERENCE)
        with Workers(reference, settings) as workers, _torch_threads(workers.count):
            run = _Run(reference, settings, folder, workers)
            if state is not None:
                run.restore(state)
            return run.until_spent(progress, stop, on_evaluation)


class _Run:
    """A training in progress."""

    def __init__(self, reference: HumanoidMotion, settings: TrainingSettings, folder: Path, workers: Workers) -> None:
        self.reference, self.settings, self.folder, self.workers = reference, settings, folder, workers
        self.evaluation_environment = make_evaluation(reference, settings, settings.evaluation_starts)
        self.names = self.evaluation_environment.reward_names
        self.learner = Learner(settings, self.evaluation_environment.observation_size)
        self.starts: Starts = starts_named(settings.starts)
        self.samples, self.seconds = 0, 0.0
        self.last: Evaluation | None = None
        self.last_line: dict[str, Any] = {}
        self.resumed_at: list[int] = []

    def until_spent(
        self, progress: Progress, stop: Callable[[], bool], on_evaluation: Callable[[Rollout, Path], None]
    ) -> Trained:
        """Train until the budget is spent or `stop` says so; a checkpoint closes it, also when `progress` raises."""
        settings = self.settings
        since = self.seconds
        try:
            while not self._spent() and not stop():
                begun = time.perf_counter()
                self._iterate()
                self.seconds += time.perf_counter() - begun
                if self.seconds - since >= settings.checkpoint_s:
                    since = self.seconds
                    self._checkpoint(on_evaluation)
                progress(self._fraction(), self._message())
        except BaseException:
            save_checkpoint(self.folder, self.state())  # without an evaluation: whoever cancels does not want to wait
            raise
        if not self._spent():  # somebody said stop, and may not have the patience to wait for an evaluation
            save_checkpoint(self.folder, self.state())
        if self.last is None or since != self.seconds:
            self._checkpoint(on_evaluation)
        assert self.last is not None
        return Trained(self.samples, self.seconds, self._spent(), self.last, self._assist())

    def _iterate(self) -> None:
        begun = time.perf_counter()
        assist = self._assist()
        batch = self.workers.collect(Order(self.learner.actor(), self.starts, assist))
        collected = time.perf_counter()
        figures = self.learner.update(batch)
        if isinstance(self.starts, Adaptive):
            self.starts = self.starts.improved(batch.phases, batch.returns)
        self.samples += batch.rewards.size
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
        }
        note(self.folder, self.last_line)

    def _checkpoint(self, on_evaluation: Callable[[Rollout, Path], None]) -> None:
        """Evaluate, note it, save the rollout, then the checkpoint."""
        self.last, rollout = evaluate(self.evaluation_environment, self.learner.actor(), self._assist())
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

    # Budget ----------------------------------------------------------------------------------------------------------

    def _spent(self) -> bool:
        samples, seconds = self.settings.samples, self.settings.seconds
        return (samples is not None and self.samples >= samples) or (seconds is not None and self.seconds >= seconds)

    def _fraction(self) -> float:
        samples, seconds = self.settings.samples, self.settings.seconds
        parts = [self.samples / samples if samples else 0.0, self.seconds / seconds if seconds else 0.0]
        return min(1.0, max(parts))

    def _assist(self) -> float:
        return self.settings.assist * max(0.0, 1.0 - self.samples / max(1, self.settings.assist_samples))

    def _message(self) -> str:
        line = self.last_line
        up = "" if self.last is None else f", up {self.last.seconds_up:.1f} of {self.last.horizon_s:.0f} s"
        assisted = f", assist {line['assist']:.2f}" if line["assist"] else ""
        return (
            f"{self.samples:,} samples, {line['samples_per_second']:,.0f}/s, reward {line['reward']:.2f}{up}{assisted}"
        )

    # What a checkpoint keeps -----------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        adaptive = self.starts if isinstance(self.starts, Adaptive) else None
        return {
            "motion": fingerprint(self.reference),
            "settings": self.settings.to_json(),
            "samples": self.samples,
            "seconds": self.seconds,
            "resumed_at": self.resumed_at,
            "learner": self.learner.state(),
            "collectors": self.workers.states() if self.samples else [],
            "adaptive": {} if adaptive is None else dataclasses.asdict(adaptive),
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.samples, self.seconds = state["samples"], state["seconds"]
        self.resumed_at = [*state["resumed_at"], self.samples]
        self.learner.restore(state["learner"])
        if state["collectors"]:
            self.workers.restore(state["collectors"])
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
            "finished": self._spent(),
            "evaluation": dataclasses.asdict(self.last),
            "assisted": self.last.assist > 0,
            "versions": {
                name: _version(name) for name in ("understudy", "stable-baselines3", "torch", "mujoco", "pybullet")
            },
        }


def fingerprint(reference: HumanoidMotion) -> str:
    """A short name of a motion's numbers: the same for the same motion."""
    content = np.concatenate([np.asarray(reference.frames, float).ravel().round(9), reference.times.round(9)])
    return hashlib.sha256(content.tobytes() + bytes([reference.loop])).hexdigest()[:16]


def _figures(batch: Batch, names: tuple[str, ...]) -> dict[str, Any]:
    return {
        "reward": float(batch.terms.sum(axis=-1).mean()),
        "terms": dict(zip(names, batch.terms.mean(axis=(0, 1)).astype(float).tolist(), strict=True)),
        "failures": float(batch.falls.sum() / batch.rewards.size),
        "episode_s": float(batch.lengths.mean() / POLICY_HZ) if len(batch.lengths) else None,
    }


def _state_to_go_on_from(folder: Path, reference: HumanoidMotion, settings: TrainingSettings) -> dict[str, Any]:
    state = load_checkpoint(folder)
    if state["motion"] != fingerprint(reference):
        raise BadInputError(
            f"The training in {folder} is of another motion than the one given. Resume it with its own, which is "
            f"{folder / REFERENCE}."
        )
    before, now = TrainingSettings.from_json(state["settings"]).to_json(), settings.to_json()
    changed = [name for name in now if name not in CHANGEABLE and now[name] != before.get(name)]
    if changed:
        raise BadInputError(
            "A training goes on with the settings that it began with, but "
            + ", ".join(f"{name} was {before.get(name)!r} and is {now[name]!r} now" for name in changed)
            + "."
        )
    return state


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the system lets go of it when the process ends, however it ends."""
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BadInputError(f"A training is running in {folder} already. Wait for its end, or stop it.") from None
        yield


@contextlib.contextmanager
def _torch_threads(count: int) -> Iterator[None]:
    """While all wait for the update it may use all their cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
