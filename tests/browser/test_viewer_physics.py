"""What the viewer says of a performance under physics: when it fell, what held it up, how good the best so far is."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from viewer_page import frame_of, ready, seek, wait_for
from viewer_stub import Stub, run_json

pytestmark = pytest.mark.browser
ALONE = {"length_s": 1.5, "fell_s": 1.0, "force_n": 0.0, "force_share": 0.0}


def performed(run: str, **physics: Any) -> dict[str, Any]:
    """A run whose sampled performance fell at 1 s, unless told otherwise."""
    made = run_json(run) | {"settings": {"physics": "sampling"}}
    motions = made["people"][0]["motions"]
    motions[2]["physics"] = {"length_s": 1.5, "fell_s": None, "force_n": 212.4, "force_share": 0.481}
    motions.append(motions[2] | {"name": "sampling", "physics": ALONE | physics, "written": 1})
    made["metrics"]["0"]["sampling"] = {"return": 0.5, "time_to_fall_s": 1.0, "residual_force_n": 0.0}
    made["metrics"]["0"]["assisted"]["time_to_fall_s"] = None
    return made


def facts(page: Page, pane: int) -> list[str]:
    texts = page.locator(".pane").nth(pane).locator(".facts li:visible").all_inner_texts()
    return [text.replace("\u00a0", " ") for text in texts]


def test_a_fall_is_told_on_the_pane_the_clock_and_in_the_table(open_page: Callable[..., Page], stub: Stub) -> None:
    stub.runs["fallen"] = performed("fallen")
    page = ready(open_page("fallen"))
    assert facts(page, 2) == ["fell at 1 s", "no residual force"]
    mark = page.get_by_role("button", name="Physics (sampling): fell at 1 s")
    mark.click()
    assert frame_of(page) == 24
    expect(page.locator(".facts .fell.past")).to_be_visible()
    seek(page, 0.5)
    expect(page.locator(".facts .fell.past")).to_have_count(0)
    box, track = mark.bounding_box(), page.locator(".scrubber").bounding_box()
    assert box
    assert track
    assert (box["x"] + box["width"] / 2 - track["x"]) / track["width"] == pytest.approx(24 / 35, abs=0.03)
    cells = page.locator('tr[data-figure="time_to_fall_s"] td').all_inner_texts()
    assert [text.strip() for text in cells] == ["–", "–", "stayed up", "1.00"]
    assert "no residual force" in page.locator(".residual").nth(1).inner_text()


def test_the_assisted_preview_always_says_what_holds_it(open_page: Callable[..., Page], stub: Stub) -> None:
    stub.runs["held"] = performed("held")
    page = ready(open_page("held", "&panes=source,sampling,assisted"))
    assert facts(page, 2) == ["held by 212 N, 48 % of body weight · now 0 N"]
    assert page.locator("#links p a").get_attribute("href", timeout=1000).endswith("/api/runs/held/bundle.zip")


def test_while_a_better_one_is_sought_the_best_so_far_is_named(open_page: Callable[..., Page], stub: Stub) -> None:
    run = performed("sought") | {"state": "running"}
    run["people"][0]["motions"][-1]["improving"] = True
    run["stages"][-1] |= {"state": "running", "fraction": 0.3, "seconds": 30.0, "left_s": 70.0}
    stub.runs["sought"] = run
    page = ready(open_page("sought"))
    assert facts(page, 2) == ["best so far: 1 s held", "no residual force"]
    assert "30 % · about 1 min left" in page.locator("#progress").inner_text().replace("\u00a0", " ")
    assert page.locator("#links p a").count() == 0
    stub.runs["sought"] = performed("sought", fell_s=None)
    wait_for(page, "document.querySelector('.pane:nth-of-type(3) .facts .fell').hidden")
    assert page.locator(".marks button").count() == 0
