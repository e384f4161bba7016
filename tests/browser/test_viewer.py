"""The viewer page in real Chromium, against a small server: what it shows, at which frame, and what it says.

WebGL in software draws about ten pictures a second, so nothing here relies on the rate: tests seek and look.
"""

import io
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page
from viewer_stub import FPS, FRAMES, ServerThread, Stub, make_run, run_json, walking

pytestmark = pytest.mark.browser

WAIT_S = 40


@pytest.fixture(scope="module")
def stub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stub]:
    folder = tmp_path_factory.mktemp("run")
    stub = Stub(folder, make_run(folder))
    server = ServerThread(stub.app())
    stub.address = server.start()
    stub.runs["walk"] = run_json("walk")
    yield stub
    server.stop()


@pytest.fixture
def open_page(browser: Browser, stub: Stub) -> Iterator[Callable[..., Page]]:
    """Open the viewer on a run. At the end nothing may have been asked of anybody but the stub, and no error logged."""
    contexts, errors, strangers = [], [], []

    def open_it(
        run: str,
        query: str = "",
        width: int = 1000,
        height: int = 640,
        script: str = "",
        expected: str = "",
        **more: Any,
    ) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **more)
        contexts.append(context)
        page = context.new_page()
        if script:
            page.add_init_script(script)
        page.on("request", lambda r: strangers.append(r.url) if not is_own(r.url) else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda m: errors.append(m.text) if m.type == "error" and not (expected and expected in m.text) else None,
        )
        page.goto(stub.url(run, query))
        return page

    def is_own(url: str) -> bool:
        return url.startswith((stub.address, "blob:", "data:"))

    yield open_it
    for context in contexts:
        context.close()
    assert strangers == []
    assert errors == []


def wait_for(page: Page, condition: str) -> None:
    """Until the JavaScript condition holds (asked from here: the page's policy lets nothing be evaluated in it)."""
    end = time.monotonic() + WAIT_S
    while not page.evaluate(f"() => Boolean({condition})"):
        if time.monotonic() > end:
            panes = page.evaluate("() => JSON.stringify(window.understudyViewer?.panes())")
            raise AssertionError(f"This did not become true within {WAIT_S} s: {condition}. Panes: {panes}")
        page.wait_for_timeout(50)


def ready(page: Page) -> Page:
    wait_for(page, "window.understudyViewer?.ready")
    return page


def seek(page: Page, seconds: float) -> None:
    page.evaluate("(t) => window.understudyViewer.seek(t)", seconds)


def frame_of(page: Page) -> int:
    return int(page.evaluate("() => window.understudyViewer.frame()"))


def joint(page: Page, pane: str, name: str) -> list[float]:
    found = page.evaluate("([pane, name]) => window.understudyViewer.jointPosition(pane, name)", [pane, name])
    assert found is not None, f"{pane} has no joint {name}"
    return list(found)


def picture(page: Page, pane: int) -> np.ndarray:
    """What is on the screen in a pane, [height, width, 3]."""
    data = page.locator(".viewport").nth(pane).screenshot(animations="disabled")
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def still_picture(page: Page, pane: int) -> np.ndarray:
    """The same, once it moves no more: a camera that was thrown glides on a little."""
    last = picture(page, pane)
    for _ in range(40):
        page.wait_for_timeout(200)
        now = picture(page, pane)
        if changed_pixels(last, now) == 0:
            return now
        last = now
    raise AssertionError(f"The picture of pane {pane} does not come to rest.")


