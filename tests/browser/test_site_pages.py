"""The pages beside a run's: the library, the challenge, the routes, and what is seen before a run is started."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from support.served_sites import served_site

from core.assets import asset_path

ROOT = Path(__file__).parents[2]
FAKES = ROOT / "tests" / "jobs"
NAMES = ("Walk", "Jump", "A picture of <b>nobody</b>")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site over the fake pipeline of tests/jobs."""
    with served_site(tmp_path_factory.mktemp("pages"), "fake_pipeline", str(FAKES)) as address:
        yield address


@pytest.fixture
def page(browser: Browser, served: str) -> Iterator[Page]:
    """A page of a calm system; at the end no script failed and nothing was asked of anybody else."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, base_url=served, reduced_motion="reduce")
    page = context.new_page()
    strangers, errors = [], []
    page.on("request", lambda r: strangers.append(r.url) if not r.url.startswith((served, "blob:", "data:")) else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert strangers == []
    assert errors == []


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


def test_policies_are_compared_renamed_deleted_and_brought_back(page: Page):
    """Over stubbed answers: a policy takes a minute to learn."""
    policies = [policy("one", 0.3), policy("two", 0.6)]

    def answer(route: Route) -> None:
        what, method = route.request.url, route.request.method
        one = next((each for each in policies if f"/trainings/{each['id']}" in what), policies[0])
        if what.endswith("/curve"):
            return route.fulfill(json=CURVE)
        if method == "PATCH":
            one["name"] = route.request.post_data_json["name"]
            return route.fulfill(json={"name": one["name"]})
        if method in ("DELETE", "POST"):
            one["deleted"] = method == "DELETE"
            return route.fulfill(json={"id": one["id"], "deleted": one["deleted"]})
        shown = [each for each in policies if each["deleted"] == ("state=deleted" in what)]
        return route.fulfill(json={"policies": shown, "total": len(shown), "page": 1, "pages": 1})

    page.route("**/api/policies**", answer)
    page.route("**/api/runs/**", answer)
    page.goto("/library")
    page.get_by_role("link", name="Policies").click()
    cards = page.locator(".run-card")
    expect(cards).to_have_count(2)
    expect(cards.first.locator(".facts-line").first).to_contain_text("return 0.30 · up 1.5 of 3.0 s")
    for name in ("one", "two"):
        page.get_by_label(f"Compare {name}").check()
    expect(page.locator(".compared .line-legend").first).to_have_text(re.compile(r"one 0\.40\s*two 0\.40"))
    assert not_wider(page)
    page.reload()
    expect(page.locator(".compared .line-chart")).to_have_count(3)  # the address remembers
    page.get_by_role("button", name="Rename two").click()
    page.keyboard.type("The runner")
    page.keyboard.press("Enter")
    expect(cards.nth(1).locator(".name")).to_have_text("The runner")
    page.get_by_role("button", name="Delete The runner").click()
    expect(cards).to_have_count(1)
    page.keyboard.press("Enter")  # on Undo
    expect(cards).to_have_count(2)


def in_parts(policies: list[dict[str, Any]]) -> Callable[[Route], None]:
    """Answers to /api/policies: as many of them as there are when asked."""

    def answer(route: Route) -> None:
        asked = parse_qs(urlsplit(route.request.url).query)
        page, size = int(asked["page"][0]), int(asked["size"][0])
        part, pages = policies[(page - 1) * size : page * size], -(-len(policies) // size)
        route.fulfill(json={"policies": part, "total": len(policies), "page": page, "pages": pages})

    return answer


def test_a_list_that_became_shorter_does_not_hold_who_goes_back(page: Page):
    policies = [policy(f"p{i}", 0.5) for i in range(30)]
    page.route("**/api/policies**", in_parts(policies))
    page.goto("/policies")
    page.get_by_role("button", name="Older").click()
    expect(page.locator("#where")).to_have_text("Part 2 of 2")
    del policies[20:]
    page.reload()
    expect(page.locator(".run-card")).to_have_count(20)
    length = page.evaluate("history.length")
    page.reload()
    expect(page.locator(".run-card")).to_have_count(20)
    assert page.evaluate("history.length") == length == 3  # the empty page, the first part, what was the second


def test_many_policies_come_in_parts_and_are_compared_across_them(page: Page):
    policies = [policy(f"p{i}", 0.5) for i in range(30)]
    page.route("**/api/policies**", in_parts(policies))
    page.route("**/curve", lambda route: route.fulfill(json=CURVE))
    page.goto("/policies")
    expect(page.locator(".run-card")).to_have_count(24)
    expect(page.locator("#where")).to_have_text("Part 1 of 2")
    expect(page.get_by_role("button", name="Newer")).to_be_disabled()
    page.get_by_label("Compare p3", exact=True).check()
    page.get_by_role("button", name="Older").click()
    expect(page.locator(".run-card")).to_have_count(6)
    assert page.url.endswith("page=2&compare=p3")
    page.get_by_label("Compare p29").check()
    expect(page.locator(".compared .line-legend").first).to_have_text(re.compile(r"p3 0\.40\s*p29 0\.40"))
    page.go_back()
    expect(page.locator("#where")).to_have_text("Part 1 of 2")
    expect(page.get_by_label("Compare p3", exact=True)).to_be_checked()
    assert not_wider(page)


CURVE = {
    "iterations": {"seconds": [5.0, 10.0], "reward": [0.2, 0.4]},
    "evaluations": {"seconds": [5.0, 10.0], "return": [0.2, 0.4], "seconds_up": [1.0, 1.5], "horizon_s": [3.0, 3.0]},
}


def policy(name: str, earned: float) -> dict[str, Any]:
    more = {"fraction": 1.0, "error": None, "created": "2026-01-01T00:00:00Z", "deleted": False, "samples": 4096}
    well = {"mean_return": earned, "seconds_up": 1.5, "horizon_s": 3.0}
    urls = {"bundle_url": "/b.zip", "preview_url": None, "view_url": None}
    return (
        {"id": name, "run": "r", "run_name": "A walk", "person": 0, "name": name, "state": "done"} | more | well | urls
    )
