"""Comparing in the viewer: panes and layouts, other runs, a looped part, the split, and the link to a view."""

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from viewer_page import changed_pixels, frame_of, joint, picture, ready, seek, wait_for
from viewer_stub import FPS, Stub, run_json

pytestmark = pytest.mark.browser


def names(page: Page) -> list[str]:
    return list(page.evaluate("() => window.understudyViewer.panes().map((pane) => pane.name)"))


def loop(page: Page) -> list[int] | None:
    return page.evaluate("() => window.understudyViewer.range()")


def choose(page: Page, pane: int, value: str) -> None:
    page.locator(".pane").nth(pane).get_by_role("combobox").select_option(value)


def test_panes_are_added_taken_away_and_brought_back(open_page: Callable[..., Page]) -> None:
    page = ready(open_page("walk", "&t=0.5"))
    page.keyboard.press("4")
    assert names(page) == ["source", "hmr", "assisted", "motion"]
    page.get_by_role("button", name="One pane").click()
    assert names(page) == ["source"]
    page.keyboard.press("4")
    assert names(page) == ["source", "hmr", "assisted", "motion"]
    choose(page, 2, "source")  # there is one source: who has it changes places
    assert names(page) == ["assisted", "hmr", "source", "motion"]
    ready(page)
    wait_for(page, "location.search.includes('panes=assisted,hmr,source,motion')")
    assert frame_of(page) == 12
    assert picture(page, 2).std() > 30


def test_a_motion_of_another_run_is_shown_at_the_same_time(open_page: Callable[..., Page], stub: Stub) -> None:
    stub.runs["second"] = run_json("second") | {"name": "a second walk"}
    page = ready(open_page("walk"))
    choose(page, 1, "+another")
    page.get_by_label("Find a run").fill("second")
    page.get_by_role("button", name="a second walk").click()
    page.get_by_role("dialog").get_by_role("button", name="Physics (assisted)").click()
    assert names(page) == ["source", "second~0~assisted", "assisted"]
    ready(page)
    seek(page, 0.5)
    expected = stub.motions["assisted"].joints[12, 0]
    np.testing.assert_allclose(joint(page, "second~0~assisted", "pelvis"), expected, atol=2e-3)
    expect(page.locator(".pane").nth(1).get_by_role("combobox")).to_contain_text("Physics (assisted) · a second walk")
    choose(page, 2, "+another")
    page.keyboard.press("Escape")
    expect(page.locator(".pane").nth(2).get_by_role("combobox")).to_have_value("assisted")


def test_a_part_is_looped_by_keys_and_by_dragging(open_page: Callable[..., Page]) -> None:
    page = ready(open_page("walk", "&panes=motion"))
    seek(page, 6.5 / FPS)
    page.keyboard.press("i")
    seek(page, 18.5 / FPS)
    page.keyboard.press("o")
    assert loop(page) == [6, 18]
    page.keyboard.press("ArrowRight")
    assert frame_of(page) == 6
    page.evaluate("() => { window.seen = new Set(); setInterval(() => seen.add(understudyViewer.frame()), 20) }")
    page.keyboard.press(" ")
    wait_for(page, "Math.max(...seen) > 14 && [...seen].lastIndexOf(7) < [...seen].length")
    page.wait_for_timeout(600)
    page.keyboard.press(" ")
    seen = page.evaluate("() => [...seen]")
    assert min(seen) >= 6
    assert max(seen) <= 18
    page.keyboard.press("u")
    assert loop(page) is None
    box = page.locator(".ticks").bounding_box()
    assert box
    page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 8, steps=3)
    page.mouse.up()
    first, last = loop(page) or (0, 0)
    assert (first, last) == pytest.approx((9, 26), abs=1)
    wait_for(page, f"location.search.includes('loop={first},{last}')")


def test_the_split_shows_another_motion_right_of_its_line(open_page: Callable[..., Page]) -> None:
    page = ready(open_page("walk", "&panes=hmr,assisted&t=0.5&contacts=0&force=0"))
    before = picture(page, 1)
    page.keyboard.press("s")
    ready(page)
    handle = page.get_by_role("slider", name="Split between two motions")
    expect(handle).to_be_visible()
    for _ in range(4):
        handle.press("ArrowRight")
    assert handle.get_attribute("aria-valuenow") == "58"
    seek(page, 0.5)
    after = picture(page, 1)
    line = int(0.58 * after.shape[1])
    bodies = slice(0, -50)  # below is written who is on which side
    left, right = (bodies, slice(0, line - 20)), (bodies, slice(line + 20, None))
    assert changed_pixels(before[left], after[left]) == 0
    assert changed_pixels(before[right], after[right]) > 400


def test_the_link_leads_to_this_very_view(open_page: Callable[..., Page], stub: Stub) -> None:
    page = ready(open_page("walk", "&panes=motion,assisted", permissions=["clipboard-read", "clipboard-write"]))
    page.locator(".viewport").nth(0).focus()
    for _ in range(5):
        page.keyboard.press("Alt+ArrowLeft")
    page.keyboard.press("-")
    page.keyboard.press("g")
    page.keyboard.press("c")
    seek(page, 1.0)
    page.keyboard.press("o")
    ready(page)
    page.get_by_role("button", name="Copy link").click()
    page.get_by_text("Link copied").wait_for()
    link = page.evaluate("() => navigator.clipboard.readText()")
    for part in ("t=1", "ghost=motion", "speed=0.5", "loop=0,24", "contacts=0", "camera="):
        assert part in link
    there = picture(page, 1)
    page.goto(link)
    ready(page)
    assert (frame_of(page), loop(page)) == (24, [0, 24])
    assert changed_pixels(there, picture(page, 1)) < 400  # the link has millimetres


def test_all_keys_are_told(open_page: Callable[..., Page]) -> None:
    page = ready(open_page("walk", "&panes=motion", width=390, height=844))
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_contain_text("loop from here")
    page.keyboard.press("4")  # while they are read, keys do nothing else
    assert names(page) == ["motion"]
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
