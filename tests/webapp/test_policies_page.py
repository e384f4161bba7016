"""Policies in the library: listed over all runs, renamed, deleted and brought back, another user's not there."""

from datetime import UTC, datetime, timedelta

import pytest
from test_site_routes import UNKNOWN

from core.imitation.ppo.settings import TrainingSettings
from core.jobs.home import new_run_id
from core.jobs.policies import PolicySearch, PolicyStore, deleted_policies, remove_policy
from core.jobs.policy_facts import note_facts, policy_facts
from core.jobs.trainings import TrainingStore
from core.run_figures import policy_figures, read_figures
from core.run_folder import read_json, write_json
from core.training_folder import training_folder
from core.training_stages import RunSettings


@pytest.fixture
def policy(site_client):
    """A training that was stopped, of a run that is done: (run, training)."""
    site = site_client.app.state.site
    run_id, training_id = new_run_id(), new_run_id()
    site.store.create(run_id, "A walk", "a.mp4", {}, [("clip", "Cut")])
    site.store.finish(run_id, "done")
    settings = RunSettings(TrainingSettings(seconds=60.0), "A walk, policy 1").to_json()
    trainings = TrainingStore(site.engine)
    trainings.create(training_id, run_id, 0, settings, also=lambda connection, line: None)
    yield run_id, training_id
    trainings.end(training_id, "stopped")
    site.store.delete(run_id)


def listed(client, **query):
    return {each["id"]: each for each in client.get("/api/policies", params=query).json()["policies"]}


def test_a_policy_is_listed_renamed_deleted_and_brought_back(site_client, policy):
    run_id, training_id = policy
    at = f"/api/runs/{run_id}/trainings/{training_id}"
    told = listed(site_client)[training_id]
    assert (told["name"], told["run_name"], told["state"], told["deleted"]) == (
        "A walk, policy 1",
        "A walk",
        "queued",
        False,
    )
    assert training_id in listed(site_client, state="at work")
    assert training_id not in listed(site_client, state="done")
    assert (told["preview_url"], told["bundle_url"], told["mean_return"]) == (None, None, None)
    assert site_client.delete(at).status_code == 400  # still learning
    TrainingStore(site_client.app.state.site.engine).end(training_id, "stopped")

    assert site_client.patch(at, json={"name": " My \n <b>runner</b> "}).json() == {"name": "My <b>runner</b>"}
    assert site_client.patch(at, json={"name": " \n "}).status_code == 400
    assert training_id in listed(site_client, search="RUNNER")
    assert training_id in listed(site_client, state="stopped")
    assert training_id not in listed(site_client, search="policy 1")

    assert site_client.delete(at).json()["deleted"]
    assert training_id not in listed(site_client)
    assert listed(site_client, state="deleted")[training_id]["deleted"]
    refused = site_client.post(f"{at}/resume", json={"more_seconds": 30.0})
    assert (refused.status_code, listed(site_client, state="deleted")[training_id]["state"]) == (400, "stopped")
    assert "Bring it back first" in refused.text
    assert site_client.get(f"/api/runs/{run_id}/trainings").json() == {"trainings": []}
    site_client.post(f"{at}/restore")
    assert training_id in listed(site_client)
    assert len(site_client.get(f"/api/runs/{run_id}/trainings").json()["trainings"]) == 1


def test_policies_are_asked_for_by_their_ids(site_client, policy):
    _, training_id = policy
    assert list(listed(site_client, ids=f"{UNKNOWN},{training_id},")) == [training_id]
    for ids in (UNKNOWN, "no id", "\0", ","):
        assert listed(site_client, ids=ids) == {}
    assert listed(site_client, ids=training_id, state="deleted") == {}
    of_another = PolicyStore(site_client.app.state.site.engine).find("eve", PolicySearch(ids=(training_id,)))
    assert of_another == ([], 0)
    assert list(listed(site_client, ids=",".join([training_id, *[UNKNOWN] * 23]))) == [training_id]
    refused = site_client.get("/api/policies", params={"ids": ",".join([UNKNOWN] * 25)})
    assert refused.status_code == 400
    assert "at most 24" in refused.text


def test_a_policy_that_was_brought_back_meanwhile_is_not_removed(site_client, policy):
    run_id, training_id = policy
    site, at = site_client.app.state.site, f"/api/runs/{run_id}/trainings/{training_id}"
    TrainingStore(site.engine).end(training_id, "stopped")
    site_client.delete(at)
    (place,) = deleted_policies(site.engine, datetime.now(UTC) + timedelta(minutes=1))
    site_client.post(f"{at}/restore")
    remove_policy(site.engine, site.home, place)
    assert training_id in listed(site_client)

    site_client.delete(at)
    run = site.home.run(run_id)
    write_json(run.metrics, {"0": {"motion": {"jitter": 1.0}, f"policy-{training_id}": {"return": 0.5}}})
    write_json(policy_figures(run.person(0), f"policy-{training_id}"), {"return": 0.5})
    remove_policy(site.engine, site.home, place)
    assert training_id not in listed(site_client) | listed(site_client, state="deleted")
    assert read_figures(run) == read_json(run.metrics) == {"0": {"motion": {"jitter": 1.0}}}


def test_a_deleted_policys_performance_is_no_motion_of_the_run(site_client, policy):
    run_id, training_id = policy
    site = site_client.app.state.site
    person = site.home.run(run_id).person(0)
    for path in ("track.npz", f"rollouts/policy-{training_id}.npz", f"rollouts/policy-{training_id}-body.glb"):
        (person / path).parent.mkdir(parents=True, exist_ok=True)
        (person / path).write_bytes(b"x")
    note_facts(site.engine, training_id, policy_facts(site.home.run(run_id), 0, training_id))

    def motions():
        return [each["name"] for each in site_client.get(f"/api/runs/{run_id}").json()["people"][0]["motions"]]

    assert motions() == [f"policy-{training_id}"]
    assert listed(site_client)[training_id]["view_url"].endswith(f"panes=motion,policy-{training_id}")
    TrainingStore(site.engine).end(training_id, "stopped")
    site_client.delete(f"/api/runs/{run_id}/trainings/{training_id}")
    assert motions() == []
    preview = site_client.get(f"/api/runs/{run_id}/trainings/{training_id}/preview.webp")
    assert preview.status_code == 404  # its performance cannot be read
    assert not training_folder(site.home.run(run_id), 0, training_id).root.joinpath(".preview.webp").exists()


def test_what_is_not_there_is_not_found(site_client, policy):
    run_id, _ = policy
    for method, path in (("PATCH", ""), ("DELETE", ""), ("POST", "/restore"), ("GET", "/preview.webp")):
        body = {"json": {"name": "A"}} if method == "PATCH" else {}
        for run in (run_id, UNKNOWN):
            answer = site_client.request(method, f"/api/runs/{run}/trainings/{UNKNOWN}{path}", **body)
            assert answer.status_code == 404, (method, path)
    page = site_client.get("/policies")
    assert page.status_code == 200
    assert 'href="/library"' in page.text
