"""Several users behind a proxy that names them: what each reaches, by every route and by Gradio's."""

import re

import pytest
from starlette.testclient import TestClient

from core.imitation.ppo.settings import TrainingSettings
from core.jobs.home import new_run_id
from core.jobs.store import RunStore
from core.jobs.trainings import TrainingStore
from core.training_stages import RunSettings
from webapp.app import create_app
from webapp.settings import Settings

PROXY = ("10.0.0.2", 1)


@pytest.fixture(scope="module")
def app(tmp_path_factory, fake_pipeline_path):
    given = {"host": "0.0.0.0", "user_header": "X-User", "trusted_proxies": PROXY[0], "pipeline": "fake_pipeline"}
    return create_app(Settings(home=tmp_path_factory.mktemp("users"), _env_file=None, **given))


@pytest.fixture(scope="module")
def run(app):
    """A finished run of Ada's, with a file."""
    site = app.state.site
    run = RunStore(site.engine).create(new_run_id(), "Ada's secret", "a.mp4", {}, [("clip", "Cut")], owner="ada")
    site.home.run(run.id).metrics.parent.mkdir(parents=True)
    site.home.run(run.id).metrics.write_text("{}")
    site.home.run(run.id).person(0).mkdir()
    (site.home.run(run.id).person(0) / "track.npz").write_bytes(b"x")
    RunStore(site.engine).finish(run.id, "done")
    return run


def client_of(app, user, address=PROXY):
    return TestClient(app, client=address, headers={"x-user": user} if user else {}, follow_redirects=False)


def routes_of_runs(app):
    """(method, path) of every route that names a run."""
    routers = [route.original_router for route in app.routes if hasattr(route, "original_router")]
    return [
        (method, route.path)
        for router in routers
        for route in router.routes
        if "{run_id}" in route.path
        for method in route.methods
    ]


def test_the_runs_of_others_are_not_there_by_any_route(app, run):
    routes = routes_of_runs(app)
    assert len(routes) >= 10
    for user in ("eve", "local"):
        client = client_of(app, user)
        for method, path in routes:
            address = re.sub(r"\{(?!run_id)[^}]*\}", "0", path).replace("{run_id}", run.id)
            answer = client.request(method, address, json={"name": "mine"} if method in ("PATCH", "POST") else None)
            assert (answer.status_code, answer.json()) == (404, {"error": "There is no run with this id."}), path
    ada = client_of(app, "ada")
    assert ada.get(f"/api/runs/{run.id}").json()["name"] == "Ada's secret"
    assert ada.get(f"/api/runs/{run.id}/files/metrics.json").status_code == 200


def test_the_policies_of_others_are_not_listed(app, run):
    settings = RunSettings(TrainingSettings(seconds=60.0), "Ada's policy").to_json()
    store = TrainingStore(app.state.site.engine)
    store.create(new_run_id(), run.id, 0, settings, also=lambda connection, line: None)
    told = {user: client_of(app, user).get("/api/policies").json() for user in ("ada", "eve", "local")}
    assert {user: each["total"] for user, each in told.items()} == {"ada": 1, "eve": 0, "local": 0}
    assert told["ada"]["policies"][0]["name"] == "Ada's policy"


def test_without_the_proxy_nobody_is_anybody(app, run):
    assert client_of(app, "ada", ("10.0.0.3", 1)).get(f"/api/runs/{run.id}").status_code == 401
    assert client_of(app, None).get(f"/api/runs/{run.id}").status_code == 401


def open_page(app, client, root, run_id):
    """Everything that the page's events on loading answer with for an address, as text."""
    config = client.get(f"{root}/config").json()
    loads = [d for d in config["dependencies"] if any(t[1] == "load" for t in d["targets"]) and d["backend_fn"]]
    assert loads
    answers = []
    for each in loads:
        content = {"data": [None] * len(each["inputs"]), "fn_index": each["id"], "session_hash": "x" * 10}
        answer = client.post(f"{root}/gradio_api/run/predict?run={run_id}", json=content)
        assert answer.status_code == 200, answer.text
        answers.append(answer.text)
    return "".join(answers)


@pytest.mark.parametrize("root", ["", "/evaluate"])
def test_the_pages_show_everybody_their_own_runs(app, run, root):
    assert run.id in open_page(app, client_of(app, "ada"), root, run.id)
    for user in ("eve", "local"):
        assert "secret" not in open_page(app, client_of(app, user), root, run.id)


def test_no_event_of_a_page_leaves_the_request_it_came_with(app):
    """Gradio's queue works outside of requests, where there is no user, so that nothing would be found there."""
    for root in ("", "/evaluate"):
        config = client_of(app, "ada").get(f"{root}/config").json()
        assert [d["api_name"] for d in config["dependencies"] if d["backend_fn"] and d["queue"]] == []