def body_pixels(image: np.ndarray) -> int:
    """Pixels of the upper half, where only the even backdrop is, that differ from the backdrop at the left edge."""
    upper = image[4 : len(image) // 2, 4:-4]
    return int((np.abs(upper - upper[:, :1]).max(axis=2) > 30).sum())


def changed_pixels(a: np.ndarray, b: np.ndarray) -> int:
    return int((np.abs(a - b).max(axis=2) > 24).sum())


def video_frame(page: Page) -> int:
    """The number that the picture in the video carries."""
    bits = page.evaluate(
        """() => {
          const canvas = Object.assign(document.createElement('canvas'), {width: 160, height: 96});
          const context = canvas.getContext('2d');
          context.drawImage(document.querySelector('video'), 0, 0);
          return Array.from({length: 8}, (_, bit) => context.getImageData(bit * 20 + 10, 20, 1, 1).data[0] > 127);
        }"""
    )
    return sum(1 << bit for bit, on in enumerate(bits) if on)


def test_three_panes_show_video_and_bodies(open_page: Callable[..., Page]) -> None:
    page = ready(open_page("walk", "&t=0.5"))
    shown = page.evaluate("() => window.understudyViewer.panes().map((pane) => pane.shown)")
    assert shown == ["source", "hmr", "assisted"]
    source = picture(page, 0)
    assert source.std() > 30
    for pane in (1, 2):
        assert body_pixels(picture(page, pane)) > 1500


def test_all_panes_show_the_frame_of_the_clock(open_page: Callable[..., Page], stub: Stub) -> None:
    page = ready(open_page("walk", "&panes=source,hmr,motion,assisted"))
    for frame in (0, 7, 20, FRAMES - 1):
        seek(page, (frame + 0.5) / FPS)
        assert frame_of(page) == frame
        assert video_frame(page) == frame
        assert f"frame {frame} / {FRAMES - 1}" in page.locator(".readout").inner_text()
        for pane, motion in stub.motions.items():
            for name, index in (("pelvis", 0), ("left_wrist", 20), ("right_ankle", 8)):
                np.testing.assert_allclose(joint(page, pane, name), motion.joints[frame, index], atol=2e-3)


def test_seeking_changes_the_picture_and_coming_back_restores_it(open_page: Callable[..., Page]) -> None:
    page = ready(open_page("walk"))
    seek(page, 0.3)
    first = [picture(page, pane) for pane in range(3)]
    seek(page, 1.0)
    for pane in range(3):
        assert changed_pixels(first[pane], picture(page, pane)) > 500
    seek(page, 0.3)
    for pane in (1, 2):
        assert changed_pixels(first[pane], picture(page, pane)) == 0


def test_orbiting_one_pane_orbits_all_and_seeking_keeps_the_view(open_page: Callable[..., Page]) -> None:
    page = ready(open_page("walk", "&t=0.5&panes=hmr,hmr"))
    before = picture(page, 1)
    box = page.locator(".viewport").nth(0).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 150, y + 20, steps=3)
    page.mouse.up()
    turned = [still_picture(page, pane) for pane in (0, 1)]
    assert changed_pixels(before, turned[1]) > 1500
    assert changed_pixels(*turned) < 500
    seek(page, 0.0)
    seek(page, 0.5)
    assert changed_pixels(turned[1], picture(page, 1)) < 100  # the last of the gliding


def test_ghost_appears_in_the_physics_pane_alone(open_page: Callable[..., Page]) -> None:
    page = ready(open_page("walk", "&t=0.5"))
    before = [picture(page, pane) for pane in (1, 2)]
    page.get_by_label("Ghost", exact=True).check()
    ready(page)
    seek(page, 0.5)
    assert changed_pixels(before[0], picture(page, 1)) == 0
    assert changed_pixels(before[1], picture(page, 2)) > 500


def test_keys_drive_the_clock(open_page: Callable[..., Page]) -> None:
    page = ready(open_page("walk"))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert frame_of(page) == 2
    page.keyboard.press("End")
    assert frame_of(page) == FRAMES - 1
    page.keyboard.press("ArrowRight")
    assert frame_of(page) == 0, "with the loop on the first frame follows the last"
    page.keyboard.press(" ")
    wait_for(page, "window.understudyViewer.frame() > 3")
    page.keyboard.press(" ")
    stopped = frame_of(page)
    seek(page, (stopped + 0.5) / FPS)
    assert (frame_of(page), video_frame(page)) == (stopped, stopped)


