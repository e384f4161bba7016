"""Broken and hostile requests to every own route: no traceback, no path of this machine, no 500, whatever comes."""

import random
import re

import pytest

from core.jobs.home import new_run_id
from webapp.asking import UNEXPECTED

JSON = {"content-type": "application/json"}
WORDS = ("Traceback", "/site-packages/", "sqlalchemy", "sqlite3", ".py")
NASTY = (
    "",
    "a" * 5000,
    "../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "%00",
    "\u202e\ud7ff",
    "' OR 1=1 --",
    "{{7*7}}",
    "<script>alert(1)</script>",
    "-1",
    "1e309",
    "NaN",
    "null",
    "[]",
    "file:///etc/passwd",
    "http://169.254.169.254/",
)


@pytest.fixture(scope="module")
def addresses(site_client):
    """(method, path with names in braces) of every own route."""
    routers = [route.original_router for route in site_client.app.routes if hasattr(route, "original_router")]
    found = [(m, r.path) for router in routers for r in router.routes for m in r.methods if r.path.startswith("/api")]
    assert len(found) >= 12
    return sorted(found)


def sent(client, dice, method, path):
    """One request with something nasty wherever something can be put."""

    def nasty(name: re.Match[str]) -> str:
        value = new_run_id() if name[1] == "run_id" and dice.random() < 0.5 else dice.choice(NASTY)
        return value.replace("?", "").replace("#", "") or "x"

    path = re.sub(r"{(.+?)}", nasty, path)  # in one go: what is put in may have braces of its own
    headers = {"range": dice.choice(["bytes=5-1", "bytes=-99999999999", "x"]), "x-user": dice.choice(NASTY[5:])}
    headers = {k: v.encode("utf-8", "replace") for k, v in headers.items()}
    if method == "GET":
        return client.get(path, headers=headers)
    kind = dice.choice(("json", "form", "file", "raw"))
    if kind == "json":
        return client.request(
            method, path, json=dice.choice([{"name": dice.choice(NASTY[1:5])}, [], 7, {"person": {}}])
        )
    if kind == "form":
        form = {
            dice.choice(("sample", "start", "end", "physics", "person", "link")): dice.choice(NASTY) for _ in range(3)
        }
        return client.request(method, path, data=form)
    if kind == "file":
        return client.request(method, path, files={"file": (dice.choice(NASTY[:5]) or "x", dice.randbytes(300))})
    return client.request(method, path, content=dice.randbytes(200), headers={"content-type": "multipart/form-data"})


def test_endpoints_that_are_not_there_and_errors_within_gradio_are_told_plainly(site_client):
    answer = site_client.post("/gradio_api/run/none", content=b'{"data": ["\\ud800"]}', headers=JSON)
    assert (answer.status_code, "no endpoint" in answer.json()["error"]) == (404, True)


@pytest.mark.parametrize(("name", "value"), [("run_status", "-1e308"), ("run_files", "[]"), ("cancel_run", "true")])
def test_endpoints_refuse_what_is_no_text(site_client, name, value):
    answer = site_client.post(f"/gradio_api/run/{name}", content=b'{"data": [%s]}' % value.encode(), headers=JSON)
    assert "should be a text" in answer.json()["error"]


def test_what_goes_wrong_within_an_endpoint_is_not_told(site_client, monkeypatch):
    monkeypatch.setattr(site_client.app.state.site.store, "find", lambda search: 1 / 0)
    answer = site_client.post("/gradio_api/run/list_runs", content=b'{"data": ["", "", 1]}', headers=JSON)
    assert answer.json()["error"] == UNEXPECTED


@pytest.mark.parametrize("seed", range(4))
def test_whatever_comes_the_answer_is_a_plain_refusal(site_client, addresses, seed):
    dice = random.Random(seed)
    for method, path in addresses * 3:
        answer = sent(site_client, dice, method, path)
        assert answer.status_code < 500, (method, path, answer.text)
        if answer.status_code >= 400:
            assert not any(word in answer.text for word in WORDS), (method, path, answer.text)
            assert {"error", "detail"} & set(answer.json())  # the second where no own route is meant any more
    assert site_client.get("/healthz").status_code == 200
