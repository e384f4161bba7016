"""The pages beside a run's: the library, the challenge, the routes, and what is seen before a run is started."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
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
