"""USD: passes OpenUSD's own validators and skins to the motion's joints."""

import builtins

import numpy as np
import pytest
from support.motions import waving

from core.body import load_body
from core.errors import MissingDependencyError
from core.export.usd import write_usd

pxr = pytest.importorskip("pxr", reason="usd-core is not installed: pip install -r requirements-export.txt")


@pytest.mark.parametrize(("frames", "suffix"), [(1, ".usd"), (2, ".usda"), (40, ".usdc")])
def test_openusds_validators_find_nothing(tmp_path, frames, suffix):
    from pxr import Usd, UsdValidation

    path = tmp_path / f"motion{suffix}"
    write_usd(path, waving(frames), load_body())
    validators = UsdValidation.ValidationRegistry().GetOrLoadAllValidators()
    assert len(validators) > 10
    errors = UsdValidation.ValidationContext(validators).Validate(Usd.Stage.Open(str(path)))
    assert [error.GetMessage() for error in errors] == []


def test_the_skeleton_is_where_the_motion_is(tmp_path):
    from pxr import Usd, UsdGeom, UsdSkel

    motion, path = waving(40, fps=25.0), tmp_path / "motion.usd"
    write_usd(path, motion, load_body(), dye=(0.9, 0.4, 0.1))
    stage = Usd.Stage.Open(str(path))
    assert UsdGeom.GetStageUpAxis(stage) == "Y"
    assert UsdGeom.GetStageMetersPerUnit(stage) == 1.0
    assert (stage.GetTimeCodesPerSecond(), stage.GetEndTimeCode()) == (25.0, 39.0)
    query = UsdSkel.Cache().GetSkelQuery(UsdSkel.Skeleton(stage.GetPrimAtPath("/Body/Skeleton")))
    for t in (0, 17, 39):
        there = [matrix.ExtractTranslation() for matrix in query.ComputeJointSkelTransforms(t)]
        assert np.abs(np.array(there) - motion.joints[t]).max() < 1e-5


def test_its_mesh_is_bound_with_weights_that_sum_to_one(tmp_path):
    from pxr import Usd, UsdSkel

    body, path = load_body(), tmp_path / "motion.usd"
    write_usd(path, waving(2), body)
    stage = Usd.Stage.Open(str(path))
    binding = UsdSkel.BindingAPI(stage.GetPrimAtPath("/Body/Mesh"))
    weights = np.array(binding.GetJointWeightsPrimvar().Get()).reshape(-1, 4)
    assert len(weights) == len(body.vertices_template)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-5)


def test_the_same_file_may_be_written_again(tmp_path):
    path = tmp_path / "motion.usd"
    for frames in (3, 5):
        write_usd(path, waving(frames), load_body())
    from pxr import Usd

    assert Usd.Stage.Open(str(path)).GetEndTimeCode() == 4
    assert [p.name for p in tmp_path.iterdir()] == ["motion.usd"]


def test_without_usd_core_it_says_how_to_get_it(tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.partition(".")[0] == "pxr":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingDependencyError, match="pip install usd-core"):
        write_usd(tmp_path / "motion.usd", waving(1), load_body())
    assert not any(tmp_path.iterdir())
