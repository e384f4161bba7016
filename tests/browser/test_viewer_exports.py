"""Taking a motion in the format of another program."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from viewer_page import ready, wait_for
from viewer_stub import Stub, run_json

pytestmark = pytest.mark.browser

FORMATS = [{"name": name, "for_whom": f"for {name}"} for name in ("glb", "bvh", "usd", "fbx")]


def with_exports(run: str, **changes: object) -> dict:
    """A run of two people whose motions can be had, but for their last one."""
    view = run_json(run, people=2) | {"formats": FORMATS} | changes
    for person in view["people"]:
        for motion in person["motions"][:2]:
            motion["export_url"] = f"/api/runs/{run}/people/{person['index']}/exports/{motion['name']}"
    return view


def test_a_motion_is_taken_as_what_another_program_opens(open_page: Callable[..., Page], stub: Stub) -> None:
    stub.runs["taken"] = with_exports("taken")
    page = ready(open_page("taken", "&person=1"))
    form = page.get_by_role("form", name="A motion for another program")
    assert form.get_by_label("Take").locator("option").all_inner_texts() == ["hmr", "motion"]
    expect(form.get_by_label("as")).to_have_value("fbx")
    for name, format in (("motion", "fbx"), ("hmr", "bvh")):
        form.get_by_label("Take").select_option(label=name)
        form.get_by_label("as").select_option(format)
        with page.expect_download() as taken:
            form.get_by_role("button", name="Save").click()
        assert taken.value.suggested_filename == f"taken {name}.{format}"
        assert Path(taken.value.path()).read_text() == f"1 {name} {format}"
        expect(form.get_by_role("status")).to_contain_text(f"taken {name}.{format}")


def test_what_cannot_be_written_is_said_and_the_choice_stays(open_page: Callable[..., Page], stub: Stub) -> None:
    stub.runs["refused"] = with_exports("refused", state="running")
    page = ready(open_page("refused", expected="400"))
    form = page.get_by_role("form", name="A motion for another program")
    form.get_by_label("as").select_option("usd")
    form.get_by_label("Take").select_option(label="hmr")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("status")).to_have_text("Writing USD needs usd-core, which is not installed.")
    newer = with_exports("refused")
    newer["artifacts"] += [{"path": "metrics.json", "url": "/api/runs/refused/files/metrics.json", "bytes": 10}]
    stub.runs["refused"] = newer
    wait_for(page, "document.querySelector('#links').innerText.includes('metrics.json')")
    expect(form.get_by_label("as")).to_have_value("usd")
    assert form.get_by_label("Take").locator("option:checked").inner_text() == "hmr"


def test_without_anything_to_take_there_is_no_form(open_page: Callable[..., Page], stub: Stub) -> None:
    page = ready(open_page("walk"))
    expect(page.locator("form.take-as")).to_be_hidden()
