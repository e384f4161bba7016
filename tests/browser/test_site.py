"""The whole product as a person meets it: the served site, the sample, real Chromium."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Frame, Page, expect
from support.served_sites import served_site
from viewer_page import changed_pixels, frame_of, joint, picture, ready, seek
from watched import watched_page

RUN_MS = 300_000
HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site with an empty home."""
    with served_site(tmp_path_factory.mktemp("home"), "hasty_pipeline", str(HERE)) as address:
        yield address


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    """A page on the site."""
    with watched_page(browser, site, viewport={"width": 1440, "height": 900}) as page:
        page.goto(site)
        yield page


def viewer(page: Page) -> Frame:
    frame = page.locator(".viewer-frame iframe")
    expect(frame).to_be_visible(timeout=60_000)
    handle = frame.element_handle()
    assert handle is not None
    content = handle.content_frame()
    assert content is not None
    return content


def wait_until_shown(frame: Frame, motion: str) -> None:
    """Until the last pane shows a motion, which takes as long as computing it does."""
    until = time.monotonic() + RUN_MS / 1000
    while frame.evaluate("() => window.understudyViewer?.panes().at(-1)?.shown") != motion:
        assert time.monotonic() < until, frame.evaluate("() => document.body.innerText")
        frame.wait_for_timeout(500)


def wait_for_panes(frame: Frame) -> None:
    until = time.monotonic() + 60
    while not all(p["shown"] == p["name"] for p in frame.evaluate("() => window.understudyViewer.panes()")):
        assert time.monotonic() < until, frame.evaluate("() => JSON.stringify(window.understudyViewer.panes())")
        frame.wait_for_timeout(200)


@pytest.mark.timeout(600)
def test_the_sample_from_the_button_to_three_panes_on_one_clock(page: Page):
    """The best unassisted performance so far comes in by itself; cancelled then, everything that was ready stays."""
    page.locator("#sample-walker").click()
    frame = viewer(page)
    assert re.search(r"[?&]run=[\w-]{12,}", page.url), "The run has an address of its own."
    wait_until_shown(frame, "sampling")
    expect(frame.locator(".facts .force").last).to_have_text("no residual force")
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.locator(".pill.cancelled")).to_be_visible(timeout=15_000)

    frame.locator(".pane").nth(2).get_by_role("combobox").select_option("assisted")
    ready(frame)
    wait_for_panes(frame)
    expect(frame.locator(".facts .force").last).to_contain_text("% of body weight")
    assert [p["name"] for p in frame.evaluate("() => window.understudyViewer.panes()")] == ["source", "hmr", "assisted"]
    before = [picture(frame, i) for i in range(3)]
    start = joint(frame, "assisted", "pelvis")
    seek(frame, 2.0)
    frame.wait_for_timeout(500)
    assert frame_of(frame) == 60
    after = [picture(frame, i) for i in range(3)]
    assert all(changed_pixels(a, b) > 500 for a, b in zip(before, after, strict=True))
    assert all(image.std() > 10 for image in after), "Every pane shows something."

    # Both bodies have walked the same way by the same time.
    walked = [x - y for x, y in zip(joint(frame, "assisted", "pelvis"), start, strict=True)]
    assert sum(d * d for d in walked) ** 0.5 > 0.8
    assert (
        max(abs(a - b) for a, b in zip(joint(frame, "hmr", "pelvis"), joint(frame, "assisted", "pelvis"), strict=True))
        < 0.5
    )

    figures = frame.locator("#metrics")
    expect(figures).to_contain_text("Jitter")
    links = frame.locator("#links a")
    hrefs = [link.get_attribute("href") or "" for link in links.all()]
    assert {"clip.mp4", "motion.npz", "assisted-body.glb"} <= {
        href.rpartition("/")[2].partition("?")[0] for href in hrefs
    }

    page.reload()
    expect(page.locator(".pill.cancelled")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("button", name="Continue")).to_be_visible()
    ready(viewer(page))


def test_the_viewers_frame_is_as_high_as_its_content(page: Page, site: str):
    """Needs the run of the test before; the list of recent runs leads to it."""
    page.get_by_role("link", name="The walker").click()
    page.wait_for_url("**run=*")
    frame = viewer(page)
    ready(frame)
    frame.wait_for_timeout(500)
    inside = frame.evaluate("() => document.documentElement.scrollHeight")
    assert frame.evaluate("() => window.innerHeight") >= inside - 1


def test_a_run_goes_out_as_a_zip_comes_in_again_and_is_deleted_and_brought_back(page: Page, site: str, tmp_path: Path):
    """Needs the run of the first test."""
    page.get_by_role("link", name="The walker").click()
    page.wait_for_url("**run=*")
    run = page.url.partition("run=")[2]
    bundle = tmp_path / "a copy.zip"
    bundle.write_bytes(page.request.get(f"{site}/api/runs/{run}/bundle.zip").body())
    page.goto(site)
    with page.expect_file_chooser() as chooser:
        page.locator("#open-zip").click()
    chooser.value.set_files(str(bundle))
    expect(page.get_by_role("heading", name="a copy")).to_be_visible(timeout=30_000)
    expect(page.locator(".pill.done")).to_be_visible()
    frame = viewer(page)
    ready(frame)
    expect(frame.locator("#notes")).to_contain_text("opened from a zip")
    expect(frame.locator("#metrics")).to_contain_text("Jitter")
    copy = page.url

    page.locator("#more-controls").click()
    page.locator("#delete").click()
    expect(page.locator("#undo")).to_be_visible()
    expect(page.get_by_role("link", name="a copy")).to_have_count(0)
    assert "run=" not in page.url
    page.locator("#undo").click()
    expect(page.get_by_role("heading", name="a copy")).to_be_visible()
    assert page.url == copy


def test_what_is_no_video_is_refused_in_a_sentence(page: Page, tmp_path: Path):
    broken = tmp_path / "holiday.mp4"
    broken.write_bytes(b"this is not a video " * 200)
    page.locator("#file input[type=file]").set_input_files(str(broken))
    page.locator("#file").get_by_text("holiday").first.wait_for()
    page.locator("#go").click()
    expect(page.get_by_text("cannot be read as one")).to_be_visible(timeout=20_000)
    expect(page.get_by_text("Traceback")).to_have_count(0)
    assert "run=" not in page.url
