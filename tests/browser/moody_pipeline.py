"""The fake pipeline of tests/jobs, whose second stage does what the window's start says: MOODS by second."""

from dataclasses import replace

import fake_pipeline
from fake_pipeline import STAGES, RunSettings, Stage, applies

from core.progress import Progress
from core.run_folder import RunFolder

__all__ = ["MOODS", "STAGES", "RunSettings", "applies", "run_stage"]

MOODS = {0.0: "good", 1.0: "slow", 2.0: "refuse"}


def run_stage(stage: Stage, folder: RunFolder, settings: RunSettings, progress: Progress) -> object:
    mood = MOODS[settings.start_s] if stage.name == "middle" else "good"
    return fake_pipeline.run_stage(stage, folder, replace(settings, behaviour=mood), progress)
