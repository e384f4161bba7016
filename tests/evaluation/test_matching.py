"""Which true pose belongs to which predicted one."""

import numpy as np
import pytest

from core.errors import BadInputError
from core.evaluation.matching import match
from core.evaluation.poses import Poses

RNG = np.random.default_rng(1)


def poses(times, joints=None, name="motion"):
    count = len(times) if times is not None else len(joints)
    joints = RNG.normal(0, 0.3, (count, 12, 3)) if joints is None else joints
    return Poses(name, "Reconstructed motion", joints, None if times is None else np.asarray(times, float))


def moving(times):
    """Joints on smooth curves through time."""
    phase = 2 * np.pi * np.asarray(times)[:, None, None] * 0.7 + np.arange(36).reshape(12, 3)
    return np.sin(phase) * 0.5


def test_frames_of_the_same_moments_are_taken_as_they_are():
    truth = poses(np.arange(30) / 60)
    frames, joints = match(poses(np.arange(12) / 30), truth)
    assert frames.tolist() == list(range(12))
    np.testing.assert_allclose(joints, truth.joints[:24:2], atol=1e-12)


def test_between_frames_the_truth_is_interpolated():
    """A laboratory at a varying rate about 100 a second, a clip at 30: a fraction of a millimetre."""
    times = np.cumsum(RNG.uniform(0.006, 0.014, 400))
    when = np.arange(0.05, 3, 1 / 30)
    frames, joints = match(poses(when), poses(times, moving(times)))
    assert len(frames) == (when < times[-1]).sum()
    np.testing.assert_allclose(joints, moving(when)[frames], atol=1e-4)


def test_nothing_is_invented_across_gaps_or_beyond_the_ends():
    times = np.concatenate([np.arange(0.5, 1, 0.01), np.arange(2, 3, 0.01)])
    when = np.arange(120) / 30 + 0.003
    frames, _ = match(poses(when), poses(times, moving(times)))
    got = when[frames]
    assert ((got >= 0.5) & (got <= 0.99) | (got >= 2) & (got <= 2.99)).all()
    assert len(got) > 40
    slow = np.arange(0, 4, 0.2)  # five frames a second say nothing of what lies between
    frames, _ = match(poses(np.arange(120) / 30), poses(slow, moving(slow)))
    assert frames.tolist() == list(range(0, 120, 6))


def test_a_joint_that_is_missing_for_a_while_is_missing_there_only():
    times = np.arange(0, 1, 0.01)
    joints = moving(times)
    joints[40:60, 3] = np.nan
    when = np.arange(30) / 30 + 0.004
    frames, got = match(poses(when), poses(times, joints))
    inside = (when[frames] > 0.395) & (when[frames] < 0.6)
    assert np.isnan(got[inside, 3]).all()
    assert np.isfinite(got[~inside]).all()
    assert np.isfinite(np.delete(got, 3, axis=1)).all()


def test_the_offset_says_where_the_prediction_begins():
    times = np.arange(0, 3, 0.01)
    truth = poses(times, moving(times))
    frames, joints = match(poses(np.arange(30) / 30), truth, offset_s=1.5)
    np.testing.assert_allclose(joints, moving(1.5 + np.arange(30) / 30)[frames], atol=1e-5)


def test_without_times_frames_go_by_number():
    truth = poses(None, RNG.normal(size=(8, 12, 3)))
    frames, joints = match(poses(np.arange(8) / 30), truth)
    np.testing.assert_array_equal(joints, truth.joints)
    assert frames.tolist() == list(range(8))
    frames, joints = match(poses(np.arange(8) / 30), truth, frame=3)
    np.testing.assert_array_equal(joints, truth.joints[3:4])


def test_a_single_true_frame_belongs_to_the_frame_that_is_named():
    truth = poses(None, RNG.normal(size=(1, 12, 3)))
    frames, joints = match(poses(np.arange(8) / 30), truth, frame=5)
    assert frames.tolist() == [5]
    np.testing.assert_array_equal(joints, truth.joints)
    assert match(poses([0.0]), truth)[0].tolist() == [0]


@pytest.mark.parametrize(
    ("pred", "truth", "options", "words"),
    [
        (poses(np.arange(8) / 30), poses([0.0]), {}, "which frame"),
        (poses(np.arange(8) / 30), poses([0.0]), {"frame": 8}, "0 to 7"),
        (poses(np.arange(8) / 30), poses([0.0]), {"frame": -1}, "0 to 7"),
        (poses(np.arange(8) / 30), poses(None, np.zeros((9, 12, 3))), {}, "truth has no times.*8.*9"),
        (poses(None, np.zeros((9, 12, 3))), poses(np.arange(8) / 30), {}, "prediction has no times"),
        (poses(np.arange(8) / 30), poses(np.arange(50, 60)), {}, "Set the offset"),
    ],
)
def test_what_cannot_be_matched_is_refused(pred, truth, options, words):
    with pytest.raises(BadInputError, match=words):
        match(pred, truth, **options)
