"""What is written for programs: the examples of docs/api.md run against a served site; /docs and /openapi.json."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from support.served_sites import served_site

from core.assets import asset_path
from core.jobs.home import new_run_id
from webapp.answers import RunAnswer
from webapp.api_page import api_html

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs/api.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)
ADDRESS = "http://127.0.0.1:7860"


@pytest.fixture(scope="module")
def served(tmp_path_factory, fake_pipeline_path):
    """A site over the fake pipeline."""
    modules = os.pathsep.join([os.environ["PYTHONPATH"], str(Path(__file__).parent)])
    with served_site(tmp_path_factory.mktemp("served"), "recording_pipeline", modules) as address:
        yield address


def test_the_examples_do_what_they_say(served, tmp_path):
    over_http, library, with_client = EXAMPLES
    shutil.copyfile(asset_path("samples/walker.mp4"), tmp_path / "my-video.mp4")
    said = [run(each, served, tmp_path) for each in (over_http, library, with_client)]
    assert "done None" in said[0]
    assert (tmp_path / "taken/clip.mp4").read_bytes() == (tmp_path / "my-video.mp4").read_bytes()
    assert (tmp_path / "run.zip").read_bytes().startswith(b"PK")
    assert "1 my-video.mp4" in said[1]
    assert "done" in said[1]
    assert f"{served}/api/runs/" in said[2]
    assert "'name': 'my-video.mp4'" in said[2]


def run(example, address, folder):
    assert ADDRESS in example
    code = example.replace(ADDRESS, address)
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_endpoints_that_are_told_of_are_there(site_client):
    named = set(re.findall(r"`(/[a-z_]+)`", DOCS.split("lists all endpoints")[1]))
    there = set(site_client.get("/gradio_api/info").json()["named_endpoints"])
    assert named == there - {name for name in there if name.startswith("/_")}


def own_routes(routes):
    """(method, path with {} for each parameter) of the site's own routes; Gradio's are in mounted applications."""
    for route in routes:
        if hasattr(route, "original_router"):
            yield from own_routes(route.original_router.routes)
        elif isinstance(route, APIRoute):
            for method in route.methods:
                yield method, re.sub(r"\{[^}]*\}", "{}", route.path)


def test_every_route_is_told_of_and_no_other(site_client):
    told = re.findall(r"`(GET|POST|PATCH|PUT|DELETE) (/[^` ]+)`", DOCS)
    told = {(method, re.sub(r"\b[A-Z]+\b", "{}", path)) for method, path in told}
    there = set(own_routes(site_client.app.routes))
    assert told == there, f"not told of: {sorted(there - told)}; not there: {sorted(told - there)}"


def test_every_route_of_the_interface_is_on_its_page(site_client):
    schema = site_client.get("/openapi.json").json()
    page = site_client.get("/docs").text
    assert {"/api/runs", "/api/runs/{run_id}", "/api/disk", "/api/challenges/{name}"} <= set(schema["paths"])
    for path, operations in schema["paths"].items():
        assert f"<code>{path}</code>" in page
        for operation in operations.values():
            assert operation.get("description"), f"{path} should say what it does."
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", page)


def test_a_run_is_answered_as_it_is_told(site_client):
    site = site_client.app.state.site
    made = site.store.create(new_run_id(), "told", "a.mp4", {}, [("clip", "Cut")])
    answer = site_client.get(f"/api/runs/{made.id}").json()
    assert RunAnswer(**answer).model_dump() == answer


def test_a_name_in_a_schema_is_no_markup():
    model = {"properties": {"<i>": {"type": "string", "default": "<b>", "description": "<u>"}}}
    page = api_html({"paths": {}, "components": {"schemas": {"<s>": model}}})
    assert not re.search(r"<[isbu]>", page)