def test_playing_without_a_loop_ends_on_the_last_frame(open_page: Callable[..., Page]) -> None:
    page = ready(open_page("walk", "&t=1.2"))
    page.keyboard.press("l")
    page.keyboard.press(" ")
    wait_for(page, f"window.understudyViewer.frame() === {FRAMES - 1}")
    wait_for(page, "document.querySelector('.play').getAttribute('aria-label').startsWith('Play')")


def test_figures_mark_the_best_and_name_the_assist(open_page: Callable[..., Page]) -> None:
    page = ready(open_page("walk"))

    def row(name: str) -> list[str]:
        return page.locator(f'tr[data-figure="{name}"] td').all_inner_texts()

    assert [text.split() for text in row("keypoint_error_px")] == [["◆", "best", "4.2"], ["6.0"], ["–"]]
    assert [text.split() for text in row("foot_slide_cm_s")][1:] == [["◆", "best", "8.0"], ["◆", "best", "8.0"]]
    assert [text.split() for text in row("residual_force_n")] == [["–"], ["–"], ["88"]]
    assert "mean 88 N (20 % of the body weight, 441 N)" in page.locator(".residual").inner_text()
    link = page.locator("#links a")
    assert link.get_attribute("href", timeout=1000).endswith("/api/runs/walk/files/person-0/hmr.glb")
    assert "1.2 MB" in page.locator("#links li").inner_text()


def test_running_run_says_how_far_it_is_and_takes_what_comes(open_page: Callable[..., Page], stub: Stub) -> None:
    run = run_json("growing", motions=()) | {"state": "running", "metrics": None}
    run["stages"][2] |= {"state": "running", "fraction": 0.4, "message": "frame 14"}
    stub.runs["growing"] = run
    page = ready(open_page("growing"))
    assert "Mesh_recovery, 40 %" in page.locator(".viewport").nth(1).inner_text().replace("\u00a0", " ")
    assert "40 % · frame 14" in page.locator("#progress").inner_text().replace("\u00a0", " ")
    seek(page, 0.5)
    stub.runs["growing"] = run_json("growing", motions=("hmr", "motion")) | {"state": "running"}
    wait_for(page, "window.understudyViewer.panes()[2].shown === 'motion'")
    assert "the reconstruction" in page.locator(".viewport").nth(2).inner_text()
    stub.runs["growing"] = run_json("growing")
    wait_for(page, "window.understudyViewer.panes()[2].shown === 'assisted'")
    ready(page)
    assert page.locator(".viewport").nth(2).inner_text() == ""
    assert frame_of(page) == 12


def test_states_without_a_motion_are_told_plainly(open_page: Callable[..., Page], stub: Stub) -> None:
    message = "Nobody was found in the window. Choose another <b>window</b>."
    stub.runs["failed"] = run_json("failed") | {"state": "failed", "error": message, "people": [], "clip": None}
    stub.runs["cancelled"] = run_json("cancelled") | {"state": "cancelled", "people": []}
    stub.runs["queued"] = run_json("queued") | {"state": "queued", "people": [], "clip": None}
    failed = ready(open_page("failed"))
    assert failed.get_by_role("alert").inner_text() == message
    assert "the run failed before it" in failed.locator(".viewport").nth(1).inner_text()
    assert "cancelled" in ready(open_page("cancelled")).get_by_role("alert").inner_text()
    queued = ready(open_page("queued"))
    assert queued.locator("#run-state").inner_text() == "Waiting for a worker"
    assert "waiting for its turn" in queued.locator(".viewport").nth(1).inner_text()


