"""The fake pipeline of tests/jobs, which also leaves the record that a run's zip needs."""

from fake_pipeline import STAGES, RunSettings, applies
from fake_pipeline import run_stage as run_fake

from core.run_folder import write_json

__all__ = ["STAGES", "RunSettings", "applies", "run_stage"]


def run_stage(stage, folder, settings, progress):
    run_fake(stage, folder, settings, progress)
    write_json(folder.record, {"settings": settings.to_json(), "versions": {}, "seconds": {}})
