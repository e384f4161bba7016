"""A user's own challenge: their own policies and motions beside what ships; others' are not there for them."""

import os
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy.orm import Session
from support.gltf import Glb
from support.policies import still_policy
from support.trainings import clip

from core.challenge_stages import GONE, STAGES, RunSettings, run_stage
from core.errors import RunNotFoundError
from core.imitation.challenge import Cell
from core.imitation.challenge_folder import ChallengeFolder
from core.imitation.ppo.settings import TrainingSettings
from core.jobs.cleaning import find_orphans
from core.jobs.home import new_run_id
from core.jobs.policies import PolicyStore
from core.jobs.tables import Run
from core.jobs.trainings import TrainingStore
from core.run_folder import RunFolder
from core.training_folder import training_folder
from core.training_stages import RunSettings as TrainingRun
from webapp.challenge_choice import Choices
from webapp.challenge_desk import ChallengeDesk
from webapp.own_challenge import OwnChallenge, owners

OWN = "/api/challenges/own"


@pytest.fixture(scope="module")
def mine(site_client):
    """A run with the motion of its second person and a policy for it: ids, keys and addresses."""
    site = site_client.app.state.site
    run_id, training_id = new_run_id(), new_run_id()
    site.store.create(run_id, "My <b>hop</b>", "a.mp4", {}, [("clip", "Cut")])
    site.store.finish(run_id, "done")
    run = site.home.run(run_id)
    run.person(1).mkdir(parents=True)
    clip("jump").save(run.person(1) / "reference.txt")
    trainings = TrainingStore(site.engine)
    settings = TrainingRun(TrainingSettings(seconds=60.0), "Hopper").to_json()
    trainings.create(training_id, run_id, 1, settings, also=lambda connection, line: None)
    trainings.end(training_id, "done")
    folder = training_folder(run, 1, training_id).root
    folder.mkdir(parents=True)
    (folder / "policy.onnx").write_bytes(still_policy("hopper"))
    return SimpleNamespace(
        run=run_id,
        file=folder / "policy.onnx",
        policy=f"{run_id}-1-{training_id}",
        motion=f"{run_id}-1",
        at=f"/api/runs/{run_id}/trainings/{training_id}",
    )


def finished(client):
    deadline = time.monotonic() + 120
    while (told := client.get(OWN).json())["state"] == "running" and time.monotonic() < deadline:
        time.sleep(0.1)
    return told


def test_own_ones_are_chosen_run_and_shown_as_the_others_are(site_client, mine, tmp_path):
    choices = site_client.get(f"{OWN}/choices").json()
    assert {"key": mine.policy, "name": "Hopper", "own": True} in choices["policies"]
    assert {"key": mine.motion, "name": "My <b>hop</b>, person 2", "own": True} in choices["motions"]
    assert {"key": "walk", "name": "walk", "own": False} in choices["motions"]

    choice = {"policies": [mine.policy, mine.policy], "motions": [mine.motion, "kick"]}
    begun = site_client.post(f"{OWN}/start", json=choice).json()
    assert (begun["policies"], begun["motions"]) == (["Hopper"], ["My <b>hop</b>, person 2", "kick"])
    told = finished(site_client)
    assert (told["state"], told["done"], told["trouble"], told["names"][-1]) == ("done", 2, "", "own")
    hop, kick = told["cells"][0]
    assert (hop["own"], kick["own"]) == (True, False)
    assert hop["shown"]
    assert hop["problem"] == ""

    view = site_client.get(f"{OWN}/cells/0/0").json()
    assert view["name"] == "Hopper on My <b>hop</b>, person 2"
    for motion in view["people"][0]["motions"]:
        (tmp_path / "one.glb").write_bytes(site_client.get(motion["url"]).content)
        assert Glb.read(tmp_path / "one.glb").json["animations"]
    chosen = site_client.get(f"{OWN}/choices").json()["chosen"]
    assert chosen == [f"policy:{mine.policy}", f"motion:{mine.motion}", "motion:kick"]


