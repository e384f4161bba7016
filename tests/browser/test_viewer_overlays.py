"""What the viewer lays over bodies and under the clock: contacts, force, errors, the body over the video, curves."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from viewer_page import changed_pixels, frame_of, joint, picture, ready, seek
from viewer_stub import FPS, FRAMES, Stub, run_json

from core.body import load_body
from core.body.kinematics import body_motion
from core.export.glb import write_glb
from core.motion import BodyMotion

pytestmark = pytest.mark.browser


def overlays(page: Page) -> list[dict[str, Any]]:
    return list(page.evaluate("() => window.understudyViewer.overlays()"))


def test_contacts_and_the_force_are_of_the_frame_shown(open_page: Callable[..., Page], stub: Stub) -> None:
    run = stub.runs["held"] = run_json("held")
    run["people"][0]["motions"][2]["physics"] = {"length_s": 1.5, "fell_s": None, "force_n": 18.0, "force_share": 0.04}
    page = ready(open_page("held", "&panes=motion,assisted"))
    for frame in (20, 33):
        seek(page, (frame + 0.5) / FPS)
        motion, assisted = overlays(page)
        assert motion["contacts"] == assisted["contacts"] == (frame + 1) % 2
        assert (motion["newtons"], assisted["newtons"]) == (None, frame)
        expect(page.locator(".facts .force").nth(1)).to_contain_text(f"now {frame} N")
    with_arrow = picture(page, 1)
    page.keyboard.press("n")
    seek(page, 33.5 / FPS)
    assert overlays(page)[1]["newtons"] is None
    assert changed_pixels(with_arrow, picture(page, 1)) > 20


def bent(motion: BodyMotion) -> BodyMotion:
    """The same with its left elbow bent."""
    poses = motion.poses.copy().reshape(len(motion), 24, 3)
    poses[:, 18, 1] -= 1.2
    return body_motion(load_body(), motion.fps, motion.times, poses.reshape(-1, 72), motion.betas, motion.trans)


def test_bodies_are_coloured_by_how_far_their_joints_are(open_page: Callable[..., Page], stub: Stub) -> None:
    other = bent(stub.motions["motion"])
    write_glb(stub.folder / "person-0" / "bent.glb", other, load_body(), (0.4, 0.6, 0.8))
    run = stub.runs["bent"] = run_json("bent")
    run["people"][0]["motions"][2]["url"] = "/api/runs/bent/files/person-0/bent.glb"
    page = ready(open_page("bent", "&panes=motion,assisted&t=0.5&contacts=0&force=0"))
    before = [picture(page, pane) for pane in (0, 1)]
    page.keyboard.press("e")
    seek(page, 0.5)
    reference, compared = (each["errors"] for each in overlays(page))
    assert reference == {}
    a, b = other.joints[12], stub.motions["motion"].joints[12]
    expected = np.linalg.norm((a - a[0]) - (b - b[0]), axis=-1)
    assert expected.max() > 0.1
    np.testing.assert_allclose(list(compared.values()), expected, atol=2e-3)
    expect(page.locator(".facts .errors").nth(1)).to_contain_text("left hand")
    assert changed_pixels(before[0], picture(page, 0)) == 0
    assert changed_pixels(before[1], picture(page, 1)) > 1500


def test_the_body_lies_over_the_video(open_page: Callable[..., Page]) -> None:
    page = ready(open_page("walk", "&panes=source,motion&t=0.75&keypoints=0"))
    before = picture(page, 0)
    page.keyboard.press("m")
    ready(page)
    seek(page, 0.75)
    changed = np.abs(before - picture(page, 0)).max(axis=2) > 24
    height, width = changed.shape
    rows, columns = np.nonzero(changed)
    # 1.75 m tall, four metres off, 150 px of focal length, a picture 96 px high: about two thirds of its height.
    picture_height = min(height, width * 96 / 160)
    assert np.ptp(rows) == pytest.approx(1.75 * 150 / 4 / 96 * picture_height, rel=0.15)
    assert columns.mean() == pytest.approx(width / 2, abs=0.08 * width)


def test_curves_tell_their_values_at_the_clock_and_lead_there(open_page: Callable[..., Page]) -> None:
    page = ready(open_page("walk", "&panes=source,hmr,assisted&t=0.5"))
    rows = page.locator(".curve")
    titles = [text.split("\n")[0] for text in rows.locator("figcaption").all_inner_texts()]
    assert [title.split(" ")[0] for title in titles] == ["Foot", "Foot", "Reward", "Residual"]
    assert page.locator('[data-curve="foot_height"] output').all_inner_texts() == ["1.2", "1.2"]
    assert page.locator('[data-curve="force"] output').all_inner_texts() == ["12"]
    plot = page.locator('[data-curve="reward"] .plot')
    box = plot.bounding_box()
    assert box
    plot.click(position={"x": 7 + (box["width"] - 14) * 30 / (FRAMES - 1), "y": 20})
    assert frame_of(page) == 30
    assert page.locator('[data-curve="foot_height"] output').all_inner_texts() == ["3.0", "3.0"]
    thumb, cursor = page.locator(".scrubber").bounding_box(), page.locator(".cursor").bounding_box()
    assert thumb
    assert cursor
    assert cursor["x"] == pytest.approx(thumb["x"] + 7 + (thumb["width"] - 14) * 30 / (FRAMES - 1), abs=2)
    page.keyboard.press("v")
    expect(rows).to_have_count(0)


def test_the_humanoid_takes_the_bodys_place(open_page: Callable[..., Page], stub: Stub) -> None:
    run = stub.runs["solid"] = run_json("solid")
    motions = run["people"][0]["motions"]
    motions[2]["humanoid_url"] = motions[1]["url"]  # any other file shows that it is this one that is asked for
    page = ready(open_page("solid", "&panes=hmr,assisted&t=0.5&solids=1"))
    np.testing.assert_allclose(joint(page, "assisted", "pelvis"), stub.motions["motion"].joints[12, 0], atol=2e-3)
    page.keyboard.press("h")
    ready(page)
    np.testing.assert_allclose(joint(page, "assisted", "pelvis"), stub.motions["assisted"].joints[12, 0], atol=2e-3)
