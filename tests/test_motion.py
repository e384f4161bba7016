"""The nouns refuse what does not fit, also from a file, in one sentence."""

import numpy as np
import pytest

from core.errors import BadInputError
from core.motion import BodyMotion, HumanoidMotion, Track

T = 3
TEXTS = np.array(["a", "b", "c"])


def arrays(**more) -> dict:
    whole = {
        "fps": 30.0, "times": np.arange(T) / 30, "poses": np.zeros((T, 72)), "betas": np.zeros(10),
        "trans": np.zeros((T, 3)), "joints": np.zeros((T, 24, 3)), "landmarks": np.zeros((T, 33, 3)),
        "frame": "world", "body_model": "understudy-cc0", "supports": np.zeros((2, 6)),
        "contacts": np.ones((T, 4), bool), "camera_in_world": np.zeros((T, 4, 4)), "intrinsics": np.eye(3),
    }  # fmt: skip
    return whole | more


def test_a_whole_body_motion_comes_back_as_it_was(tmp_path):
    BodyMotion(**arrays()).save(tmp_path / "motion.npz")
    got = BodyMotion.load(tmp_path / "motion.npz")
    assert (got.fps, got.frame, got.body_model, len(got)) == (30.0, "world", "understudy-cc0", T)
    for name, value in arrays().items():
        np.testing.assert_array_equal(getattr(got, name), value)
    assert not got.contacts.flags.writeable
    BodyMotion(**arrays(contacts=None, camera_in_world=None, intrinsics=None, fps=np.float32(30), frame="camera"))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("fps", np.array("fast"), "fps should be a number, but is 'fast'"),
        ("fps", np.ones(2), "fps should be a number"),
        ("times", np.zeros((T, 2)), "times should have the shape N"),
        ("times", np.array(0.0), "times should be an array of numbers, but is 0.0"),
        ("times", TEXTS, "times should be an array of numbers, but is several texts"),
        ("poses", TEXTS, "poses should be an array of numbers"),
        ("poses", np.zeros((T, 72), "S3"), "poses should be an array of numbers"),
        ("betas", np.array(1.0), "betas should be an array of numbers"),
        ("joints", np.zeros((T, 24, 3), complex), "joints should be an array of numbers"),
        ("landmarks", np.zeros((T, 33)), "landmarks should have the shape 3x33x3"),
        ("contacts", np.ones((T, 2), bool), "contacts should have the shape 3x4"),
        ("contacts", np.ones((T, 4)), "contacts should be an array of true or false, but is one of float64"),
        ("camera_in_world", np.eye(4), "camera_in_world should have the shape 3x4x4"),
        ("camera_in_world", TEXTS, "camera_in_world should be an array of numbers"),
        ("intrinsics", np.zeros((T, 3, 3)), "intrinsics should have the shape 3x3"),
        ("supports", np.zeros(6), "supports should have the shape Nx6"),
        ("frame", np.array("moon"), "frame should be 'camera' or 'world', but is 'moon'"),
        ("frame", np.zeros(2), "frame should be 'camera' or 'world', but is an array"),
        ("body_model", np.array(3), "body_model should be text, but is 3"),
    ],
)
def test_a_malformed_body_motion_is_refused(tmp_path, name, value, words):
    np.savez(tmp_path / "motion.npz", **arrays(**{name: value}))
    with pytest.raises(BadInputError, match=rf"motion\.npz: BodyMotion\.{words}"):
        BodyMotion.load(tmp_path / "motion.npz")


def test_the_other_nouns_look_at_their_times_and_kinds_too():
    track = {"fps": 30.0, "times": np.zeros(T), "keypoints": np.zeros((T, 33, 3)), "world": np.zeros((T, 33, 3))}
    track |= {"boxes": np.zeros((T, 4)), "image_size": np.ones(2)}
    assert len(Track(**track)) == T
    for wrong in ({"times": np.array(1.0)}, {"boxes": np.zeros((T, 4), "U1")}, {"fps": "x"}):
        with pytest.raises(BadInputError, match=rf"Track\.{next(iter(wrong))} should "):
            Track(**(track | wrong))
    with pytest.raises(BadInputError, match=r"HumanoidMotion\.times"):
        HumanoidMotion(30.0, np.zeros((T, 2)), np.zeros((T, 43)))