def test_what_was_deleted_is_a_sentence_until_it_is_brought_back(site_client, mine):
    site_client.post(f"{OWN}/start", json={"policies": [mine.policy], "motions": [mine.motion]})
    assert finished(site_client)["cells"][0][0]["shown"]
    site = site_client.app.state.site
    for away, back, sentence in (
        (lambda: site_client.delete(mine.at), f"{mine.at}/restore", "This policy was deleted."),
        (lambda: site.store.delete(mine.run), f"/api/runs/{mine.run}/restore", "This policy was deleted."),
    ):
        away()
        (cell,) = site_client.get(OWN).json()["cells"][0]
        assert (cell["problem"], cell["shown"]) == (sentence, False)
        for address in ("cells/0/0", "cells/0/0/policy.glb"):
            answer = site_client.get(f"{OWN}/{address}")
            assert (answer.status_code, answer.json()) == (404, {"error": sentence})
        answer = site_client.post(f"{OWN}/start", json={"policies": [mine.policy], "motions": ["kick"]})
        assert answer.status_code == 400
        assert sentence in answer.json()["error"]
        assert mine.policy not in str(site_client.get(f"{OWN}/choices").json()["policies"])
        site_client.post(f"{OWN}/start")  # it ends at once: nothing can be run
        assert finished(site_client)["state"] == "done"
        site_client.post(back)
    assert site_client.get(OWN).json()["cells"][0][0]["shown"]


def test_a_file_that_goes_meanwhile_ends_nothing(tmp_path):
    (tmp_path / "bad.onnx").write_bytes(b"no policy")
    files = {"a": str(tmp_path / "bad.onnx"), "b": str(tmp_path / "gone.txt")}
    settings = RunSettings(("walk", "a"), ("walk", "b"), files, seconds=0.2, starts=1)
    run_stage(STAGES[0], RunFolder(tmp_path), RunSettings.from_json(settings.to_json()))
    kept = ChallengeFolder(tmp_path)
    assert kept.cell("walk", "walk").problem == ""
    assert [kept.cell(*names).problem for names in (("walk", "b"), ("a", "walk"), ("a", "b"))] == [GONE] * 3


def test_a_policy_that_learned_more_is_run_anew_and_others_cells_go(site_client, mine, tmp_path):
    site = site_client.app.state.site
    own = OwnChallenge(tmp_path, "local", lambda owner: Choices(site.engine, site.home, owner), None)
    own.work.start = lambda: None  # only what is kept is of interest
    cells = own.folder.root / "cells"
    known = cells / f"{mine.policy}-on-kick.json"
    other = cells / f"{mine.policy}-on-walk.json"

    def start():
        for path in (known, other):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text('{"policy": "p", "motion": "m", "falls": [null], "returns": [1.0]}')
        own.start([mine.policy], ["kick"])
        return known.exists(), other.exists()

    start()  # writes the plan; cells of another way to run them do not count
    assert start() == (True, False)  # what is chosen no more goes
    later = time.time() + 60
    os.utime(mine.file, (later, later))
    assert start() == (False, False)


def test_a_policy_that_ships_anew_is_run_anew(site_client, tmp_path, monkeypatch):
    site = site_client.app.state.site
    own = OwnChallenge(tmp_path, "local", lambda owner: Choices(site.engine, site.home, owner), None)
    own.work.start = lambda: None

    def start(checksum):
        entries = {"policies/walk/policy.onnx": {"sha256": checksum}}
        monkeypatch.setattr("core.imitation.challenge_folder.read_manifest", lambda: entries, raising=False)
        own.start(["understudy_walk", "walk"], ["kick"])
        return [own.folder.cell(name, "kick") is not None for name in ("understudy_walk", "walk")]

    start("old")
    for name in ("understudy_walk", "walk"):
        own.folder.keep(Cell(name, "kick", "mujoco", 1.0, (None,), (1.0,)), None)
    assert start("old") == [True, True]
    assert start("new") == [False, True]


