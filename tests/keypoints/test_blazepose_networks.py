"""The converted networks against the figures that LiteRT 2.3.0 gave for the original ones on real crops.

`blazepose_litert.npz`: crops of the walker sample, and LiteRT's outputs for them (of the detector's boxes every
seventh).
"""

from pathlib import Path

import numpy as np
import pytest

from core.keypoints.networks import session


@pytest.fixture(scope="module")
def litert():
    with np.load(Path(__file__).with_name("blazepose_litert.npz")) as archive:
        return dict(archive)


@pytest.mark.parametrize(("name", "prefix"), [("blazepose_heavy.onnx", ""), ("blazepose_full.onnx", "full_")])
def test_the_landmark_networks_are_the_originals(litert, name, prefix):
    images = litert["crops"].astype(np.float32) / 255
    found = session(name, 2).run(["landmarks", "presence", "world"], {"image": images})
    points, wanted = found[0].reshape(-1, 39, 5), litert[prefix + "landmarks"].reshape(-1, 39, 5)
    np.testing.assert_allclose(points[..., :3], wanted[..., :3], atol=0.03)  # px of 256
    np.testing.assert_allclose(points[..., 3:], wanted[..., 3:], atol=0.01)
    np.testing.assert_allclose(found[1], litert[prefix + "presence"], atol=1e-3)
    np.testing.assert_allclose(found[2], litert[prefix + "world"], atol=2e-4)  # m


def test_the_detector_is_the_original(litert):
    images = litert["looks"].astype(np.float32) / 127.5 - 1
    boxes, scores = session("blazepose_detector.onnx", 2).run(["boxes", "scores"], {"image": images})
    np.testing.assert_allclose(boxes[:, ::7], litert["boxes"], atol=0.02)
    np.testing.assert_allclose(scores, litert["scores"], atol=0.02)


@pytest.mark.parametrize("name", ["blazepose_heavy.onnx", "blazepose_full.onnx"])
def test_the_segmentation_head_is_left_out(name):
    assert [each.name for each in session(name, 2).get_outputs()] == ["landmarks", "presence", "world"]
