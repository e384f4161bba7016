"""Trainings through the site's routes: what is told of one, what is refused, the bundle. Nothing is trained here."""

import io
import json
import zipfile

import pytest
from support.trainings import clip

from core.errors import BadInputError
from core.jobs.home import new_run_id
from core.jobs.training_desk import TrainingDesk
from core.training_folder import WORK, training_folder
from webapp.training_routes import TrainingChoices, training_settings

TERMS = {"pose": 0.3, "velocity": 0.05}


def iteration(i):
    return {
        "samples": 100 * i,
        "seconds": i / 2,
        "reward": 0.5,
        "terms": TERMS,
        "kl": 0.01,
        "samples_per_second": 200.0,
    }


def evaluation(i):
    return {
        "samples": 100 * i,
        "seconds": i / 2,
        "return": 0.1 * i,
        "seconds_up": 1.5,
        "horizon_s": 20.0,
        "assist": 0.0,
    }


@pytest.fixture(scope="module")
def run_id(site_client):
    """A finished run with a motion."""
    site = site_client.app.state.site
    run_id = site.store.create(new_run_id(), "Ada", "a.mp4", {}, []).id
    site.store.finish(run_id, "done")
    clip().save(site.home.run(run_id).person(0) / "reference.txt")
    return run_id


@pytest.fixture
def started(site_client, run_id, monkeypatch):
    """Starts a training that no worker sees; returns its id. All are ended afterwards."""
    monkeypatch.setattr(TrainingDesk, "_enqueue", lambda *given: None)
    ids = []

    def start(**choices):
        answer = site_client.post(f"/api/runs/{run_id}/trainings", json={"seconds": 60, **choices})
        assert answer.status_code == 201, answer.text
        ids.append(answer.json()["id"])
        return ids[-1]

    yield start
    for each in ids:
        site_client.app.state.site.trainings().store.end(each, "done")


