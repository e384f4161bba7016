"""The store of runs, and the home's names and paths."""

from datetime import UTC, datetime, timedelta

import pytest
from jobs_kit import make_home
from sqlalchemy.exc import IntegrityError

from core.errors import RunNotFoundError
from core.jobs.home import RUN_ID, Home, new_run_id, safe_file_name

STAGES = [("clip", "Cut"), ("keypoints", "Look")]


@pytest.fixture
def store(tmp_path):
    return make_home(tmp_path)[2]


def test_a_run_is_kept_with_its_stages_in_order(store):
    before = datetime.now(UTC)
    store.create("a" * 16, "A name", "a.mp4", {"end_s": None, "start_s": 1.5}, STAGES)
    run = store.get("a" * 16)
    assert (run.name, run.source_name, run.state, run.error) == ("A name", "a.mp4", "queued", None)
    assert run.settings == {"end_s": None, "start_s": 1.5}
    assert [(s.name, s.title, s.state, s.seconds) for s in run.stages] == [
        ("clip", "Cut", "waiting", None),
        ("keypoints", "Look", "waiting", None),
    ]
    assert before - timedelta(seconds=1) <= run.created <= datetime.now(UTC)


def test_what_is_written_along_stands_or_falls_with_the_run(store):
    def fail(connection):
        raise RuntimeError("the queue is gone")

    with pytest.raises(RuntimeError):
        store.create("a" * 16, "A", "a.mp4", {}, STAGES, also=fail)
    with pytest.raises(RunNotFoundError):
        store.get("a" * 16)
    assert store.recent() == []


def test_an_id_is_taken_once(store):
    store.create("a" * 16, "A", "a.mp4", {}, STAGES)
    with pytest.raises(IntegrityError):
        store.create("a" * 16, "B", "b.mp4", {}, STAGES)
    assert store.get("a" * 16).name == "A"


def test_recent_runs_come_newest_first_and_limited(store):
    for letter in "abc":
        store.create(letter * 16, letter, "x", {}, [])
    assert [run.name for run in store.recent(2)] == ["c", "b"]


def test_a_run_ends_once(store):
    store.create("a" * 16, "A", "a.mp4", {}, STAGES)
    assert store.begin("a" * 16)
    store.stage_started("a" * 16, "clip")
    store.finish("a" * 16, "failed", "No person.")
    store.finish("a" * 16, "done")
    run = store.get("a" * 16)
    assert (run.state, run.error) == ("failed", "No person.")
    assert [s.state for s in run.stages] == ["failed", "waiting"]
    assert not store.begin("a" * 16)
    assert store.unfinished() == []
    store.request_cancel("a" * 16)
    assert store.get("a" * 16).state == "failed"


def test_cancelling_waits_for_a_running_run_only(store):
    for letter in "ab":
        store.create(letter * 16, letter, "x", {}, STAGES)
    store.begin("b" * 16)
    assert store.request_cancel("a" * 16).state == "cancelled"
    assert store.request_cancel("b" * 16).state == "running"
    assert store.cancel_requested("b" * 16)
    with pytest.raises(RunNotFoundError):
        store.request_cancel("c" * 16)


def test_a_stage_begins_anew_after_it_was_broken_off(store):
    store.create("a" * 16, "A", "a.mp4", {}, STAGES)
    store.begin("a" * 16)
    store.stage_started("a" * 16, "clip")
    store.stage_progress("a" * 16, "clip", 1.7, "x" * 1000)
    stage = store.get("a" * 16).stages[0]
    assert (stage.fraction, stage.message) == (1.0, "x" * 300)
    store.stage_started("a" * 16, "clip")
    assert store.get("a" * 16).stages[0].fraction == 0.0
    store.stage_finished("a" * 16, "clip", "done")
    done = store.get("a" * 16).stages[0]
    assert (done.state, done.fraction, done.message) == ("done", 1.0, "")
    assert done.seconds >= 0


def test_readers_do_not_wait_for_a_writer(store):
    store.create("a" * 16, "A", "a.mp4", {}, STAGES)
    with store.engine.begin() as writer:
        writer.exec_driver_sql("UPDATE runs SET name = 'B'")
        assert store.get("a" * 16).name == "A"
    assert store.get("a" * 16).name == "B"


def test_run_ids_have_one_form_and_differ():
    ids = {new_run_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(RUN_ID.fullmatch(run_id) for run_id in ids)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("My clip (1).MP4", "My clip _1.mp4"),
        ("../../etc/passwd", "passwd"),
        ("C:\\videos\\a.mov", "a.mov"),
        (".htaccess", "source"),
        ("", "source"),
        ("überäll.webm", "u_bera_ll.webm"),
        ("a.<script>", "a"),
        ("x" * 300 + ".mp4", "x" * 80 + ".mp4"),
    ],
)
def test_file_names_are_made_harmless(given, kept):
    assert safe_file_name(given) == kept


def test_only_artifacts_are_found_in_a_run(tmp_path):
    home = Home(tmp_path)
    run_id = new_run_id()
    root = home.run(run_id).root
    for name in ("clip.mp4", "person-0/hmr.glb", "source/in.mp4", ".log.txt", "../secret.txt"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")
    (root / "link.txt").symlink_to(tmp_path / "runs" / "secret.txt")
    assert home.artifact(run_id, "clip.mp4") == (root / "clip.mp4").resolve()
    assert home.artifact(run_id, "person-0/hmr.glb").is_file()
    refused = ("../secret.txt", "person-0/../../secret.txt", "source/in.mp4", ".log.txt", "link.txt", "", "person-0")
    for path in (*refused, str(root / "clip.mp4"), "./clip.mp4"):
        with pytest.raises(RunNotFoundError):
            home.artifact(run_id, path)
    for bad in ("", "..", "A" * 16, "a" * 15, "a" * 16 + "\n"):
        with pytest.raises(RunNotFoundError):
            home.run(bad)
