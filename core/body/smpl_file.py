"""A person's own SMPL-family file (SMPL, SMPL-H or SMPL-X; .npz or .pkl) as a `Body`.

The files are licensed to the person who downloads them, so none ships and none is needed. What the house needs and the
files lack (BlazePose's landmarks, an outfit) is carried over from the body that ships. The first ten shape components
are used; pose correctives are left out: the mesh is plain linear blend skinning.
"""

import zipfile
from functools import lru_cache
from pathlib import Path

import numpy as np

from core.body.carried_over import carried_landmarks, carried_regions
from core.body.model import Body, load_body
from core.body.restricted_pickle import read_pickled_arrays
from core.errors import BadInputError

Array = np.ndarray

EMBEDDED = "embedded"
_WANTED = {"v_template", "f", "shapedirs", "J_regressor", "weights", "kintree_table"}
_FAMILIES = {24: "smpl", 52: "smplh", 55: "smplx"}
_SHAPES = 10
_MAX_BYTES = 2_000_000_000
_BODY = 22  # the joints that all of the family share, pelvis to wrists
# Fingers 2 to 5 of each hand hang on SMPL's hand joint, thumbs on the wrist; index, middle, pinky, ring, thumb are
# three joints each, the first the knuckle.
_HANDS = {"smplh": (22, 37), "smplx": (25, 40)}
_HEAD, _WRISTS, _HAND_JOINTS = 15, (20, 21), (22, 23)


def chosen_body(choice: str) -> Body:
    """The body that a setting names: "embedded", or the path of an SMPL-family file (`read_smpl_body`)."""
    if choice == EMBEDDED:
        return load_body()
    path = Path(choice)
    return _read_once(path, path.stat().st_mtime_ns if path.is_file() else 0)


@lru_cache(maxsize=2)
def _read_once(path: Path, changed: int) -> Body:
    return read_smpl_body(path)


def read_smpl_body(path: Path) -> Body:
    """The body in the file; its `betas` are the file's own first ten, its pelvis is where the file has it.

    `body.name` is the family and the file's name, e.g. "smpl:basicmodel_neutral": betas hold only for it.
    `BadInputError` says what was expected where the file is no such model, is damaged, or would run code.
    """
    path = Path(path)
    if not path.is_file():
        raise BadInputError(f"An SMPL file (.npz or .pkl) is expected, but {path} does not exist.")
    if path.stat().st_size > _MAX_BYTES:
        raise BadInputError(f"{path.name} should be an SMPL model, but is larger than any ({_MAX_BYTES // 10**9} GB).")
    found = _arrays(path)
    family = _check(path, found)
    vertices = found["v_template"].astype(float)
    basis = np.zeros((_SHAPES, *vertices.shape))
    count = min(_SHAPES, found["shapedirs"].shape[2])
    basis[:count] = found["shapedirs"][:, :, :count].astype(float).transpose(2, 0, 1)
    regressor, weights = _body_joints(family, found["J_regressor"].astype(float), found["weights"].astype(float))
    own = load_body()
    indices = np.argsort(-weights, axis=1, kind="stable")[:, :4]
    values = np.take_along_axis(weights, indices, axis=1)
    landmarks = carried_landmarks(own, vertices, regressor @ vertices, weights)
    return Body(
        name=f"{family}:{path.stem}",
        names=own.names,
        parents=own.parents.copy(),
        faces=found["f"].astype(np.uint16),
        vertices_template=vertices,
        shape_basis=basis,
        weight_indices=indices.astype(np.uint8),
        weight_values=values / values.sum(axis=1, keepdims=True),
        joint_regressor=regressor,
        landmark_names=own.landmark_names,
        landmark_regressor=landmarks,
        region_names=own.region_names,
        region_weights=carried_regions(own, vertices, regressor @ vertices, weights),
    )


def _arrays(path: Path) -> dict[str, Array]:
    if path.suffix.lower() in (".pkl", ".pickle"):
        return read_pickled_arrays(path, _WANTED)
    if path.suffix.lower() != ".npz":
        raise BadInputError(f"An SMPL file ends in .npz or .pkl, but {path.name} does not.")
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files if name in _WANTED}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, AttributeError, TypeError) as error:
        raise BadInputError(f"{path.name} should be an SMPL model (.npz), but cannot be read: {error}.") from error


