"""The stages of a training, in the shape of `core.pipeline`: over a folder person-n/policies/ID within a run's folder.

`.training` in it is what `core.imitation.ppo.train` goes on from; hidden, hence no artifact. Beside it lie the policy's
files and, in checkpoints/, the performance at each evaluation as it would be shown; the newest is the person's
rollouts/policy-ID.
"""

import dataclasses
import itertools
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.body import load_body
from core.body.moving import move_to_body
from core.body.smpl_file import EMBEDDED, chosen_body
from core.errors import BadInputError
from core.export.glb import write_glb
from core.export.humanoid_glb import write_humanoid_glb
from core.export.sources import humanoid_on_body
from core.humanoid import rollout_to_body
from core.imitation.ppo.checkpoints import has_checkpoint, load_checkpoint
from core.imitation.ppo.curve import cut_back
from core.imitation.ppo.settings import TrainingSettings
from core.imitation.ppo.stopping import stopping
from core.motion import BodyMotion, HumanoidMotion, Rollout
from core.notices import collecting
from core.progress import Progress, silent
from core.run_folder import RunFolder, read_json, write_json
from core.training_folder import CHECKPOINTS, NOTES, REFERENCE, WORK, training_folder

POLICY_COLOUR = (0.66, 0.58, 0.87)
"""sRGB of the clothes in which a policy's performance is shown."""
MOST_CHECKPOINTS = 24
"""So many performances are kept for showing; of more, every other one goes."""


@dataclass(frozen=True)
class RunSettings:
    """What a training is started with."""

    training: TrainingSettings = field(default_factory=lambda: TrainingSettings(seconds=300.0))
    """What is learned, and for how long."""
    name: str = "policy"
    """What the motion is called on the policy's card."""
    body: str = EMBEDDED
    """The body on which performances are shown, as in `core.run_settings.RunSettings`."""

    def to_json(self) -> dict[str, Any]:
        """The settings as plain JSON."""
        return {"training": self.training.to_json(), "name": self.name, "body": self.body}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "RunSettings":
        """The settings from `to_json`."""
        return cls(TrainingSettings.from_json(content["training"]), content["name"], content["body"])


@dataclass(frozen=True)
class Stage:
    """A stage: its name, what it is called on the page, and what it does."""

    name: str
    title: str
    run: Callable[[RunFolder, RunSettings, Progress], None]


def _train(folder: RunFolder, settings: RunSettings, progress: Progress) -> None:
    """Train, or go on where the last checkpoint was; ends early where a file `.training/stop` appears."""
    from core.imitation.ppo import train

    work, person = folder.root / WORK, folder.root.parents[1]
    resume = has_checkpoint(work)
    work.mkdir(parents=True, exist_ok=True)
    try:
        samples = load_checkpoint(work)["samples"] if resume else 0
        cut_back(work, samples)
        _forget_after(folder, samples)
        reference = HumanoidMotion.load(work / REFERENCE if resume else person / REFERENCE)
        with stopping(work) as stop:
            train(reference, settings.training, work, progress, resume, stop, _shower(folder, settings))
    except BadInputError as error:
        raise BadInputError(str(error).replace(str(work), "the training's folder")) from error


def _shower(folder: RunFolder, settings: RunSettings) -> Callable[[Rollout, Path], None]:
    """What is done with the rollout of every evaluation: it is kept as files that can be looked at."""
    person = folder.root.parents[1]
    motion = person / "motion.npz"

    def show(rollout: Rollout, path: Path) -> None:
        like = (
            BodyMotion.load(motion) if motion.is_file() else humanoid_on_body(HumanoidMotion.load(person / REFERENCE))
        )
        body = chosen_body(settings.body)
        shown = move_to_body(rollout_to_body(rollout, like), load_body(), body)
        name = f"policy-{folder.root.name}"
        write_glb(folder.root / CHECKPOINTS / f"{path.stem}.glb", shown, body, POLICY_COLOUR)
        write_humanoid_glb(person / "rollouts" / f"{name}-humanoid.glb", rollout)
        write_glb(person / "rollouts" / f"{name}-body.glb", shown, body, POLICY_COLOUR)
        rollout.save(person / "rollouts" / f"{name}.npz")
        _thin_out(folder)
        if all((person / each).is_file() for each in ("track.npz", "motion.npz")):
            from core.performance_stages import measure_policy  # late: it loads all that draws

            measure_policy(person, name)

    return show


def _thin_out(folder: RunFolder) -> None:
    shown = sorted((folder.root / CHECKPOINTS).glob("*.glb"))
    if len(shown) > MOST_CHECKPOINTS:
        for path in shown[-2::-2]:  # the newest stays
            path.unlink()
            (folder.root / WORK / "rollouts" / f"{path.stem}.npz").unlink(missing_ok=True)


def _forget_after(folder: RunFolder, samples: int) -> None:
    for path in (folder.root / CHECKPOINTS).glob("*.glb"):
        if not path.stem.isdecimal() or int(path.stem) > samples:
            path.unlink()


def _write_files(folder: RunFolder, settings: RunSettings, progress: Progress) -> None:
    """Write the policy as its last checkpoint has it; all of its files appear together."""
    from core.imitation.policy_bundle import export_policy

    fresh = folder.root / ".policy"
    shutil.rmtree(fresh, ignore_errors=True)
    progress(0.1, "Measuring the policy")
    export_policy(folder.root / WORK, fresh, settings.name)
    for path in fresh.iterdir():
        path.replace(folder.root / path.name)
    fresh.rmdir()


STAGES = (Stage("train", "Train the policy", _train), Stage("files", "Write the policy's files", _write_files))


def applies(stage: Stage, folder: RunFolder, settings: RunSettings) -> bool:
    """Whether a stage is run at all: a training that was stopped before its first evaluation has no policy yet."""
    work = folder.root / WORK
    return stage.name == "train" or (has_checkpoint(work) and (work / "training.json").is_file())


def run_stage(stage: Stage, folder: RunFolder, settings: RunSettings, progress: Progress = silent) -> None:
    """Run one stage and keep what it wanted to be known."""
    with collecting() as notices:
        stage.run(folder, settings, progress)
    path = folder.root / WORK / NOTES
    write_json(path, read_json(path) | {stage.name: notices})
    progress(1.0, "")


def with_budget(settings: RunSettings, seconds: float | None, samples: int | None) -> RunSettings:
    """The same training with another budget in all."""
    return dataclasses.replace(
        settings, training=dataclasses.replace(settings.training, seconds=seconds, samples=samples)
    )


def train_all(
    run: RunFolder, settings: RunSettings, report: Callable[[Stage], Progress] = lambda stage: silent
) -> Iterator[RunFolder]:
    """Train a policy for each person of a run with a motion, one after another; yields each training's folder.

    Ctrl+C or SIGTERM ends the training at hand with a checkpoint and its files.
    """
    for person in run.people():
        if not (run.person(person) / REFERENCE).is_file():
            continue
        taken = run.person(person) / "policies"
        numbers = (str(n) for n in itertools.count(1))
        folder = training_folder(run, person, next(n for n in numbers if not (taken / n).exists()))
        named = dataclasses.replace(settings, name=f"{run.root.resolve().name}, person {person + 1}")
        for stage in STAGES:
            if applies(stage, folder, named):
                run_stage(stage, folder, named, report(stage))
        yield folder
