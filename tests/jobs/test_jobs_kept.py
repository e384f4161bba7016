"""What happens to runs after they ended, in the store: tried again, put away, brought back, taken from elsewhere."""

from datetime import UTC, datetime, timedelta

import pytest
from jobs_kit import make_home

from core.errors import RunNotFoundError
from core.jobs.records import StageRecord

STAGES = [("clip", "Cut"), ("keypoints", "Look"), ("physics", "Perform")]
RUN = "a" * 16


@pytest.fixture
def store(tmp_path):
    return make_home(tmp_path)[2]


@pytest.fixture
def failed(store):
    store.create(RUN, "A", "a.mp4", {}, STAGES)
    store.begin(RUN)
    store.stage_started(RUN, "clip")
    store.stage_finished(RUN, "clip", "done")
    store.stage_started(RUN, "keypoints")
    store.stage_progress(RUN, "keypoints", 0.7, "frame 7")
    store.finish(RUN, "failed", "Nobody was found.")
    return store


def test_a_failed_run_is_queued_again_from_where_it_ended(failed):
    calls = []
    run = failed.reopen(RUN, also=calls.append)
    assert (run.state, run.error, run.finished, len(calls)) == ("queued", None, None, 1)
    assert [(s.state, s.fraction, s.message) for s in run.stages] == [
        ("done", 1.0, ""),
        ("waiting", 0.0, ""),
        ("waiting", 0.0, ""),
    ]
    assert failed.reopen(RUN, also=calls.append).state == "queued"
    assert len(calls) == 1  # asked twice, queued once


def test_where_it_cannot_be_queued_it_stays_failed(failed):
    def broken(connection):
        raise RuntimeError("the queue is gone")

    with pytest.raises(RuntimeError):
        failed.reopen(RUN, also=broken)
    assert failed.get(RUN).error == "Nobody was found."


def test_a_deleted_run_is_hidden_until_it_is_brought_back_or_purged(failed):
    failed.delete(RUN)
    for refused in (failed.get, failed.delete, failed.reopen):
        with pytest.raises(RunNotFoundError):
            refused(RUN)
    assert failed.recent() == []
    assert failed.get(RUN, deleted=True).name == "A"
    now = datetime.now(UTC)
    assert failed.deleted_before(now - timedelta(hours=1)) == []
    assert failed.deleted_before(now + timedelta(hours=1)) == [RUN]
    assert failed.restore(RUN).state == "failed"
    failed.delete(RUN)
    failed.purge(RUN)
    with pytest.raises(RunNotFoundError):
        failed.restore(RUN)


def test_a_run_at_work_is_cancelled_when_it_is_deleted_and_purged_only_when_it_has_ended(store):
    store.create(RUN, "A", "a.mp4", {}, STAGES)
    store.begin(RUN)
    store.delete(RUN)
    later = datetime.now(UTC) + timedelta(hours=1)
    assert store.cancel_requested(RUN)
    assert store.deleted_before(later) == []
    store.finish(RUN, "cancelled")  # its worker may still say so
    assert store.deleted_before(later) == [RUN]


def test_a_run_from_elsewhere_is_done(store):
    run = store.adopt(RUN, "A", "a.mp4", {"seed": 1}, [("clip", "Cut", 2.5), ("physics", "Perform", None)])
    assert (run.state, run.is_finished) == ("done", True)
    assert [(s.state, s.seconds) for s in run.stages] == [("done", 2.5), ("skipped", None)]
    assert store.unfinished() == []


@pytest.mark.parametrize(
    ("state", "fraction", "seconds", "left"),
    [
        ("running", 0.25, 10.0, 30.0),
        ("running", 0.01, 10.0, None),  # too early to tell
        ("running", 0.5, 1.0, None),
        ("done", 1.0, 10.0, None),
        ("waiting", 0.0, None, None),
    ],
)
def test_the_time_left_is_guessed_by_what_it_took_so_far(state, fraction, seconds, left):
    assert StageRecord("a", "A", state, fraction, "", seconds).left_s == left
