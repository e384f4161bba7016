"""A run's page in every state that a run can be in, and how it gets from one to the next without a reload."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from support.served_sites import free_port, served_site

HERE = Path(__file__).parent
MODULES = f"{HERE}:{HERE.parent / 'jobs'}"
SLOW, REFUSE = "1", "2"
SOON_MS = 30_000


class Server:
    """A site over moody_pipeline that can be stopped and started again in its place."""

    def __init__(self, home: Path) -> None:
        self.home, self.port, self._running = home, free_port(), ExitStack()
        self.address = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._running.enter_context(served_site(self.home, "moody_pipeline", MODULES, self.port))

    def stop(self) -> None:
        self._running.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("states"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def tab(browser: Browser, server: Server) -> Iterator[Callable[[str], Page]]:
    """Open a run's page in a tab of the same window; at the end no script has failed in any."""
    context = browser.new_context(viewport={"width": 900, "height": 700}, base_url=server.address)
    errors: list[str] = []

    def open_tab(run: str) -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"/?run={run}")
        return page

    yield open_tab
    context.close()
    assert errors == []


@pytest.fixture
def start(browser: Browser, server: Server) -> Iterator[Callable[[str], str]]:
    """Start a run whose second stage does as its window's start says; it is cancelled at the end."""
    request = browser.new_context(base_url=server.address).request
    begun: list[str] = []

    def start_run(mood: str) -> str:
        begun.append(request.post("/api/runs", multipart={"sample": "walker", "start": mood}).json()["id"])
        return begun[-1]

    yield start_run
    for run in begun:
        request.post(f"/api/runs/{run}/cancel")


def step(page: Page) -> int:
    """The step that the stage at work tells."""
    detail = page.locator(".stages .running .detail")
    expect(detail).to_have_text(re.compile(r"step \d+"), timeout=SOON_MS)
    return int(detail.inner_text().rpartition(" ")[2])


def test_two_tabs_follow_a_run_and_its_cancelling(tab: Callable[[str], Page], start: Callable[[str], str]):
    run = start(SLOW)
    first, second = tab(run), tab(run)
    for page in (first, second):
        expect(page.locator(".pill.running")).to_be_visible(timeout=SOON_MS)
        expect(page.locator(".viewer-frame iframe")).to_be_visible(timeout=SOON_MS)  # the clip is there
    earlier = step(first)
    expect(first.locator(".stages .running .detail")).not_to_have_text(re.compile(rf"step {earlier}$"), timeout=SOON_MS)
    assert step(first) > earlier
    first.get_by_role("button", name="Cancel", exact=True).click()
    for page in (first, second):
        expect(page.locator(".pill.cancelled")).to_be_visible(timeout=SOON_MS)
        expect(page.get_by_role("button", name="Continue")).to_be_visible()
        expect(page.get_by_role("button", name="Cancel", exact=True)).to_be_hidden()
    first.get_by_role("button", name="Continue").click()
    expect(first.locator(".pill.running")).to_be_visible(timeout=SOON_MS)


def test_a_run_that_fails_says_why_and_can_be_tried_again(tab: Callable[[str], Page], start: Callable[[str], str]):
    page = tab(start(REFUSE))
    expect(page.locator(".pill.failed")).to_be_visible(timeout=SOON_MS)
    expect(page.get_by_role("alert")).to_contain_text("nobody was found")
    expect(page.get_by_role("button", name="Retry “Do the work”")).to_be_visible()
    expect(page.locator(".stages .failed .title")).to_have_text("Do the work")


def test_a_run_deleted_in_another_tab_says_so(tab: Callable[[str], Page], start: Callable[[str], str]):
    run = start(SLOW)
    page = tab(run)
    expect(page.locator(".pill.running")).to_be_visible(timeout=SOON_MS)
    page.request.delete(f"/api/runs/{run}")
    expect(page.get_by_role("alert")).to_contain_text("This run was deleted", timeout=SOON_MS)
    page.request.post(f"/api/runs/{run}/restore")  # so that it can be cancelled


@pytest.mark.timeout(300)
def test_a_page_goes_on_when_the_server_comes_back(
    tab: Callable[[str], Page], start: Callable[[str], str], server: Server
):
    page = tab(start(SLOW))
    step(page)
    server.stop()
    server.start()
    again = step(page)
    expect(page.locator(".stages .running .detail")).not_to_have_text(re.compile(rf"step {again}$"), timeout=SOON_MS)
    expect(page.locator(".pill.running")).to_be_visible()


def test_a_run_is_renamed_at_work_and_a_refusal_says_so_and_leaves_the_page(
    tab: Callable[[str], Page], start: Callable[[str], str]
):
    page = tab(start(SLOW))
    step(page)
    page.locator("#more-controls").click()
    page.get_by_label("Name").fill("Another name")
    page.keyboard.press("Enter")
    expect(page.locator(".run-head h2")).to_have_text("Another name")
    earlier = step(page)
    expect(page.locator(".stages .running .detail")).not_to_have_text(re.compile(rf"step {earlier}$"), timeout=SOON_MS)
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.locator(".pill.cancelled")).to_be_visible(timeout=SOON_MS)

    run = page.url.partition("run=")[2]
    page.request.delete(f"/api/runs/{run}")  # as in another tab
    page.locator("#more-controls").click()  # closes it
    told = page.locator("#run-trouble")
    expect(told).to_be_hidden()
    entries = page.evaluate("history.length")
    page.locator(".viewer-frame iframe").evaluate("frame => { frame.old = true; }")
    page.get_by_role("button", name="Continue").click()
    expect(told.get_by_role("alert")).to_be_visible()
    page.locator("#more-controls").click()
    page.get_by_label("Name").fill("")
    page.get_by_role("button", name="Rename").click()
    expect(told).to_contain_text("at least one letter")
    page.get_by_role("button", name="Run again").click()
    expect(told).not_to_contain_text("at least one letter")
    page.wait_for_timeout(1000)  # for what should not come
    expect(told.get_by_role("alert")).to_be_visible()
    assert page.evaluate("history.length") == entries
    assert page.locator(".viewer-frame iframe").evaluate("frame => frame.old")
