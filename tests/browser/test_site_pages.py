"""The pages beside a run's: the library, the challenge, the routes, and what is seen before a run is started."""

from typing import Any

from playwright.sync_api import Page, Route, expect

from core.assets import asset_path

NAMES = ("Walk", "Jump", "A picture of <b>nobody</b>")


def not_wider(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_library_is_empty_then_searched_renamed_deleted_and_brought_back(page: Page):
    page.goto("/library")
    expect(page.get_by_role("heading", name="No runs yet")).to_be_visible()
    for name in NAMES:
        started = page.request.post("/api/runs", multipart={"sample": "walker"}).json()["id"]
        page.request.patch(f"/api/runs/{started}", data={"name": name})
    page.goto("/library")
    cards = page.locator(".run-card")
    expect(cards.locator(".pill", has_text="Done")).to_have_count(3, timeout=60_000)  # a deletion would end them
    expect(page.locator("#disk")).to_contain_text("MB on disk")
    expect(page.get_by_label("Moving pictures")).not_to_be_checked()  # the system asks for less motion
    assert not_wider(page)
    page.get_by_role("searchbox").fill("NOBODY")
    expect(cards).to_have_count(1)
    expect(cards.locator(".name")).to_have_text(NAMES[2])
    assert "search=NOBODY" in page.url
    page.get_by_role("button", name="Rename").click()
    page.keyboard.type("Nobody at all")
    page.keyboard.press("Enter")
    expect(cards.locator(".name")).to_have_text("Nobody at all")
    page.reload()
    expect(cards.locator(".name")).to_have_text("Nobody at all")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="No run fits")).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Enter")
    expect(cards).to_have_count(1)
    page.get_by_role("button", name="Delete").click()
    page.locator("select[name=state]").select_option("deleted")
    page.get_by_role("button", name="Bring back").click()
    expect(page.get_by_role("heading", name="No run fits")).to_be_visible()
    page.goto("/library?state=done")
    expect(cards).to_have_count(3, timeout=30_000)
    page.locator(".run-card .name").first.click()
    expect(page.locator(".run-head")).to_be_visible(timeout=30_000)


def test_the_other_pages_tell_what_they_are_for(page: Page):
    page.goto("/challenge")
    expect(page.get_by_role("button", name="Challenge them")).to_be_visible()
    assert not_wider(page)
    page.get_by_role("link", name="API").click()
    expect(page.locator("code", has_text="/api/runs/{run_id}/bundle.zip")).to_be_visible()
    assert not_wider(page)


def matrix(name: str, state: str, done: int) -> dict[str, Any]:
    more = {"name": name, "names": ["deepmimic", "mine"], "seconds": 5.0, "starts": 1, "trouble": ""}
    return {"state": state, "done": done, "of": 4, "policies": ["a"], "motions": ["b"], "cells": [[None]]} | more


def test_a_challenge_is_followed_after_an_answer_that_failed(page: Page):
    page.clock.install()
    answers = [
        {"json": matrix("deepmimic", "running", 1)},
        {"status": 503, "json": {"error": "The site is restarting."}},
    ]
    answers.append({"json": matrix("deepmimic", "running", 2)})
    page.route("**/api/challenges/deepmimic", lambda route: route.fulfill(**answers.pop(0)))
    page.goto("/challenge")
    expect(page.locator("#state")).to_have_text("Running: 1 of 4 cells")
    page.clock.run_for(2000)
    expect(page.locator("#trouble")).to_have_text("The site is restarting.")
    page.clock.run_for(4000)
    expect(page.locator("#state")).to_have_text("Running: 2 of 4 cells")
    expect(page.locator("#trouble")).to_be_hidden()


def test_a_late_answer_is_not_shown_as_another_challenge(page: Page):
    held: list[Route] = []
    page.route("**/api/challenges/mine", lambda route: held.append(route))
    page.route("**/api/challenges/deepmimic", lambda route: route.fulfill(json=matrix("deepmimic", "stopped", 3)))
    page.goto("/challenge")
    expect(page.locator("#state")).to_have_text("3 of 4 cells are known")
    with page.expect_request("**/api/challenges/mine"):
        page.locator("#name").select_option("mine")
    with page.expect_response("**/api/challenges/deepmimic"):
        page.locator("#name").select_option("deepmimic")
    with page.expect_response("**/api/challenges/mine"):
        held[0].fulfill(json=matrix("mine", "stopped", 1))
    page.wait_for_timeout(500)
    expect(page.locator("#state")).to_have_text("3 of 4 cells are known")


def test_a_pasted_link_shows_what_is_behind_it_and_its_window_is_picked(page: Page):
    found = {"title": "A <b>dance</b>", "uploader": "Somebody", "seconds": 95.0, "start_s": 5.0, "end_s": None}
    found |= {"picture": None, "most_seconds": 60.0}
    page.route("**/api/links/preview", lambda route: route.fulfill(json=found))
    page.goto("/")
    page.get_by_label("Paste a link").fill("https://videos.invalid/dance?t=5")
    expect(page.locator(".link-card strong")).to_have_text("A <b>dance</b>")
    expect(page.locator(".link-card")).to_contain_text("Somebody · 1:35 long")
    expect(page.locator(".picker output")).to_contain_text("at most 60 s are taken")
    page.get_by_label("The window ends at").fill("12")
    expect(page.get_by_label("To", exact=True)).to_have_value("0:12")
    expect(page.locator(".picker output")).to_have_text("0:05 to 0:12, 7.0 s")
    assert not_wider(page)
    page.route("**/api/links/preview", lambda route: route.fulfill(status=400, json={"error": "The video is private."}))
    page.get_by_label("Paste a link").fill("https://videos.invalid/secret")
    expect(page.locator("#link-preview")).to_have_text("The video is private.")


def test_a_link_that_was_pasted_before_the_script_came_is_looked_at(page: Page):
    found = {"title": "A dance", "uploader": "", "seconds": 9.0, "start_s": 0.0, "end_s": None}
    found |= {"picture": None, "most_seconds": 60.0}
    page.route("**/api/links/preview", lambda route: route.fulfill(json=found))
    late: list[Route] = []
    page.route("**/studio/link_preview.js*", lambda route: late.append(route))
    page.goto("/", wait_until="commit")
    page.get_by_label("Paste a link").fill("https://videos.invalid/dance")
    page.wait_for_timeout(1000)
    assert late
    late[0].continue_()
    expect(page.locator(".link-card strong")).to_have_text("A dance")


def test_the_window_of_an_upload_is_picked_by_eye(page: Page):
    page.goto("/")
    page.set_input_files("#file input[type=file]", str(asset_path("samples/walker.mp4")))
    picker = page.locator(".picker")
    expect(picker).to_be_visible(timeout=30_000)
    expect(page.locator(".estimate")).to_contain_text("4.0 s of video", timeout=30_000)
    begins = picker.get_by_label("The window begins at")
    begins.focus()
    for _ in range(20):
        begins.press("ArrowRight")
    field = page.get_by_label("From", exact=True)
    expect(field).to_have_value("0:01")
    expect(page.locator(".estimate")).to_contain_text("3.0 s of video", timeout=30_000)
    page.get_by_label("To", exact=True).fill("0:03")
    expect(picker.locator("output")).to_have_text("0:01 to 0:03, 2.0 s")
    assert not_wider(page)
