"""The picture of predictions over the truth, as numbers and as pixels."""

import re
from io import BytesIO
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from support.people import walk

from core.errors import BadInputError
from core.evaluation import Poses, compare
from core.evaluation.drawing import Drawing
from core.evaluation.picture import _upright, draw, middling_frame
from core.metrics.limb_joints import LIMB_JOINTS, LIMBS_IN_SMPL

MOTION = walk(0.5)
TRUTH = Poses("joints", "truth", np.array(MOTION.joints[:, LIMBS_IN_SMPL]), MOTION.times)


def comparison(sigma=0.03, title="A <b>motion</b>", gone=()):
    joints = TRUTH.joints + np.random.default_rng(0).normal(0, sigma, TRUTH.joints.shape)
    joints[list(gone)] = np.nan
    return compare(Poses("motion", title, joints, TRUTH.times), TRUTH)


def test_the_middling_frame_is_neither_best_nor_worst():
    made = comparison()
    errors = made.per_frame["pa_mpjpe"]
    assert errors[list(made.frames).index(middling_frame(made))] == pytest.approx(np.median(errors), rel=0.05)


def test_there_is_a_band_for_each_comparison_and_a_bar_for_each_joint():
    one, two = draw([comparison()], 3), draw([comparison(), comparison(0.01)], 3)
    assert two.height > 1.8 * one.height
    svg = two.svg("x")
    assert svg.count("right ankle") == 2
    assert svg.count("from ahead") == 2
    assert "Frame 3 at 0.10 s" in svg
    longer, shorter = (max(p[3] for p in d.parts if p[0] == "bar") for d in (one, two))
    assert longer == shorter  # one scale for all bands: the worst joint's bar is the longest


def test_the_svg_is_xml_and_says_nothing_for_others():
    svg = draw([comparison()]).svg("A & B")
    root = ElementTree.fromstring(svg)
    assert root.tag.endswith("svg")
    assert "A &lt;b&gt;motion" in svg
    assert "<b>" not in svg
    assert not re.search(r"<script|href|https?://(?!www\.w3\.org/2000/svg)", svg)


def test_the_png_shows_truth_and_prediction():
    drawing = draw([comparison()], 3)
    image = np.asarray(Image.open(BytesIO(drawing.png())).convert("RGB")).astype(int)
    assert image.shape[:2] == (round(2 * drawing.height), round(2 * drawing.width))
    for colour in ((0x85, 0x83, 0x8D), (0x2F, 0x74, 0xC9), (0xD9, 0x72, 0x2B), (0xCF, 0x40, 0x59)):
        assert (np.abs(image[80:600] - colour).max(axis=2) < 8).sum() > 100


def test_from_ahead_the_left_is_on_the_right_and_the_head_up_whatever_the_axes():
    turn = np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    for axes in (np.eye(3), np.diag([1.0, -1, -1]), turn):
        joints = TRUTH.joints[0] @ axes.T
        truth, _ = _upright(joints, joints, np.arange(12))
        at = {name: truth[i] for i, name in enumerate(LIMB_JOINTS)}
        assert at["left_shoulder"][0] > at["right_shoulder"][0]
        assert at["left_shoulder"][1] < at["left_hip"][1] < at["left_ankle"][1]
        # SMPL's people look along z; knees bend forward of the line from hip to ankle
        assert at["left_knee"][2] > (at["left_hip"][2] + at["left_ankle"][2]) / 2


def test_frames_that_were_not_compared_have_no_picture():
    with pytest.raises(BadInputError, match="Frame 4"):
        draw([comparison(gone=[4])], 4)
    assert draw([comparison(gone=[4]), comparison()], 4).height == draw([comparison()], 4).height


def test_a_dashed_line_has_gaps():
    drawing = Drawing(100, 10)
    drawing.line((5, 5), (95, 5), "right", 2, dashed=True)
    row = np.asarray(Image.open(BytesIO(drawing.png())).convert("L"))[10]
    assert 5 < (np.diff((row < 200).astype(int)) == 1).sum() < 30
    assert "stroke-dasharray" in drawing.svg("x")
