"""Predictions read back from a run's files."""

import json

import numpy as np
import pytest
from support.people import walker_scene, without

from core.control.assisted import assisted
from core.errors import BadInputError
from core.evaluation import read_predictions, window_start
from core.humanoid import retarget, rollout_to_body
from core.metrics.limb_joints import LIMBS_IN_BLAZEPOSE, LIMBS_IN_SMPL


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run's folder with two people; the first has all stages."""
    root = tmp_path_factory.mktemp("run")
    scene = walker_scene(seconds=0.4)
    for n in (0, 1):
        without(scene.track, [2, 3]).save(root / f"person-{n}" / "track.npz")
    person = root / "person-0"
    scene.truth.save(person / "hmr.npz")
    scene.truth.save(person / "motion.npz")
    assisted(retarget(scene.truth)).save(person / "rollouts" / "assisted.npz")
    (root / "run.json").write_text(json.dumps({"settings": {"start_s": 1.5}}))
    return root, scene


def test_all_stages_of_a_person(run):
    root, scene = run
    got = read_predictions(root, person=0)
    assert [p.name for p in got] == ["landmarks", "hmr", "motion", "assisted"]
    np.testing.assert_allclose(got[0].joints[5], scene.track.world[5, LIMBS_IN_BLAZEPOSE])
    assert np.isnan(got[0].joints[2:4]).all()
    np.testing.assert_allclose(got[2].joints, scene.truth.joints[:, LIMBS_IN_SMPL])
    from core.motion import Rollout

    body = rollout_to_body(Rollout.load(root / "person-0" / "rollouts" / "assisted.npz"), scene.truth)
    np.testing.assert_allclose(got[3].joints, body.joints[:, LIMBS_IN_SMPL])
    for each, again in zip(read_predictions(root / "person-0"), got, strict=True):
        np.testing.assert_array_equal(each.joints, again.joints)


def test_single_files(run):
    root, _ = run
    for name in ("track", "hmr", "motion", "rollouts/assisted"):
        (got,) = read_predictions(root / "person-0" / f"{name}.npz")
        assert got.times is not None
        assert got.metric


def test_the_window_of_the_run_is_known_from_its_files(run, tmp_path):
    root, _ = run
    assert window_start(root) == window_start(root / "person-0" / "rollouts" / "assisted.npz") == 1.5
    assert window_start(tmp_path) == 0


def test_what_is_no_prediction_is_refused(run, tmp_path):
    root, _ = run
    with pytest.raises(BadInputError, match="people 0, 1"):
        read_predictions(root)
    with pytest.raises(BadInputError, match="7 was asked for"):
        read_predictions(root, person=7)
    with pytest.raises(BadInputError, match="holds none"):
        read_predictions(tmp_path)
    with pytest.raises(BadInputError, match="does not exist"):
        read_predictions(tmp_path / "none.npz")
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(BadInputError, match=r"an \.npz"):
        read_predictions(tmp_path / "a.txt")
    alone = tmp_path / "assisted.npz"
    alone.write_bytes((root / "person-0" / "rollouts" / "assisted.npz").read_bytes())
    with pytest.raises(BadInputError, match=r"motion\.npz"):
        read_predictions(alone)
    alone.write_bytes(alone.read_bytes()[:1000])
    with pytest.raises(BadInputError, match="cannot be read"):
        read_predictions(alone)
