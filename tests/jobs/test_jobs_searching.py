"""Looking through runs by name, state and kind."""

import pytest
from jobs_kit import make_home

from core.errors import BadInputError, RunNotFoundError
from core.jobs.home import new_run_id
from core.jobs.owned import OwnedRuns
from core.jobs.searching import RunSearch, kind_of


@pytest.fixture
def store(tmp_path):
    return make_home(tmp_path)[2]


def start(store, name, source="a.mp4", owner=None, **settings):
    return store.create(new_run_id(), name, source, settings, [("clip", "Cut")], owner=owner).id


def found(store, **wish):
    runs, total = store.find(RunSearch(**wish))
    assert total >= len(runs)
    return [run.name for run in runs]


def test_a_name_is_found_in_any_case_and_its_signs_mean_themselves(store):
    for name in ("Walk 100%", "walking", "jump_2", "jumpx2"):
        start(store, name)
    assert found(store, text=" WALK ") == ["walking", "Walk 100%"]
    assert found(store, text="%") == ["Walk 100%"]
    assert found(store, text="p_2") == ["jump_2"]
    assert found(store, text="'; DROP TABLE runs") == []


def test_states_and_kinds(store):
    done = start(store, "done")
    store.finish(done, "done")
    gone = start(store, "gone", "b.PNG")
    start(store, "picture", "b.PNG")
    start(store, "link", "clip.mp4", link="https://example.org/v")
    start(store, "no link", "clip.mp4", link="")
    store.delete(gone)
    assert found(store) == ["no link", "link", "picture", "done"]
    assert found(store, state="at work") == ["no link", "link", "picture"]
    assert found(store, state="done") == ["done"]
    assert found(store, state="deleted") == ["gone"]
    assert found(store, kind="picture") == ["picture"]
    assert found(store, kind="link") == ["link"]
    assert found(store, kind="video") == ["no link", "done"]
    assert [kind_of("b.PNG", ""), kind_of("b.png", "https://x"), kind_of("a.mp4", "")] == ["picture", "link", "video"]


def test_hundreds_come_in_parts_and_none_twice(store):
    for i in range(130):
        start(store, f"run {i}")
    parts = [store.find(RunSearch(first=first, count=50)) for first in (0, 50, 100)]
    assert [len(runs) for runs, _ in parts] == [50, 50, 30]
    assert {total for _, total in parts} == {130}
    assert len({run.id for runs, _ in parts for run in runs}) == 130
    assert parts[0][0][0].name == "run 129"


def test_nobody_finds_the_runs_of_others(store):
    mine = start(store, "mine", owner="ada")
    start(store, "theirs", owner="eve")
    ada, nobody = OwnedRuns(store.engine, lambda: "ada"), OwnedRuns(store.engine, lambda: None)
    assert found(ada) == ["mine"]
    assert ada.ids_of() == [(mine, False)]
    with pytest.raises(RunNotFoundError):
        nobody.find(RunSearch())


@pytest.mark.parametrize("wish", [{"state": "odd"}, {"kind": "odd"}, {"first": -1}, {"count": 0}, {"count": 10_000}])
def test_what_makes_no_sense_is_refused(wish):
    with pytest.raises(BadInputError):
        RunSearch(**wish)