def test_a_run_that_is_not_there(open_page: Callable[..., Page]) -> None:
    page = open_page("nowhere", expected="404")
    page.get_by_role("alert").get_by_text("There is no run “nowhere”").wait_for()
    assert not page.locator("#show").is_visible()
    open_page("").get_by_role("alert").get_by_text("No run is named").wait_for()


def test_a_file_that_cannot_be_read_spoils_its_own_pane_only(open_page: Callable[..., Page], stub: Stub) -> None:
    run = run_json("broken")
    run["people"][0]["motions"][0]["url"] = "/api/runs/broken/files/broken.glb"
    stub.runs["broken"] = run
    page = ready(open_page("broken", "&t=0.5"))
    assert "Recovered mesh could not be read" in page.locator(".viewport").nth(1).inner_text()
    assert body_pixels(picture(page, 2)) > 1500
    run["people"][0]["motions"][0]["url"] = "/api/runs/broken/files/person-0/hmr.glb"


def test_without_webgl_the_rest_works(open_page: Callable[..., Page]) -> None:
    script = """
      const real = HTMLCanvasElement.prototype.getContext;
      HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
        return kind.startsWith('webgl') ? null : real.call(this, kind, ...more);
      };"""
    page = ready(open_page("walk", script=script, expected="WebGL"))
    assert "needs WebGL" in page.locator(".viewport").nth(1).inner_text()
    seek(page, 0.5)
    assert video_frame(page) == 12
    assert page.locator("#metrics table").is_visible()


def test_a_picture_is_one_frame(open_page: Callable[..., Page], stub: Stub) -> None:
    run = run_json("picture", motions=("hmr",))
    run["clip"] |= {"url": "/api/runs/picture/files/picture.mp4", "frames": 1}
    run["people"][0]["motions"][0]["url"] = "/api/runs/picture/files/picture.glb"
    stub.runs["picture"] = run
    page = ready(open_page("picture"))
    assert body_pixels(picture(page, 1)) > 1500
    assert "has no motion" in page.locator(".viewport").nth(2).inner_text()
    assert page.get_by_role("button", name="Play (space)").is_disabled()
    page.keyboard.press(" ")
    page.keyboard.press("ArrowRight")
    assert frame_of(page) == 0
    np.testing.assert_allclose(joint(page, "hmr", "pelvis"), walking(frames=1).joints[0, 0], atol=2e-3)


def test_another_person_and_the_link_to_a_view(open_page: Callable[..., Page], stub: Stub) -> None:
    stub.runs["two"] = run_json("two", people=2)
    page = ready(
        open_page("two", "&person=1&panes=hmr,motion&theme=dark", permissions=["clipboard-read", "clipboard-write"])
    )
    assert page.get_by_label("Person").input_value() == "1"
    assert page.locator("html").get_attribute("data-theme") == "dark"
    seek(page, 0.5)
    page.locator(".pane").nth(1).get_by_role("combobox").select_option("assisted")
    page.get_by_role("button", name="Copy link").click()
    page.get_by_text("Link copied").wait_for()
    link = page.evaluate("() => navigator.clipboard.readText()")
    assert link == stub.url("two", "&person=1&t=0.5&panes=hmr,assisted")
    page.goto(link)
    ready(page)
    assert frame_of(page) == 12
    assert page.evaluate("() => window.understudyViewer.panes().map((pane) => pane.name)") == ["hmr", "assisted"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_screen_stacks_the_panes(open_page: Callable[..., Page], scheme: str) -> None:
    page = ready(open_page("walk", width=390, height=844, color_scheme=scheme))
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    boxes = [page.locator(".viewport").nth(pane).bounding_box() for pane in range(3)]
    tops = [box["y"] for box in boxes if box]
    assert tops == sorted(tops)
    assert len(set(tops)) == 3
    ground = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    brightness = sum(int(part) for part in ground.removeprefix("rgb(").removesuffix(")").split(","))
    assert (brightness < 200) == (scheme == "dark")
