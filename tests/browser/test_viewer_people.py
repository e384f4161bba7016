"""Who is in the clip: choosing a person, saying that it is the wrong one, and what the stages wanted to be known."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect
from viewer_page import ready, seek
from viewer_stub import FRAMES, HEIGHT, WIDTH, Stub, run_json


def crowd(stub: Stub, name: str) -> dict[str, Any]:
    """A run of the first of two people."""
    run = run_json(name)
    run["settings"] = {"person": "0", "corrections": [{"frame": 1, "x": 2, "y": 3, "person": 0}]}
    run["found"] = [
        {"number": n, "thumbnail_url": "/viewer/icon.svg", "frames": FRAMES - n, "chosen": n == 0} for n in range(2)
    ]
    run["notices"] = ["Somebody was hard to see."]
    stub.runs[name] = run
    return run


def test_choosing_somebody_who_was_not_computed_starts_a_run_of_them(open_page: Callable[..., Page], stub: Stub):
    crowd(stub, "crowd")
    page = ready(open_page("crowd"))
    first, second = page.locator(".people button").all()
    assert (first.get_attribute("aria-pressed"), second.get_attribute("aria-pressed")) == ("true", "false")
    second.click()
    page.wait_for_url("**/?run=walk")
    assert stub.again[-1] == ("crowd", {"person": "1"})


def test_wrong_person_from_here_takes_the_frame_and_the_place_in_the_picture(
    open_page: Callable[..., Page], stub: Stub
):
    crowd(stub, "mixed")
    page = ready(open_page("mixed"))
    seek(page, 0.5)
    page.get_by_role("button", name="Wrong person from here").click()
    expect(page.locator(".told-people")).to_contain_text("Click the right person")
    page.keyboard.press("Escape")
    expect(page.locator(".told-people")).to_have_text("")
    page.get_by_role("button", name="Wrong person from here").click()
    box = page.locator(".film").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_url("**/?run=walk")
    run, changes = stub.again[-1]
    assert (run, changes["person"]) == ("mixed", "0")
    earlier, new = changes["corrections"]
    assert earlier == {"frame": 1, "x": 2, "y": 3, "person": 0}
    assert (new["frame"], new["person"]) == (12, 0)
    assert abs(new["x"] - WIDTH / 2) <= 2
    assert abs(new["y"] - HEIGHT / 2) <= 2


def test_notices_are_shown_and_one_person_needs_no_strip(open_page: Callable[..., Page], stub: Stub):
    crowd(stub, "noted")
    page = ready(open_page("noted"))
    expect(page.locator("#notes")).to_contain_text("Somebody was hard to see.")
    page = ready(open_page("walk"))
    expect(page.locator("#people")).to_be_hidden()
    expect(page.locator("#notes")).to_be_hidden()
