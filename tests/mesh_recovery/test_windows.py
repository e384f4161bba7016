"""Windows of keypoints for the regressor."""

import numpy as np
import pytest

from core.mesh_recovery.windows import make_windows, person_scale


@pytest.mark.parametrize("found", [13, 6, 3, 1])
def test_somebody_found_now_and_then_is_as_large_as_somebody_found_always(found: int):
    rng = np.random.default_rng(0)
    one = rng.normal(0, 0.2, (33, 2))
    tangents, visibility = np.tile(one, (1, 13, 1, 1)), np.full((1, 13, 33), 0.9)
    always = person_scale(tangents, visibility)
    assert always == pytest.approx(np.sqrt((one**2).sum(axis=1).mean()))
    missing = np.ones(13, bool)
    missing[rng.permutation(13)[:found]] = False
    tangents[:, missing], visibility[:, missing] = 0.0, 0.0
    assert np.array_equal(person_scale(tangents, visibility), always)


def test_a_window_without_anybody_is_finite():
    nobody = np.zeros((2, 13, 33, 3))
    windows = make_windows(nobody[..., :2], nobody[..., 0], nobody, np.tile(np.eye(3), (2, 13, 1, 1)))
    assert np.isfinite(windows.features).all()
    assert (windows.scale == 1e-3).all()
