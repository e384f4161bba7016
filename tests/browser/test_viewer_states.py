"""What the viewer page tells: figures, files, progress, failure, and the ways in which a page can fall short."""

import copy
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page
from viewer_page import body_pixels, frame_of, joint, picture, ready, seek, video_frame, wait_for
from viewer_stub import Stub, run_json, walking

pytestmark = pytest.mark.browser


def test_figures_mark_the_best_and_name_the_assist(open_page: Callable[..., Page]) -> None:
    page = ready(open_page("walk"))

    def row(name: str) -> list[str]:
        return page.locator(f'tr[data-figure="{name}"] td').all_inner_texts()

    assert [" ".join(text.split()) for text in row("keypoint_error_px")] == ["◆ best 4.2", "6.0 43 % worse", "–"]
    assert [" ".join(text.split()) for text in row("foot_slide_cm_s")] == ["40.0", *["◆ best 8.0 80 % better"] * 2]
    assert [" ".join(text.split()) for text in row("fs_percent")] == ["◆ best 0.0", "2.5 worse", "◆ best 0.0 the same"]
    assert [" ".join(text.split()) for text in row("acceleration")] == ["9.0", "3.0", "4.0"]
    assert [" ".join(text.split()) for text in row("return")] == ["–", "–", "0.900"]
    assert [" ".join(text.split()) for text in row("residual_force_n")] == ["–", "–", "88"]
    heads = {
        name: page.locator(f'tr[data-figure="{name}"] th').inner_text() for name in ("jitter", "return", "acceleration")
    }
    assert "(10 m/s³, less is better)" in heads["jitter"]
    assert "more is better" in heads["return"]
    assert "better" not in heads["acceleration"]
    assert "mean 88 N (20 % of the body weight, 441 N)" in page.locator(".residual").inner_text()
    link = page.locator("#links li a")
    assert link.get_attribute("href", timeout=1000).endswith("/api/runs/walk/files/person-0/hmr.glb")
    page.locator("#links summary", has_text="Person 1").click()
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


def test_keypoints_are_drawn_over_the_video_while_they_are_found(open_page: Callable[..., Page], stub: Stub) -> None:
    run = run_json("searching", motions=()) | {"state": "running", "metrics": None, "people": []}
    run["stages"][1] |= {"state": "running", "fraction": 0.2}
    stub.runs["searching"], stub.seen = run, 7
    page = ready(open_page("searching", "&panes=source"))
    drawn = """() => { const c = document.querySelector('.overlay');
      return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((value) => value > 0) }"""
    for seen in (7, 20):
        stub.seen = seen
        wait_for(page, f"window.understudyViewer.frame() === {seen - 1}")  # the clock goes where the search is
        ready(page)
        assert page.evaluate(drawn)
    seek(page, 1.2)
    assert not page.evaluate(drawn)
    stub.seen = 25
    page.wait_for_timeout(1500)
    assert frame_of(page) == 28  # who has moved the clock is left in peace
    stub.runs["searching"] = run_json("searching")
    wait_for(page, "window.understudyViewer.panes().length === 1")


def test_an_unassisted_run_shows_the_preview_until_sampling_comes_and_gets_better(
    open_page: Callable[..., Page], stub: Stub
) -> None:
    run = run_json("alone") | {"state": "running", "settings": {"physics": "sampling"}}
    stub.runs["alone"] = run
    page = ready(open_page("alone"))
    assert page.evaluate("() => window.understudyViewer.panes()[2].shown") == "assisted"
    assert "the assisted preview" in page.locator(".viewport").nth(2).inner_text()
    better = copy.deepcopy(run)
    sampled = better["people"][0]["motions"][1] | {"name": "sampling", "written": 7}  # any file that is there
    better["people"][0]["motions"].append(sampled)
    stub.runs["alone"] = better
    wait_for(page, "window.understudyViewer.panes()[2].shown === 'sampling'")
    with page.expect_request(lambda request: "written=8" in request.url):
        again = copy.deepcopy(better)
        again["people"][0]["motions"][-1]["written"] = 8
        stub.runs["alone"] = again
    ready(page)
    assert page.locator(".viewport").nth(2).inner_text() == ""


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
    seek(ready(open_page("walk", "&panes=source")), 0.5)  # no 3D pane at all is a view too
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
    assert page.get_by_role("combobox", name="Person", exact=True).input_value() == "1"
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
