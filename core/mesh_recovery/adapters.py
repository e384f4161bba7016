"""Which output of a network is what, by the manifest or, where that leaves it open, by shape.

Rotations of SMPL's 24 joints come whole or as root and body ([1] + [23]), as matrices, six numbers or axis-angle, with
joints as an axis of their own or flattened; HMR's `theta` has camera, pose and shape in one row.
"""

from dataclasses import dataclass

import numpy as np

from core.errors import BadInputError
from core.mesh_recovery.contract import Manifest
from core.mesh_recovery.rotation_forms import JOINTS, far_from_rotations, to_matrices

Array = np.ndarray
Shapes = dict[str, tuple[int, ...]]

_WHOLE = {(24, 3, 3): 9, (24, 9): 9, (216,): 9, (24, 6): 6, (144,): 6, (72,): 3}
_BODY = {(23, 3, 3): 9, (23, 9): 9, (207,): 9, (23, 6): 6, (138,): 6, (69,): 3, (23, 3): 3}
_THETA = {(85,): 3, (157,): 6}
"""Rows of camera (3), pose (24 joints) and shape (10): HMR's, and the same with six numbers a joint."""
WANTED = (
    "the rotations of 24 joints: matrices [B,24,3,3] (or [B,1,3,3] and [B,23,3,3]), six numbers [B,144] or [B,24,6], "
    "axis-angle [B,72], or HMR's row [B,85]"
)


@dataclass(frozen=True)
class Answer:
    """A network's answer for N people: `rotations` [N,24,3,3] (each joint in its parent), `betas` [N,10], `camera`
    [N,3], `pelvis` [N,3] m; None where the network has no such output."""

    rotations: Array
    betas: Array | None
    camera: Array | None
    pelvis: Array | None


@dataclass(frozen=True)
class Roles:
    """The outputs by what they are; `rotations` are one or two names, `theta` is set where all is in one row."""

    rotations: tuple[str, ...]
    betas: str | None
    camera: str | None
    pelvis: str | None
    theta: bool = False

    def read(self, outputs: dict[str, Array], six_d: str) -> Answer:
        """The answer in the arrays that the network gave."""
        first = outputs[self.rotations[0]]
        count = len(first)
        if self.theta:
            pose = first[:, 3:-10].reshape(count, JOINTS, -1)
            return Answer(to_matrices(pose, six_d), first[:, -10:], first[:, :3], self._row(outputs, self.pelvis, 3))
        per_joint = first[0].size // (JOINTS if len(self.rotations) == 1 else 1)
        parts = [outputs[name].reshape(count, -1, per_joint) for name in self.rotations]
        return Answer(
            to_matrices(np.concatenate(parts, axis=1), six_d),
            self._row(outputs, self.betas, 10),
            self._row(outputs, self.camera, 3),
            self._row(outputs, self.pelvis, 3),
        )

    @staticmethod
    def _row(outputs: dict[str, Array], name: str | None, size: int) -> Array | None:
        return None if name is None else outputs[name].reshape(-1, size).astype(float)


def find_roles(shapes: Shapes, manifest: Manifest) -> Roles:
    """The roles of outputs with these shapes (without the batch axis); `BadInputError` says what is missing."""
    for role, names in manifest.outputs.items():
        for name in names:
            if name not in shapes:
                raise BadInputError(
                    f"The manifest names the output {name!r} for {role}, but the network has {_listed(shapes)}."
                )
    rotations, theta = _rotations(shapes, manifest)
    if theta:
        return Roles(rotations, None, None, _named(manifest, "pelvis"), theta=True)
    free = {name: shape for name, shape in shapes.items() if name not in rotations}
    camera = _named(manifest, "camera") or _by_name(free, 3, ("pred_cam", "camera", "cam", "pred_camera"), "cam")
    betas = _named(manifest, "betas") or _by_name(free, 10, ("betas", "pred_betas", "shape"), "beta")
    _require_sizes(shapes, {"camera": (camera, 3), "betas": (betas, 10), "pelvis": (_named(manifest, "pelvis"), 3)})
    if camera is None and manifest.camera == "weak_perspective":
        raise BadInputError(
            f"A weak-perspective camera [B,3] is expected among the network's outputs, but they are {_listed(shapes)}. "
            'Name it in the manifest ("outputs": {"camera": ...}), or set "camera": "keypoints" to do without.'
        )
    if betas is None and manifest.body_model == "understudy-cc0":
        raise BadInputError(f"The shape [B,10] is expected among the outputs, but they are {_listed(shapes)}.")
    return Roles(rotations, betas, camera, _named(manifest, "pelvis"))