def _check(path: Path, found: dict[str, Array]) -> str:
    """The family; `BadInputError` where the arrays do not fit together."""
    if missing := _WANTED - set(found):
        raise BadInputError(f"{path.name} should be an SMPL model, but lacks {', '.join(sorted(missing))}.")
    if any(array.dtype.kind not in "fiu" for array in found.values()):
        raise BadInputError(f"{path.name} should hold numbers only, but does not.")
    joints = found["kintree_table"].shape[-1] if found["kintree_table"].ndim == 2 else 0
    V = len(found["v_template"]) if found["v_template"].ndim else 0
    if joints not in _FAMILIES or not 100 <= V <= 65535:
        raise BadInputError(
            f"{path.name} should have 24, 52 or 55 joints and 100 to 65535 vertices (SMPL, SMPL-H, SMPL-X), but has "
            f"{joints} joints and {V} vertices."
        )
    shapes = {
        "v_template": (V, 3),
        "f": (len(found["f"]) if found["f"].ndim else 0, 3),
        "shapedirs": (V, 3, found["shapedirs"].shape[-1] if found["shapedirs"].ndim == 3 else 0),
        "J_regressor": (joints, V),
        "weights": (V, joints),
        "kintree_table": (2, joints),
    }
    for name, shape in shapes.items():
        if found[name].shape != shape or 0 in shape:
            raise BadInputError(f"{path.name}: {name} should have the shape {shape}, but has {found[name].shape}.")
    _check_numbers(path, found)
    return _FAMILIES[joints]


def _check_numbers(path: Path, found: dict[str, Array]) -> None:
    V = len(found["v_template"])
    if not all(np.isfinite(array).all() for array in found.values()):
        raise BadInputError(f"{path.name} should have finite numbers only, but has NaN or infinity.")
    if found["f"].min() < 0 or found["f"].max() >= V:
        raise BadInputError(f"{path.name}: faces should name vertices below {V}, but name {found['f'].max()}.")
    for name, sums in (("J_regressor", found["J_regressor"].sum(axis=1)), ("weights", found["weights"].sum(axis=1))):
        if np.abs(sums - 1).max() > 0.02:
            raise BadInputError(f"{path.name}: rows of {name} should sum to one, but do to {sums.min():.2f} or so.")
    parents = found["kintree_table"][0, 1:_BODY].astype(np.int64)
    if (parents != load_body().parents[1:_BODY]).any():
        raise BadInputError(f"{path.name} should have SMPL's tree of joints, but has another.")
    height = float(np.ptp(found["v_template"][:, 1]))
    if not 0.5 < height < 3.0:
        raise BadInputError(f"{path.name} should hold a body in metres, y up, but it is {height:.2f} high.")


def _body_joints(family: str, regressor: Array, weights: Array) -> tuple[Array, Array]:
    """(joint regressor [24,V], weights [V,24]) of SMPL's 24 joints; rows sum to one.

    SMPL-H and SMPL-X have joints for fingers, jaw and eyes: what those move goes to the hand, the wrist, the head.
    """
    if family != "smpl":
        rows, columns = list(regressor[:_BODY]), weights[:, :_BODY].copy()
        hands = []
        for start, wrist in zip(_HANDS[family], _WRISTS, strict=True):
            fingers, thumb = range(start, start + 12), range(start + 12, start + 15)
            rows.append(regressor[list(fingers)[::3]].mean(axis=0))
            hands.append(weights[:, fingers].sum(axis=1))
            columns[:, wrist] += weights[:, thumb].sum(axis=1)
        if family == "smplx":
            columns[:, _HEAD] += weights[:, 22:25].sum(axis=1)  # jaw and eyes
        regressor, weights = np.stack(rows), np.concatenate([columns, np.stack(hands, axis=1)], axis=1)
    weights = np.maximum(weights, 0.0)
    return regressor / regressor.sum(axis=1, keepdims=True), weights / weights.sum(axis=1, keepdims=True)