def test_nobody_sees_anothers(site_client, mine, tmp_path):
    site = site_client.app.state.site
    eve = Choices(site.engine, site.home, "eve")
    assert not any(each.file for each in (*eve.policies(), *eve.motions()))
    for found, kind in ((eve.policy(mine.policy), "policy"), (eve.motion(mine.motion), "run")):
        assert found.problem
        assert found.name == f"A deleted {kind}"
        assert found.file is None
    for key in ("..", f"{mine.run}-1/../x", "/etc/passwd", str(mine.file)):
        assert eve.policy(key).file is None
        assert eve.motion(key).file is None
    desk = ChallengeDesk(site.home, choices=lambda owner: Choices(site.engine, site.home, owner))
    assert not desk.own("eve").is_chosen
    assert desk.own("eve").folder.root != desk.own("local").folder.root
    with pytest.raises(RunNotFoundError):
        desk.own(None)


@pytest.mark.parametrize(
    "choice",
    [
        {"policies": [], "motions": ["walk"]},
        {"policies": ["walk"], "motions": []},
        {"policies": ["walk"] * 13, "motions": ["walk"]},
        {"policies": ["x" * 81], "motions": ["walk"]},
        {"policies": ["fly"], "motions": ["walk"]},
        {"policies": ["walk"], "motions": ["/etc/passwd"]},
        {"policies": ["walk"]},
    ],
)
def test_what_cannot_be_challenged_is_refused(site_client, choice):
    answer = site_client.post(f"{OWN}/start", json=choice)
    assert answer.status_code in (400, 422)
    assert "error" in answer.json()


def test_a_policy_that_was_deleted_long_ago_is_removed_with_its_cells(site_client, mine):
    site = site_client.app.state.site
    root = site.home.challenges
    assert owners(root) == ["local"]
    site_client.post(f"{OWN}/start", json={"policies": [mine.policy, "walk"], "motions": ["kick"]})
    assert finished(site_client)["state"] == "done"
    training_id = mine.policy.rpartition("-")[2]
    performance = site.home.run(mine.run).person(1) / "rollouts" / f"policy-{training_id}.npz"
    performance.parent.mkdir()
    performance.write_bytes(b"x")
    site_client.delete(mine.at)
    PolicyStore(site.engine).put_away(mine.run, training_id, datetime.now(UTC) - timedelta(days=6))
    site.purge()
    assert find_orphans(site.engine, site.home) == []
    assert mine.file.is_file()
    (found,) = find_orphans(site.engine, site.home, now=time.time() + 2 * 86400)
    assert found.path == mine.file.parent
    assert found.bytes >= mine.file.stat().st_size
    assert "a policy that was deleted more than 7 days ago" in found.why
    found.remove()
    assert not mine.file.parent.exists()
    assert not performance.exists()
    assert not list(root.rglob(f"*{training_id}*"))
    assert TrainingStore(site.engine).called(training_id) is None
    answer = site_client.post(f"{mine.at}/restore")
    assert (answer.status_code, answer.json()) == (404, {"error": "The run has no such training."})
    told = site_client.get(OWN).json()
    assert told["policies"] == ["A deleted policy", "walk"]
    assert told["cells"][0][0]["problem"] == "This policy was deleted."
    assert told["cells"][1][0]["shown"]


def test_a_run_that_was_deleted_long_ago_leaves_no_cells(site_client, mine):
    site = site_client.app.state.site
    site_client.post(f"{OWN}/start", json={"policies": ["walk"], "motions": [mine.motion]})
    finished(site_client)
    assert list(site.home.challenges.rglob(f"*{mine.run}*"))
    site.store.delete(mine.run)
    with Session(site.engine) as session, session.begin():
        session.get(Run, mine.run).deleted -= timedelta(days=8)
    site.purge()
    assert not list(site.home.root.rglob(f"*{mine.run}*"))
    assert site_client.get(OWN).json()["cells"][0][0]["problem"] == "The run of this motion was deleted."
