"""The pipeline without its videos and with a search of few samples that goes on for long.

So a first unassisted performance is there soon, and there is time to cancel.
"""

from dataclasses import replace

from core import pipeline
from core.control.sampling import SETTINGS
from core.pipeline import RunSettings, applies, run_stage

__all__ = ["STAGES", "RunSettings", "applies", "run_stage"]

STAGES = tuple(stage for stage in pipeline.STAGES if not stage.name.endswith("video"))
SETTINGS["quick"] = replace(SETTINGS["quick"], samples=60, kept=12, passes=2000)
