"""Figures of predictions whose errors are known by construction."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from support.people import walk

from core.errors import BadInputError
from core.evaluation import Poses, compare
from core.evaluation.report import BEST, report
from core.metrics.limb_joints import LIMB_JOINTS, LIMBS_IN_SMPL
from core.notices import collecting

MOTION = walk(1.0)
TRUTH = Poses("joints", "truth.npz", np.array(MOTION.joints[:, LIMBS_IN_SMPL]), MOTION.times)
FRAMES = len(TRUTH)
TURN = Rotation.from_euler("xyz", [170, 40, 10], degrees=True).as_matrix()


def predicted(joints=None, name="motion", **more):
    return Poses(name, "Reconstructed motion", TRUTH.joints if joints is None else joints, TRUTH.times, **more)


def test_the_truth_itself_has_no_error():
    got = compare(predicted(), TRUTH)
    assert got.asked == len(got.frames) == FRAMES
    for name in ("pa_mpjpe", "mpjpe", "mpjpe_turned", "acceleration_error", "max", "std"):
        assert got.figures[name] == pytest.approx(0, abs=1e-6)


def test_other_axes_matter_to_the_plain_mpjpe_alone():
    got = compare(predicted(TRUTH.joints @ TURN.T + [3, 1, -2]), TRUTH)
    assert got.figures["pa_mpjpe"] == pytest.approx(0, abs=1e-6)
    assert got.figures["mpjpe_turned"] == pytest.approx(0, abs=1e-6)
    assert got.figures["acceleration_error"] == pytest.approx(0, abs=1e-6)
    assert got.figures["mpjpe"] > 100


def test_a_body_that_turns_the_wrong_way_is_not_excused():
    spin = Rotation.from_rotvec(np.outer(np.linspace(0, np.pi, FRAMES), [0, 1, 0])).as_matrix()
    got = compare(predicted(TRUTH.joints @ spin.transpose(0, 2, 1)), TRUTH)
    assert got.figures["pa_mpjpe"] == pytest.approx(0, abs=1e-6)
    assert got.figures["mpjpe_turned"] > 50


def test_size_matters_to_mpjpe_and_not_after_procrustes():
    got = compare(predicted(1.1 * TRUTH.joints), TRUTH)
    assert got.figures["pa_mpjpe"] == pytest.approx(0, abs=1e-6)
    hips = TRUTH.joints[:, [2, 3]].mean(axis=1, keepdims=True)
    assert got.figures["mpjpe"] == pytest.approx(100 * np.linalg.norm(TRUTH.joints - hips, axis=-1).mean())


def test_figures_are_millimetres_and_per_frame_metres():
    off = TRUTH.joints.copy()
    off[:, LIMB_JOINTS.index("left_wrist")] += [0, 0.12, 0]
    got = compare(predicted(off), TRUTH)
    assert got.figures["mpjpe"] == pytest.approx(10)
    np.testing.assert_allclose(got.per_frame["mpjpe"], 0.01)
    assert 5 < got.figures["pa_mpjpe"] < 25  # least squares deals a single outlier out to all
    assert got.distances.argmax(axis=1).tolist() == [11] * FRAMES
    assert got.figures["max"] == pytest.approx(1000 * got.distances.max(axis=1).mean())
    assert 0 < got.figures["std_minmax"] < 0.5


def test_a_shaking_wrist_has_its_acceleration_as_error():
    shake = TRUTH.joints.copy()
    wrist = LIMB_JOINTS.index("left_wrist")
    rate = 2 * np.pi * 3
    shake[:, wrist, 1] += 0.01 * np.sin(rate * TRUTH.times)
    got = compare(predicted(shake), TRUTH)
    assert got.figures["acceleration_error"] == pytest.approx(0.01 * rate**2 * (2 / np.pi) / 12, rel=0.1)
    lost = shake.copy()
    lost[6::3] = np.nan
    assert compare(predicted(lost), TRUTH).figures["acceleration_error"] is not None
    lost[::2] = np.nan
    assert compare(predicted(lost), TRUTH).figures["acceleration_error"] is None


def test_frames_without_the_person_are_left_out_and_counted():
    joints = TRUTH.joints.copy()
    joints[10:15] = np.nan
    got = compare(predicted(joints), TRUTH)
    assert (len(got.frames), got.asked) == (FRAMES - 5, FRAMES)
    assert not set(range(10, 15)) & set(got.frames.tolist())


def test_joints_that_one_side_does_not_know_are_named():
    joints = TRUTH.joints.copy()
    joints[:, [6, 11]] = np.nan
    with collecting() as notes:
        got = compare(predicted(), replace(TRUTH, joints=joints))
    assert got.joints.tolist() == [0, 1, 2, 3, 4, 5, 7, 8, 9, 10]
    assert "right wrist, left wrist" in notes[0]
    joints[:, 4:] = np.nan
    with pytest.raises(BadInputError, match="share 4"):
        compare(predicted(), replace(TRUTH, joints=joints))
    with pytest.raises(BadInputError, match="in none they do"):
        compare(predicted(np.full_like(joints, np.nan)), TRUTH)


def test_a_truth_without_hips_has_no_mpjpe():
    joints = TRUTH.joints.copy()
    joints[:, 2] = np.nan
    got = compare(predicted(), replace(TRUTH, joints=joints))
    assert got.figures["mpjpe"] is None
    assert got.figures["acceleration_error"] is None
    assert got.figures["pa_mpjpe"] == pytest.approx(0, abs=1e-6)


def test_a_truth_of_unknown_unit_has_errors_after_procrustes_only():
    truth = Poses("joints", "a.xml", 300 * TRUTH.joints[4:5] @ TURN.T, None, metric=False)
    off = TRUTH.joints.copy()
    off[:, 0] += [0.1, 0, 0]
    got = compare(predicted(off), truth, frame=4)
    known = compare(predicted(off), replace(TRUTH, joints=TRUTH.joints[4:5], times=None), frame=4)
    assert got.unit == "units"
    assert got.figures["pa_mpjpe"] == pytest.approx(0.3 * known.figures["pa_mpjpe"])
    assert got.figures["std_minmax"] == pytest.approx(known.figures["std_minmax"])
    assert got.figures["mpjpe"] is None
    table = report([predicted(off)], truth, frame=4)
    heads = [head for head, _ in table.rows()]
    assert heads[1:] == [f"{f} (truth's unit)" for f in ("PA-MPJPE", "Std", "Max")] + ["Std, min-max (0 to 1)"]


def test_the_table_marks_the_best_only_where_less_is_better():
    rng = np.random.default_rng(0)
    rough, fine = (
        predicted(TRUTH.joints + rng.normal(0, s, TRUTH.joints.shape), n) for s, n in ((0.05, "a"), (0.01, "b"))
    )
    rows = dict(report([rough, fine], TRUTH).rows())
    for head, texts in rows.items():
        marked = [BEST in text for text in texts]
        assert marked == ([False, False] if head.startswith(("Std", "Frames")) else [False, True]), head
    assert not any(BEST in text for text in dict(report([fine, fine], TRUTH).rows())["PA-MPJPE (mm)"])


def test_what_cannot_be_compared_does_not_hide_the_rest():
    with collecting() as notes:
        got = report([predicted(np.full_like(TRUTH.joints, np.nan)), predicted()], TRUTH)
    assert len(got.comparisons) == len(notes) == 1
    with pytest.raises(BadInputError):
        report([predicted(np.full_like(TRUTH.joints, np.nan))], TRUTH)
    with pytest.raises(BadInputError):
        report([], TRUTH)


def test_frames_that_differ_are_told():
    joints = TRUTH.joints.copy()
    joints[10:15] = np.nan
    assert any("same frames" in line for line in report([predicted(), predicted(joints)], TRUTH).legend())
    assert not any("same frames" in line for line in report([predicted(), predicted()], TRUTH).legend())


def test_the_report_is_plain_json():
    content = json.loads(json.dumps(report([predicted()], TRUTH).to_json(), allow_nan=False))
    (row,) = content["predictions"]
    assert content["unit"] == "mm"
    assert len(row["per_frame"]["pa_mpjpe"]) == row["frames_compared"] == FRAMES
    assert row["joints"] == list(LIMB_JOINTS)