def _rotations(shapes: Shapes, manifest: Manifest) -> tuple[tuple[str, ...], bool]:
    if "rotations" in manifest.outputs:
        return _named_rotations(shapes, manifest.outputs["rotations"])
    whole = [name for name, shape in shapes.items() if shape in _WHOLE]
    # Some networks give the same rotations in two forms; matrices leave the least open.
    best = max((_WHOLE[shapes[name]] for name in whole), default=0)
    whole = [name for name in whole if _WHOLE[shapes[name]] == best]
    if len(whole) == 1:
        return (whole[0],), False
    bodies = [name for name, shape in shapes.items() if shape in _BODY]
    if not whole and len(bodies) == 1:
        per_joint = _BODY[shapes[bodies[0]]]
        roots = [n for n, shape in shapes.items() if _is_root(n, shape, per_joint)]
        if len(roots) == 1:
            return (roots[0], bodies[0]), False
    theta = [name for name, shape in shapes.items() if shape in _THETA]
    if not whole and not bodies and len(theta) == 1:
        return (theta[0],), True
    if len(whole) > 1 or len(bodies) > 1 or len(theta) > 1:
        raise BadInputError(
            f"Several outputs could be the rotations: {_listed(shapes)}. Name the right one in the manifest "
            '("outputs": {"rotations": ...}).'
        )
    raise BadInputError(f"A mesh-recovery network should give {WANTED}, but this one gives {_what_came(shapes)}.")


def _is_root(name: str, shape: tuple[int, ...], per_joint: int) -> bool:
    if shape not in ((1, 3, 3), (3, 3), (1, per_joint), (per_joint,)) or int(np.prod(shape)) != per_joint:
        return False
    # [B,3] is also the camera's shape: an axis-angle root has to be called one.
    return per_joint != 3 or shape == (1, 3) or any(word in name.lower() for word in ("orient", "root", "global"))


def _named_rotations(shapes: Shapes, names: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
    sizes = [int(np.prod(shapes[name])) for name in names]
    if len(names) == 1 and shapes[names[0]] in _THETA:
        return names, True
    if (len(names) == 1 and sizes[0] in (216, 144, 72)) or (len(names) == 2 and sizes[1] == 23 * sizes[0]):
        return names, False
    came = " and ".join(f"{name} {_shape(shapes[name])}" for name in names)
    raise BadInputError(f"The outputs that the manifest names should be {WANTED}, but are {came}.")


def _named(manifest: Manifest, role: str) -> str | None:
    return manifest.outputs[role][0] if role in manifest.outputs else None


def _by_name(shapes: Shapes, size: int, exact: tuple[str, ...], part: str) -> str | None:
    """The output of `size` numbers: the only one, or the one whose name says so; None where that is open."""
    fitting = [name for name, shape in shapes.items() if shape in ((size,), (1, size))]
    if len(fitting) == 1:
        return fitting[0]
    by_exact = [name for name in exact if name in fitting]
    by_part = [name for name in fitting if part in name.lower()]
    return by_exact[0] if by_exact else by_part[0] if len(by_part) == 1 else None


def _require_sizes(shapes: Shapes, wanted: dict[str, tuple[str | None, int]]) -> None:
    for role, (name, size) in wanted.items():
        if name is not None and int(np.prod(shapes[name])) != size:
            raise BadInputError(f"The output for {role} should be [B,{size}], but {name} is {_shape(shapes[name])}.")


def check_values(outputs: dict[str, Array], roles: Roles) -> None:
    """`BadInputError` where the numbers cannot be an answer: not finite, or matrices that are no rotations."""
    names = [*roles.rotations, roles.betas, roles.camera, roles.pelvis]
    for name in (name for name in names if name is not None):
        bad = int((~np.isfinite(outputs[name])).sum())
        if bad:
            raise BadInputError(
                f"The network's output {name} should be finite numbers, but {bad} of {outputs[name].size} are not. "
                "Weights in half precision may overflow; export the network in float32."
            )
    matrices = [outputs[name] for name in roles.rotations if outputs[name][0].size % 9 == 0 and not roles.theta]
    for each in matrices:
        if each[0].size in (9, 207, 216) and (off := far_from_rotations(each.reshape(-1, 3, 3))) > 0.05:
            raise BadInputError(
                f"The network's rotations should be orthonormal matrices, but M M^T differs from 1 by {off:.2g}. Is "
                "the right output named in the manifest?"
            )


def _what_came(shapes: Shapes) -> str:
    flat = [name for name, shape in shapes.items() if len(shape) == 1 and shape[0] >= 256]
    if len(shapes) == 1 and flat:
        return (
            f"only features ({_listed(shapes)}): a feature extractor, the first half of an HMR network. Export the "
            "whole network, regressor included"
        )
    return _listed(shapes) or "nothing of the kind"


def _listed(shapes: Shapes) -> str:
    return ", ".join(f"{name} {_shape(shape)}" for name, shape in shapes.items())


def _shape(shape: tuple[int, ...]) -> str:
    return "[" + ",".join(["B", *map(str, shape)]) + "]"
