"""A training of eight steps in the shape of `core.training_stages`; after the fourth it waits for a file named `go`.

Where that is, its name says (`go:PATH`). Every step is a checkpoint, and a line of steps.txt.
"""

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.progress import Progress
from core.run_figures import policy_figures
from core.run_folder import RunFolder, write_json
from core.training_folder import WORK


@dataclass(frozen=True)
class RunSettings:
    go: Path

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "RunSettings":
        return cls(Path(content["name"].partition("go:")[2].partition(",")[0]))


@dataclass(frozen=True)
class Stage:
    name: str


STAGES = (Stage("train"), Stage("files"))


def applies(stage: Stage, folder: RunFolder, settings: RunSettings) -> bool:
    return True


def run_stage(stage: Stage, folder: RunFolder, settings: RunSettings, progress: Progress) -> None:
    if stage.name == "files":
        (folder.root / "card.md").write_text("A policy.")
        write_json(policy_figures(folder.root.parents[1], f"policy-{folder.root.name}"), {"return": 0.5})
        print("the training warns", file=sys.stderr)
        return
    work = folder.root / WORK
    work.mkdir(parents=True, exist_ok=True)
    checkpoint = work / "checkpoint.npz"
    done = int(checkpoint.read_text()) if checkpoint.exists() else 0
    for step in range(done + 1, 9):
        with (work / "steps.txt").open("a") as steps:
            steps.write(f"{step}\n")
        part = work / ".checkpoint.1.npz"
        part.write_text(str(step))
        part.replace(checkpoint)
        while step == 4 and not settings.go.exists():
            progress(0.5, "waiting")
            time.sleep(0.05)
