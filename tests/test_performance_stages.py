"""Unassisted physics: a motion that nobody can perform is told of; what fails afterwards is no such thing."""

from pathlib import Path

import pytest
from support.people import walker_scene
from support.trainings import clip

from core import performance_stages
from core.errors import BadInputError
from core.notices import collecting
from core.run_folder import RunFolder
from core.run_settings import RunSettings


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    run, scene = RunFolder(tmp_path), walker_scene(seconds=0.5)
    scene.track.save(run.person(0) / "track.npz")
    scene.truth.save(run.person(0) / "motion.npz")
    clip().save(run.person(0) / "reference.txt")
    for name in ("write_mesh", "write_humanoid_glb", "rollout_to_body", "at_rate_of"):
        monkeypatch.setattr(performance_stages, name, lambda *given: None)
    return run


class Performed:
    """In the place of a rollout."""

    def save(self, path: Path) -> None:
        """Nowhere."""


def perform(folder: RunFolder) -> list[str]:
    with collecting() as notices:
        performance_stages.unassisted_physics(folder, RunSettings(), lambda fraction, message="": None)
    return notices


def test_a_motion_that_cannot_be_performed_is_a_note(folder, monkeypatch):
    def refuse(*given, on_best):
        raise BadInputError("It flies.")

    monkeypatch.setattr(performance_stages, "perform_sampling", refuse)
    assert perform(folder) == ["There is no unassisted performance. It flies."]


def test_what_fails_once_there_is_a_performance_fails_the_stage(folder, monkeypatch):
    def told(*given, on_best):
        on_best(Performed())

    def spoilt(*given):
        raise BadInputError("track.npz cannot be read.")

    monkeypatch.setattr(performance_stages, "perform_sampling", told)
    monkeypatch.setattr(performance_stages, "measure", spoilt)
    with pytest.raises(BadInputError, match="cannot be read"):
        perform(folder)
