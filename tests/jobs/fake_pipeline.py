"""A pipeline of three quick stages over a run's folder, in the shape of core.pipeline; `behaviour` makes it misbehave.

Every stage notes that it ran in the file calls.txt, so that tests can count.
"""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks import light_pipeline
from benchmarks.light_pipeline import Stage
from core.errors import BadInputError
from core.progress import Progress
from core.run_folder import RunFolder, write_json


@dataclass(frozen=True)
class RunSettings(light_pipeline.RunSettings):
    """What the site fills in, and how the fake behaves in its second stage."""

    physics: str = "assisted"
    behaviour: str = "good"
    link: str = ""

    def __post_init__(self) -> None:
        if self.end_s is not None and self.end_s <= self.start_s:
            raise BadInputError("The window should end after its start.")


STAGES = (Stage("clip", "Cut the window"), Stage("middle", "Do the work"), Stage("physics", "Put it under physics"))


def applies(stage: Stage, folder: RunFolder, settings: RunSettings) -> bool:
    return stage.name != "physics" or settings.physics != "none"


def run_stage(stage: Stage, folder: RunFolder, settings: RunSettings, progress: Progress) -> float:
    with (folder.root / "calls.txt").open("a") as calls:
        calls.write(f"{stage.name}\n")
    print("a library prints on the output", flush=True)
    progress(0.5, f"half of {stage.name}")
    if stage.name == "clip" and settings.behaviour == "good":
        folder.clip.write_bytes(folder.source().read_bytes())
    if stage.name == "middle":
        _middle(folder, settings, progress)
    return 0.0


def _middle(folder: RunFolder, settings: RunSettings, progress: Progress) -> None:
    if settings.behaviour == "refuse":
        raise BadInputError("A person should be in the window, but nobody was found. Choose another window.")
    if settings.behaviour == "bug":
        raise ZeroDivisionError("secret detail")
    if settings.behaviour == "segfault":
        os.abort()
    if settings.behaviour == "no memory":
        bytearray(1 << 60)
    if settings.behaviour == "killed" or (settings.behaviour == "killed once" and _count(folder) == 2):
        os.kill(os.getpid(), signal.SIGKILL)  # as the kernel does when memory runs out
    if settings.behaviour == "disk full":
        with Path("/dev/full").open("w") as file:
            file.write("x")
    if settings.behaviour == "slow":
        for i in range(1200):
            progress(i / 1200, f"step {i}")
            time.sleep(0.05)
    if settings.behaviour == "stuck":  # never reports
        time.sleep(60)
    while settings.behaviour.startswith("until ") and not Path(settings.behaviour[6:]).exists():
        time.sleep(0.05)
    if settings.behaviour == "slow at first" and _count(folder) == 2:
        time.sleep(60)
    write_json(folder.metrics, {"0": {"motion": {"jitter": 1.5, "foot_slide_cm_s": None}}})


def _count(folder: RunFolder) -> int:
    """How many stages were begun, this one included."""
    return len((folder.root / "calls.txt").read_text().split())
