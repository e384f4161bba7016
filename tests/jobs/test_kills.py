"""SIGKILL at random moments, to workers and to what computes for them: a few kills; `make soak` does a hundred."""

import pytest

from benchmarks.light_pipeline import content_of, is_whole
from benchmarks.soak_round import Plan, soak
from core.jobs.home import Home, new_run_id


@pytest.mark.timeout(600)
def test_every_run_ends_once_and_whole_whatever_is_killed(tmp_path):
    plan = Plan(kills=5, workers=1, runs_per_kill=1, trainings=0, site=False, pause_s=1.6, seed=3)
    figures = soak(Home(tmp_path).database_url, tmp_path, plan)
    assert (sum(figures.kills_of.values()), figures.runs) == (5, 5)
    assert figures.lost == [], (tmp_path / "processes.log").read_text()
    assert (figures.doubled, figures.damaged) == ([], [])


def test_damage_would_be_seen(tmp_path):
    folder = Home(tmp_path).run(new_run_id())
    folder.root.mkdir(parents=True)
    for name in ("first", "second", "third"):
        (folder.root / f"{name}.bin").write_bytes(content_of(name, folder.root.name))
    assert is_whole(folder)
    (folder.root / "second.bin").write_bytes(content_of("second", folder.root.name)[:-1])
    assert not is_whole(folder)
    (folder.root / "second.bin").write_bytes(content_of("second", "of another run"))
    assert not is_whole(folder)
