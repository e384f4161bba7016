"""Runs of links: fetched in a stage of their own, once; footage deleted, and what can be done afterwards."""

from pathlib import Path

import fake_link_pipeline
import pytest
from jobs_kit import calls, make_home, wait_for, wait_until_finished
from support.videos import write_numbered_video

from core.errors import BadInputError
from core.footage import delete_footage
from core.jobs.submit import Submission
from core.jobs.worker import Worker, make_client

HERE = Path(__file__).parent
LINK = "https://videos.example/dance.mp4"


@pytest.fixture(scope="module")
def submission(tmp_path_factory):
    """What starts runs, with a worker that performs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(HERE))
        home, engine, store = make_home(tmp_path_factory.mktemp("home"))
        with Worker(engine, home, pipeline="fake_link_pipeline", poll_s=0.05):
            client = make_client(engine)
            yield Submission(store, home, client, fake_link_pipeline)
            client.destroy()


def names(run):
    return [(stage.name, stage.state) for stage in run.stages]


def test_a_link_is_fetched_first_and_gives_the_run_its_title(submission):
    run = submission.submit_link(f" {LINK}#t=5 ", {"physics": "none"})
    assert (run.name, run.settings["link"]) == ("videos.example/dance.mp4", LINK)
    run = wait_until_finished(submission.store, run.id)
    assert (run.state, run.error, run.name) == ("done", None, "A dance")
    assert names(run) == [("fetch", "done"), ("clip", "done"), ("middle", "done"), ("physics", "skipped")]
    assert submission.home.run(run.id).source().read_bytes() == b"a fetched video"


def test_a_name_that_somebody_gave_stays(submission):
    run = submission.submit_link(LINK, {}, name="Mine")
    assert wait_until_finished(submission.store, run.id).name == "Mine"


def test_a_run_of_a_file_has_no_stage_that_fetches(submission, tmp_path):
    video = write_numbered_video(tmp_path / "a.mp4", frames=20, fps=10)
    run = submission.submit(video, "a.mp4", {})
    assert [stage.name for stage in run.stages] == ["clip", "middle", "physics"]
    wait_until_finished(submission.store, run.id)


def test_why_a_link_gave_nothing_is_told_and_it_can_be_tried_again(submission):
    run = wait_until_finished(submission.store, submission.submit_link("https://a.example/private", {}).id)
    assert (run.state, run.error) == ("failed", "The video is private. Upload the file instead.")
    submission.retry(run.id)
    wait_for(lambda: calls(submission.home, run.id) == ["fetch", "fetch"])
    wait_until_finished(submission.store, run.id)
    again = submission.again(run.id, {"physics": "none"})
    assert again.stages[0].name == "fetch"
    wait_until_finished(submission.store, again.id)


def test_fetching_is_cancelled(submission):
    run = submission.submit_link("https://a.example/slow", {})
    wait_for(lambda: submission.store.get(run.id).stages[0].message == "2 of 4 MB")
    submission.store.request_cancel(run.id)
    run = wait_until_finished(submission.store, run.id, seconds=10)
    assert (run.state, run.error) == ("cancelled", None)


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("http://127.0.0.1:8080/a", "private network"),
        ("http://0x7f.1/a", "private network"),
        ("file:///etc/passwd", "'file'"),
        ("\n".join([LINK] * 50), "50 came"),
        ("", "nothing was given"),
    ],
)
def test_what_can_be_refused_at_once_leaves_nothing(submission, link, words):
    def kept() -> int:
        return len(list((submission.home.root / "runs").glob("*")))

    before = kept(), len(submission.store.recent(100))
    with pytest.raises(BadInputError, match=words):
        submission.submit_link(link, {})
    assert (kept(), len(submission.store.recent(100))) == before


def test_links_may_be_switched_off(submission, monkeypatch):
    monkeypatch.setenv("UNDERSTUDY_LINKS", "0")
    with pytest.raises(BadInputError, match="switched off"):
        submission.submit_link(LINK, {})


def test_after_its_footage_was_deleted_a_link_is_fetched_anew(submission):
    first = wait_until_finished(submission.store, submission.submit_link(LINK, {}).id)
    delete_footage(submission.home.run(first.id))
    again = wait_until_finished(submission.store, submission.again(first.id, {}).id)
    assert again.state == "done"
    assert calls(submission.home, again.id)[0] == "fetch"


def test_after_its_footage_was_deleted_a_file_has_to_be_sent_again(submission, tmp_path):
    video = write_numbered_video(tmp_path / "a.mp4", frames=20, fps=10)
    run = wait_until_finished(submission.store, submission.submit(video, "a.mp4", {}).id)
    delete_footage(submission.home.run(run.id))
    with pytest.raises(BadInputError, match="Start a new run"):
        submission.again(run.id, {})
    failed = wait_until_finished(submission.store, submission.submit(video, "a.mp4", {"behaviour": "refuse"}).id)
    delete_footage(submission.home.run(failed.id))
    with pytest.raises(BadInputError, match="cannot go on"):
        submission.retry(failed.id)
