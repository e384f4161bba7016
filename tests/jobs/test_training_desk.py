"""What people are told of the queue of trainings, and how much more a training is given."""

import json
from pathlib import Path

import pytest
from jobs_kit import make_home, wait_for

from core.errors import BadInputError
from core.imitation.ppo.settings import TrainingSettings
from core.jobs import training_workflow
from core.jobs.home import new_run_id
from core.jobs.mirrored_home import MirroredHome
from core.jobs.training_desk import TrainingDesk
from core.jobs.worker import Worker, make_client, prepare_queue
from core.training_folder import WORK, training_folder

HOUR = 3600.0


@pytest.fixture
def desk(tmp_path):
    """A desk without a worker."""
    home, engine, store = make_home(tmp_path)
    prepare_queue(engine)
    client = make_client(engine)
    yield TrainingDesk(store, home, client)
    client.destroy()


@pytest.fixture
def fake_training(tmp_path, monkeypatch):
    """The file for which trainings wait that are begun now."""
    monkeypatch.setattr(training_workflow, "STAGES_MODULE", "fake_training")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    return tmp_path / "go"


def add_run(desk, owner, name="a"):
    """A finished run with something to learn."""
    run_id = desk.runs.create(new_run_id(), name, "a.mp4", {}, [], owner=owner).id
    desk.runs.finish(run_id, "done")
    reference = desk.home.run(run_id).person(0) / "reference.txt"
    reference.parent.mkdir(parents=True)
    reference.write_text("a motion")
    desk.home.push(run_id)
    return run_id


def start(desk, run_id):
    return desk.start(run_id, 0, TrainingSettings(seconds=60.0))


def ahead(desk, trainings):
    return [desk.store.get(each.run_id, each.id).ahead for each in trainings]


def test_the_place_in_line_is_the_one_that_the_queue_keeps(desk, fake_training):
    fake_training.touch()
    ann, bob = (add_run(desk, owner, f"go:{fake_training}") for owner in ("ann", "bob"))
    old = start(desk, ann)
    desk.stop(ann, old.id)
    again = start(desk, ann)
    anns = [start(desk, ann), start(desk, ann)]
    desk.stop(ann, again.id)
    bobs = [start(desk, bob)]
    desk.resume(ann, again.id, None, HOUR)  # it was the first, and is her third now
    desk.resume(ann, old.id, None, HOUR)  # the oldest, and her fourth
    everyone = [old, again, *anns, *bobs]
    assert ahead(desk, everyone) == [4, 3, 1, 2, 0]
    assert [each.ahead for each in desk.store.of_run(ann)] == [4, 3, 1, 2]
    told = [each.id for _, each in sorted(zip(ahead(desk, everyone), everyone, strict=True), key=lambda pair: pair[0])]
    with Worker(desk.store.engine, desk.home, poll_s=0.05):
        wait_for(lambda: not desk.store.unended())
    records = [desk.store.get(each.run_id, each.id) for each in everyone]
    assert [each.id for each in sorted(records, key=lambda each: each.started)] == told
    assert [(each.state, each.ahead) for each in records] == 5 * [("done", None)]


def test_the_one_that_is_computed_goes_before_all_that_wait(desk, fake_training):
    ann, bob = (add_run(desk, owner, f"go:{fake_training}") for owner in ("ann", "bob"))
    first, second = start(desk, ann), start(desk, ann)
    desk.stop(ann, first.id)
    with Worker(desk.store.engine, desk.home, poll_s=0.05):
        wait_for(lambda: desk.store.get(ann, second.id).state == "running")
        bobs = start(desk, bob)
        assert ahead(desk, [first, second, bobs]) == [None, None, 1]
        fake_training.touch()
        wait_for(lambda: not desk.store.unended())


def write_curve(home, training, seconds):
    """What a worker leaves of a training, taken to where others look."""
    work = training_folder(home.run(training.run_id), 0, training.id).root / WORK
    work.mkdir(parents=True)
    (work / "curve.jsonl").write_text(json.dumps({"samples": 128, "seconds": seconds}) + "\n")
    home.push(training.run_id, training.id)


def test_more_seconds_are_added_to_those_that_it_took_elsewhere(desk, tmp_path):
    web, far = (MirroredHome.at(tmp_path / name, f"file://{tmp_path}/store") for name in ("web", "far"))
    here = TrainingDesk(desk.runs, web, desk._client)
    run_id = add_run(here, "ann")
    training = start(here, run_id)
    desk.store.begin(training.id)
    far.pull(run_id)
    write_curve(far, training, 600.0)
    desk.store.end(training.id, "done")
    with pytest.raises(BadInputError, match=r"has taken 10\.0"):
        here.resume(run_id, training.id, HOUR, HOUR)
    assert here.resume(run_id, training.id, 60.0, HOUR).settings["training"]["seconds"] == 660.0


def test_one_that_began_and_left_no_curve_is_given_no_more_seconds(desk):
    run_id = add_run(desk, "ann")
    training = start(desk, run_id)
    desk.store.begin(training.id)
    desk.store.end(training.id, "failed", "Its worker died.")
    with pytest.raises(BadInputError, match=r"curve .* is not there"):
        desk.resume(run_id, training.id, 60.0, HOUR)
    assert desk.store.get(run_id, training.id).state == "failed"
    assert desk.resume(run_id, training.id, None, HOUR).state == "queued"  # its budget is what it was
