"""What a body is: a mesh in the T-pose, ten shape components, 24 joints in SMPL's order, weights and regressors.

The body that ships (`load_body`) was baked from CC0 assets by tools/bake_body.py. It has SMPL's joints and tree, so
rotations mean the same as SMPL's, but a shape space of its own: `betas` hold only for their `body_model`.
"""

from dataclasses import dataclass, fields
from functools import cache, cached_property
from pathlib import Path

import numpy as np

from core.assets import asset_path
from core.errors import AssetError

Array = np.ndarray


@dataclass(frozen=True)
class Body:
    """A body model; y up, z forward, x to its left, metres; arrays are read-only.

    name                 what `BodyMotion.body_model` says of motions on it
    names                the 24 joints, SMPL's
    parents              [24] int: each joint's parent, -1 for the pelvis; parents come before their children
    faces                [F,3] uint16, counter-clockwise seen from outside
    vertices_template    [V,3] the mean body in the T-pose, its pelvis at the origin
    shape_basis          [10,V,3] metres per unit of beta; betas have unit standard deviation over adults, the first
                         is size (taller with larger values)
    weight_indices       [V,4] uint8 joints that move a vertex
    weight_values        [V,4] how much, falling, rows summing to one
    joint_regressor      [24,V] rows >= 0 summing to one: rest joints = joint_regressor @ rest vertices
    landmark_names       BlazePose's 33
    landmark_regressor   [33,V] the same for the landmarks, from the vertices of any pose
    region_names         parts of a plain outfit: skin, hair, shirt, trousers, eye, iris
    region_weights       [V,6] how much of each part is at a vertex, rows summing to one
    """

    name: str
    names: tuple[str, ...]
    parents: Array
    faces: Array
    vertices_template: Array
    shape_basis: Array
    weight_indices: Array
    weight_values: Array
    joint_regressor: Array
    landmark_names: tuple[str, ...]
    landmark_regressor: Array
    region_names: tuple[str, ...]
    region_weights: Array

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    @cached_property
    def joints_template(self) -> Array:
        """[24,3] m: the mean body's rest joints."""
        return self.joint_regressor @ self.vertices_template

    @cached_property
    def joints_basis(self) -> Array:
        """[10,24,3] m: how the rest joints move with the shape."""
        return np.einsum("jv,kvc->kjc", self.joint_regressor, self.shape_basis, optimize=True)

    @cached_property
    def weights(self) -> Array:
        """[V,24]: the skinning weights as a dense matrix."""
        dense = np.zeros((len(self.vertices_template), len(self.names)))
        np.put_along_axis(dense, self.weight_indices.astype(np.int64), self.weight_values, axis=1)
        return dense

    @cached_property
    def landmark_weights(self) -> Array:
        """[33,24]: how much each joint moves each landmark, the skinning weights seen through the regressor."""
        return self.landmark_regressor @ self.weights

    @cached_property
    def landmark_shape(self) -> Array:
        """[11,33,24,3] m: `sum_v r_lv w_vj vertex_v` for the mean body (first) and each shape component.

        With it a posed landmark is a blend over joints, without the mesh: see `core.body.kinematics`.
        """
        used = np.flatnonzero(self.landmark_regressor.any(axis=0))
        shapes = np.concatenate([self.vertices_template[None, used], self.shape_basis[:, used]])
        mixed = self.landmark_regressor[:, used, None] * self.weights[None, used]
        return np.einsum("lvj,kvc->kljc", mixed, shapes, optimize=True)

    def joint(self, name: str) -> int:
        """The index of a joint, e.g. "left_knee"."""
        return self.names.index(name)

    def rest_vertices(self, betas: Array) -> Array:
        """[V,3] m: the T-pose of the shape `betas` [10]."""
        return self.vertices_template + np.tensordot(betas, self.shape_basis, axes=1)

    def rest_joints(self, betas: Array) -> Array:
        """[24,3] m: the joints of the T-pose of the shape `betas` [10]; the pelvis is at the origin."""
        return self.joints_template + np.tensordot(betas, self.joints_basis, axes=1)


@cache
def load_body() -> Body:
    """The body that ships with the project, "understudy-cc0"; read once per process. `AssetError` if it is damaged."""
    return read_body(asset_path("body.npz"), "understudy-cc0")


def read_body(path: Path, name: str) -> Body:
    """A body from a file written by tools/bake_body.py."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            found = {key: archive[key] for key in archive.files}
        count = len(found["vertices_template"])
        joint_regressor = _dense(found, "joint_regressor", len(found["names"]), count)
        template, basis = found["vertices_template"].astype(np.float64), found["shape_steps"].astype(np.float64)
        basis *= found["shape_step_size"][:, None, None]
        # The file's rounding moved the pelvis by a fraction of a micrometre; put it back to exactly zero.
        template -= joint_regressor[0] @ template
        basis -= np.einsum("v,kvc->kc", joint_regressor[0], basis)[:, None]
        return Body(
            name=name,
            names=tuple(found["names"].tolist()),
            parents=found["parents"].astype(np.int64),
            faces=found["faces"],
            vertices_template=template,
            shape_basis=basis,
            weight_indices=found["weight_indices"],
            weight_values=_rows_of_one(found["weight_values"].astype(np.float64)),
            joint_regressor=joint_regressor,
            landmark_names=tuple(found["landmark_names"].tolist()),
            landmark_regressor=_dense(found, "landmark_regressor", len(found["landmark_names"]), count),
            region_names=tuple(found["region_names"].tolist()),
            region_weights=_rows_of_one(found["region_weights"].astype(np.float64)),
        )
    except (OSError, ValueError, KeyError) as error:
        raise AssetError(f"{path} should be a body from tools/bake_body.py, but cannot be read: {error}.") from error


def _dense(found: dict[str, Array], key: str, rows: int, columns: int) -> Array:
    matrix = np.zeros((rows, columns))
    matrix[found[key + "_row"], found[key + "_vertex"]] = found[key + "_weight"]
    return _rows_of_one(matrix)


def _rows_of_one(matrix: Array) -> Array:
    """The stored float32 rows sum to one only to seven digits; make it exact to float64's."""
    return matrix / matrix.sum(axis=1, keepdims=True)
