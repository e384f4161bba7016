"""The viewer page in real Chromium, against a small server: one clock, one camera, the right frame in every pane.

WebGL in software draws about ten pictures a second, so nothing here relies on the rate: tests seek and look.
"""

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page
from viewer_page import (
    body_pixels,
    changed_pixels,
    frame_of,
    joint,
    picture,
    ready,
    seek,
    video_frame,
    wait_for,
)
from viewer_stub import FPS, FRAMES, Stub

pytestmark = pytest.mark.browser


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
    turned = [picture(page, pane) for pane in (0, 1)]
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
