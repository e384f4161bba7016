"""Arrays in the layout of SMPL's published files, of the body that ships: no licensed file can lie here."""

import numpy as np

from core.body import load_body

SHIFT = np.array([0.01, -0.22, 0.03])  # SMPL's pelvis is not at the origin


def smpl_arrays() -> dict[str, np.ndarray]:
    """What SMPL's .npz has, of the body that ships."""
    body = load_body()
    tree = np.stack([body.parents, np.arange(24)]).astype(np.uint32)  # the pelvis' parent becomes 2**32 - 1
    return {
        "v_template": body.vertices_template + SHIFT,
        "f": body.faces.astype(np.uint32),
        "shapedirs": body.shape_basis.transpose(1, 2, 0).copy(),
        "posedirs": np.zeros((len(body.vertices_template), 3, 9)),
        "J_regressor": body.joint_regressor,
        "weights": body.weights,
        "kintree_table": tree,
    }
