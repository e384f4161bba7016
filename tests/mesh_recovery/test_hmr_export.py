"""Networks in PyTorch with the interfaces of HMR2.0, CLIFF and SPIN, exported as docs/hmr-models.md says."""

import json
import warnings

import numpy as np
import pytest

from core.mesh_recovery.network import HmrNetwork

torch = pytest.importorskip("torch")


class Regressor(torch.nn.Module):
    """Some crop to rotations (six numbers a joint by Gram-Schmidt), shape and camera."""

    def __init__(self, extra: int = 0):
        super().__init__()
        torch.manual_seed(0)
        self.eye = torch.nn.Conv2d(3, 8, 16, 16)
        self.head = torch.nn.Linear(8 + extra, 144 + 10 + 3)

    def forward(self, image, *extra):
        out = self.head(torch.cat([self.eye(image).mean((2, 3)), *extra], dim=1))
        six = out[:, :144].reshape(-1, 3, 2)
        a = torch.nn.functional.normalize(six[..., 0], dim=1)
        b = six[..., 1] - torch.einsum("bi,bi->b", a, six[..., 1]).unsqueeze(-1) * a
        b = torch.nn.functional.normalize(b, dim=1)
        rotations = torch.stack([a, b, torch.linalg.cross(a, b)], dim=-1).reshape(-1, 24, 3, 3)
        return rotations, out[:, 144:154], out[:, 154:]


class LikeHmr2(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.network = Regressor()

    def forward(self, image):
        rotations, betas, camera = self.network(image)
        return rotations[:, :1], rotations[:, 1:], betas, camera


@pytest.mark.parametrize(
    ("family", "network", "sizes", "names"),
    [
        ("hmr2", LikeHmr2(), {"image": (3, 256, 256)}, ["global_orient", "body_pose", "betas", "pred_cam"]),
        ("cliff", Regressor(3), {"image": (3, 256, 192), "bbox_info": (3,)}, ["pred_rotmat", "betas", "pred_cam"]),
        ("spin", Regressor(), {"image": (3, 224, 224)}, ["pred_rotmat", "betas", "pred_cam"]),
    ],
)
def test_what_pytorch_exports_gives_what_pytorch_gives(tmp_path, family, network, sizes, names):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.eval(),
            tuple(torch.zeros(2, *size) for size in sizes.values()),
            tmp_path / "model.onnx",
            dynamo=False,
            opset_version=17,
            input_names=list(sizes),
            output_names=names,
            dynamic_axes={name: {0: "batch"} for name in [*sizes, *names]},
        )
    (tmp_path / "manifest.json").write_text(json.dumps({"family": family}))
    opened = HmrNetwork(tmp_path)
    inputs = {role: torch.rand(5, *size) for role, size in sizes.items()}
    with torch.no_grad():
        *rotations, betas, camera = (each.numpy() for each in network(*inputs.values()))
    as_seen = {role: value.numpy() for role, value in inputs.items()}
    as_seen["image"] = as_seen["image"].transpose(0, 2, 3, 1)
    answer = opened.answer(as_seen)
    assert opened.fixed_batch is None
    assert np.allclose(answer.rotations, np.concatenate(rotations, axis=1), atol=1e-4)
    assert np.allclose(answer.betas, betas, atol=1e-4)
    assert np.allclose(answer.camera, camera, atol=1e-4)
