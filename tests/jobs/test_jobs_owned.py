"""Runs of several users: what each sees, how many each may start, whose turn it is."""

import inspect

import pytest
from jobs_kit import make_home

from core.errors import RunNotFoundError
from core.jobs.fairness import QueueLimits, TooManyRunsError
from core.jobs.home import new_run_id
from core.jobs.owned import OwnedRuns
from core.jobs.store import RunStore
from core.jobs.users import LOCAL_USER

# Those of the worker and of the site's own housekeeping, which no request reaches.
INTERNAL = {"begin", "finish", "cancel_requested", "purge", "stage_started", "stage_progress", "stage_finished"}


@pytest.fixture
def store(tmp_path):
    return make_home(tmp_path)[2]


def start(store, owner=None, name="a"):
    return store.create(new_run_id(), name, "a.mp4", {}, [("clip", "Cut")], owner=owner)


def seen_by(store, user, **limits):
    return OwnedRuns(store.engine, lambda: user, QueueLimits(**limits))


def test_everybody_sees_their_own_runs_only(store):
    ada, eve, nobody = (seen_by(store, user) for user in ("ada", "eve", None))
    run = start(ada)
    assert run.owner == "ada"
    assert [r.id for r in ada.recent()] == [run.id]
    assert eve.recent() == []
    assert start(store).owner == LOCAL_USER
    for other in (eve, nobody):
        with pytest.raises(RunNotFoundError):
            other.get(run.id)
    with pytest.raises(RunNotFoundError):
        nobody.recent()
    with pytest.raises(RunNotFoundError):
        start(nobody)
    assert start(eve, owner="ada").owner == "eve"


def public(kind):
    return {n: f for n, f in inspect.getmembers(kind, inspect.isfunction) if not n.startswith("_")}


def test_every_method_that_takes_a_run_asks_whose_it_is(store):
    taking = {n for n, f in public(RunStore).items() if "run_id" in inspect.signature(f).parameters}
    guarded = taking - INTERNAL - {"create", "adopt"}
    assert {"get", "delete", "restore", "rename", "request_cancel", "reopen"} <= guarded
    run, eve = start(store, owner="ada"), seen_by(store, "eve")
    for name in guarded:
        assert name in vars(OwnedRuns), f"OwnedRuns.{name} should look whose run it is."
        more = ["x"] if name == "rename" else []
        with pytest.raises(RunNotFoundError):
            getattr(eve, name)(run.id, *more)
    with pytest.raises(RunNotFoundError):
        eve.check(run.id)
    assert store.get(run.id).name == "a"


def test_one_run_too_many_is_refused(store):
    ada, eve = seen_by(store, "ada", per_user=2), seen_by(store, "eve", per_user=2, in_total=3)
    first, _ = start(ada), start(ada)
    with pytest.raises(TooManyRunsError, match="At most 2 of your runs"):
        start(ada)
    store.finish(first.id, "failed", "x")
    start(ada)
    with pytest.raises(TooManyRunsError):
        ada.reopen(first.id)
    start(eve)
    with pytest.raises(TooManyRunsError, match="3 runs at once"):
        start(eve)
    hasty = seen_by(store, "bob", per_minute=1)
    store.finish(start(hasty).id, "done")
    with pytest.raises(TooManyRunsError, match="in a minute"):
        start(hasty)


def order(store):
    """The queue as the worker takes it."""
    queued = [store.get(run.id) for run in store.recent(100) if run.state == "queued"]
    return [run.name for run in sorted(queued, key=lambda run: run.ahead)]


def test_users_take_turns(store):
    for i in range(4):
        start(store, "ada", f"ada {i}")
    start(store, "eve", "eve 0")
    start(store, "eve", "eve 1")
    assert order(store) == ["ada 0", "eve 0", "ada 1", "eve 1", "ada 2", "ada 3"]


def test_who_comes_later_does_not_wait_for_all_and_who_waits_is_reached(store):
    runs = [start(store, "ada", f"ada {i}") for i in range(6)]
    for run in runs[:3]:
        store.begin(run.id)
        store.finish(run.id, "done")
    served = []
    for i in range(6):  # eve always brings another one
        start(store, "eve", f"eve {i}")
        name = order(store)[0]
        served.append(name)
        run = next(r for r in store.recent(100) if r.name == name)
        store.begin(run.id)
        store.finish(run.id, "done")
    assert served[0] == "eve 0"
    assert {"ada 3", "ada 4", "ada 5"} & set(served)


def test_a_run_that_is_tried_again_does_not_move_the_turn_of_others(store):
    first, *_ = [start(store, "ada", f"ada {i}") for i in range(6)]
    store.begin(first.id)
    store.finish(first.id, "failed", "x")
    store.reopen(first.id)
    start(store, "eve", "eve 0")
    assert order(store).index("eve 0") < 2


def test_a_run_that_does_not_wait_has_nobody_ahead(store):
    run = start(store)
    assert store.get(run.id).ahead == 0
    store.begin(run.id)
    assert store.get(run.id).ahead is None