def write_curve(site, run_id, training, lines):
    work = training_folder(site.home.run(run_id), 0, training).root / WORK
    work.mkdir(parents=True)
    (work / "curve.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return work


def test_a_training_is_told_with_its_figures_and_checkpoints(site_client, run_id, started):
    training = started(engine="bullet", seed=7)
    at = f"/api/runs/{run_id}/trainings/{training}"
    told = site_client.get(at).json()
    assert (told["state"], told["person"], told["name"]) == ("queued", 0, "Ada, policy 1")
    assert (told["iteration"], told["evaluation"], told["checkpoints"], told["bundle_url"]) == (None, None, [], None)
    assert told["settings"]["engine"] == "bullet"
    work = write_curve(
        site_client.app.state.site, run_id, training, [iteration(1), evaluation(1), iteration(2), evaluation(2)]
    )
    shown = work.parent / "checkpoints" / "0000000200.glb"
    shown.parent.mkdir()
    shown.write_bytes(b"glTF")
    told = site_client.get(at).json()
    assert told["iteration"]["samples_per_second"] == 200.0
    assert told["evaluation"]["return"] == 0.2
    assert [each["samples"] for each in told["checkpoints"]] == [200]  # the other one's performance is not there
    assert site_client.get(told["checkpoints"][0]["url"]).content == b"glTF"
    assert (
        site_client.get(f"/api/runs/{run_id}/files/person-0/policies/{training}/{WORK}/curve.jsonl").status_code == 404
    )
    listed = site_client.get(f"/api/runs/{run_id}/trainings").json()["trainings"]
    assert told in listed


def test_a_long_curve_is_thinned_to_its_end(site_client, run_id, started):
    training = started()
    at = f"/api/runs/{run_id}/trainings/{training}/curve"
    assert site_client.get(at).json()["iterations"]["samples"] == []
    lines = [iteration(i) for i in range(1, 1001)] + [evaluation(i) for i in range(1, 30)]
    write_curve(site_client.app.state.site, run_id, training, lines)
    curve = site_client.get(at).json()
    samples = curve["iterations"]["samples"]
    assert 100 < len(samples) <= 240
    assert samples[-1] == 100_000
    assert len(set(map(int.__sub__, samples[1:], samples))) == 1
    assert set(curve["iterations"]["terms"]) == set(TERMS)
    assert len(curve["evaluations"]["return"]) == 29


def test_the_policy_is_one_zip(site_client, run_id, started):
    training = started()
    at = f"/api/runs/{run_id}/trainings/{training}"
    assert site_client.get(f"{at}/bundle.zip").status_code == 404
    folder = training_folder(site_client.app.state.site.home.run(run_id), 0, training).root
    (folder / "checkpoints").mkdir(parents=True)
    for name in ("policy.zip", "policy.onnx", "play.py", "card.md", ".lock", "checkpoints/0000000001.glb"):
        (folder / name).write_text(name)
    answer = site_client.get(site_client.get(at).json()["bundle_url"])
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = [f"Ada policy/{name}" for name in ("card.md", "play.py", "policy.onnx", "policy.zip")]
        assert archive.namelist() == names


def test_it_is_stopped_and_resumed(site_client, run_id, started):
    training = started()
    at = f"/api/runs/{run_id}/trainings/{training}"
    assert site_client.post(f"{at}/stop").json()["state"] == "stopped"
    assert site_client.post(f"{at}/resume").json()["state"] == "queued"
    assert site_client.post(f"{at}/stop").json()["state"] == "stopped"
    answer = site_client.post(f"{at}/resume", json={"more_seconds": 1e9})
    assert answer.status_code == 400
    assert "480 minutes in all" in answer.json()["error"]


@pytest.mark.parametrize(
    ("choices", "word"),
    [
        ({"seconds": 0}, "above zero"),
        ({"seconds": -3}, "above zero"),
        ({"seconds": None}, "should have a budget"),
        ({"seconds": 1e9}, "at most 480 minutes"),
        ({"samples": 0}, "above zero"),
        ({"engine": "unity"}, "mujoco or bullet"),
        ({"engine": "bullet", "assist": 0.5}, "mujoco only"),
        ({"task": "juggle"}, "heading or target"),
        ({"assist": 1.5}, "between 0 and 1"),
        ({"person": 3}, "person 3 has none"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(site_client, run_id, choices, word):
    answer = site_client.post(f"/api/runs/{run_id}/trainings", json={"seconds": 60, **choices})
    assert answer.status_code == 400
    assert word in answer.json()["error"]


def test_unknown_ones_are_not_there(site_client, run_id):
    assert site_client.get(f"/api/runs/{new_run_id()}/trainings").status_code == 404
    assert site_client.get(f"/api/runs/{run_id}/trainings/{new_run_id()}").status_code == 404
    assert site_client.post(f"/api/runs/{run_id}/trainings/{new_run_id()}/stop").status_code == 404
    assert site_client.post(f"/api/runs/{run_id}/trainings", json={"seconds": 60, "policy": "x"}).status_code == 422


def test_a_policy_is_never_opened(site_client):
    """Where a person would try to bring one: the page opens zips of runs."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("data", "{}")
        archive.writestr("policy.pth", b"a pickle")
    data.seek(0)
    answer = site_client.post("/api/runs/import", files={"file": ("policy.zip", data)})
    assert answer.status_code == 400
    assert "can run code" in answer.json()["error"]


def test_the_budget_in_samples_has_the_sites_limit_in_time_too():
    settings = training_settings(TrainingChoices(samples=1000), 600.0)
    assert (settings.samples, settings.seconds) == (1000, 600.0)
    assert training_settings(TrainingChoices(seconds=1.0), 600.0).checkpoint_s == 5.0
    assert training_settings(TrainingChoices(seconds=7200.0), 7200.0).checkpoint_s == 60.0
    with pytest.raises(BadInputError):
        training_settings(TrainingChoices(seconds=float("nan")), 600.0)


def test_figures_for_prometheus(site_client, run_id, started):
    training = started()
    site = site_client.app.state.site
    write_curve(site, run_id, training, [iteration(1), evaluation(1), iteration(2)])
    assert 'understudy_trainings{state="queued"} 1.0' in site_client.get("/metrics").text
    site.trainings().store.begin(training)
    text = site_client.get("/metrics").text
    figures = {"samples": 200.0, "samples_per_second": 200.0, "reward": 0.5, "return": 0.1, "seconds_up": 1.5}
    for name, value in figures.items():
        assert f'understudy_training_{name}{{training="{training}"}} {value}\n' in text
    site.trainings().store.end(training, "done")
    assert training not in site_client.get("/metrics").text
