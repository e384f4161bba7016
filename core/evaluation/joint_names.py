"""Which joint a name means: "RAnkle", "R_Ankle", "right_ankle", "ankle_r", "LHJC" and their like; known orders."""

import re

from core.body import load_body
from core.errors import BadInputError
from core.keypoints.skeletons import BLAZEPOSE_NAMES
from core.metrics.limb_joints import LIMB_JOINTS

_SIDES = {"r": "right", "right": "right", "l": "left", "left": "left"}
_PARTS = {part: part for part in ("ankle", "knee", "hip", "wrist", "elbow", "shoulder")}
# "Joint centre" as motion capture software writes it: LHJC is the left hip's.
_PARTS |= {f"{part[0]}jc": part for part in _PARTS.values()}
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_IDLE = {"joint", "jc", "centre", "center"}


def limb_joint(name: str) -> str | None:
    """The limb joint that a name means, or None. What stands before a colon (a subject's name) does not count."""
    words = [word.lower() for word in _WORDS.findall(name.rpartition(":")[2])]
    words = [word for word in words if word not in _IDLE]
    if len(words) == 1 and words[0][:1] in "lr":
        words = [words[0][0], words[0][1:]]
    sides = [_SIDES[word] for word in words if word in _SIDES]
    parts = [_PARTS[word] for word in words if word in _PARTS]
    return f"{sides[0]}_{parts[0]}" if (len(words), len(sides), len(parts)) == (2, 1, 1) else None


def known_order(count: int) -> tuple[str, ...] | None:
    """What `count` joints without names are taken for: 12 limb joints, LSP's 14, SMPL's 24, BlazePose's 33."""
    orders = {12: LIMB_JOINTS, 14: (*LIMB_JOINTS, "neck", "head"), 24: load_body().names, 33: BLAZEPOSE_NAMES}
    return orders.get(count)


def rows_of_limbs(names: list[str], where: str) -> dict[int, int]:
    """{limb joint: row of `names`}; `BadInputError` where two names mean one joint or no name means any."""
    rows: dict[int, int] = {}
    for row, name in enumerate(names):
        joint = limb_joint(name)
        if joint is None:
            continue
        limb = LIMB_JOINTS.index(joint)
        if limb in rows:
            raise BadInputError(
                f"In {where} both {names[rows[limb]]!r} and {name!r} mean the {joint.replace('_', ' ')}. Keep one of "
                "them, or give the other another name."
            )
        rows[limb] = row
    if not rows:
        shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
        raise BadInputError(
            f"{where} should name limb joints (R_Ankle, right_ankle or RAnkle; likewise knee, hip, wrist, elbow, "
            f"shoulder), but its names are {shown or 'none'}."
        )
    return rows
