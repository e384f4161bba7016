"""Where the files of a training of a run's person lie, and what they tell without being computed with."""

from pathlib import Path
from typing import Any

from core.errors import BadInputError
from core.run_folder import RunFolder, read_json

WORK, CHECKPOINTS = ".training", "checkpoints"
NOTES = "notes.json"
REFERENCE = "reference.txt"


def training_folder(run: RunFolder, person: int, training_id: str) -> RunFolder:
    """Where the files of a training of a run's person lie."""
    return RunFolder(run.person(person) / "policies" / training_id)


def performance_file(run: RunFolder, person: int, training_id: str) -> Path:
    """The latest performance of a training's policy (`Rollout`), which is there after its first evaluation."""
    return run.person(person) / "rollouts" / f"policy-{training_id}.npz"


def check_motion(run: RunFolder, person: int) -> None:
    """Raise `BadInputError` unless the run has a motion of this person to learn."""
    if not (run.person(person) / REFERENCE).is_file():
        there = ", ".join(str(n) for n in run.people() if (run.person(n) / REFERENCE).is_file())
        raise BadInputError(
            f"A policy is trained for a person whose motion is there ({there or 'this run has none yet'}), but person "
            f"{person} has none. Choose another person, or wait for the run."
        )


def is_finished(folder: RunFolder, training: dict[str, Any]) -> bool:
    """Whether the budget of these settings (of PPO, as JSON) is spent, by the training's own record."""
    record = read_json(folder.root / WORK / "training.json")
    budget = [record.get("settings", {}).get(name) for name in ("seconds", "samples")]
    return bool(record.get("finished")) and budget == [training.get(name) for name in ("seconds", "samples")]
