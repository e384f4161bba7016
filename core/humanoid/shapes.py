"""What the humanoid's bodies are made of: their solids and moments of inertia.

Sizes are those of `humanoid/humanoid.urdf` in pybullet_data at scale 0.25. The moments of inertia are those that Bullet
computes from the shapes (PyBullet's DeepMimic environment ignores the file's own): a sphere's and a box's exactly; of a
capsule those of the box around it, a millimetre wider on every side.
"""

from dataclasses import dataclass

import numpy as np

from core.humanoid.bodies import BODY_NAMES
from core.humanoid.character import FOOT_HALF_SIZE, MASSES

Array = np.ndarray

SPHERE, CAPSULE, BOX = "sphere", "capsule", "box"


@dataclass(frozen=True)
class Solid:
    """A body's shape about its centre of mass, in its own axes; capsules lie along y.

    `kind` sphere, capsule or box; `radius` m; `length` m between the centres of a capsule's two ends;
    `half_size` m of a box.
    """

    kind: str
    radius: float = 0.0
    length: float = 0.0
    half_size: tuple[float, float, float] = (0.0, 0.0, 0.0)


_SOLIDS = {
    "root": Solid(SPHERE, 0.09),
    "chest": Solid(SPHERE, 0.11),
    "neck": Solid(SPHERE, 0.1025),
    "hip": Solid(CAPSULE, 0.055, 0.3),
    "knee": Solid(CAPSULE, 0.05, 0.31),
    "ankle": Solid(BOX, half_size=(float(FOOT_HALF_SIZE[0]), float(FOOT_HALF_SIZE[1]), float(FOOT_HALF_SIZE[2]))),
    "shoulder": Solid(CAPSULE, 0.045, 0.18),
    "elbow": Solid(CAPSULE, 0.04, 0.135),
    "wrist": Solid(SPHERE, 0.04),
}

SOLIDS = tuple(_SOLIDS[name.split("_")[-1]] for name in BODY_NAMES)
"""The 15 solids."""

_CAPSULE_MARGIN = 0.001


def _inertia(solid: Solid, mass: float) -> Array:
    if solid.kind == SPHERE:
        return np.full(3, 0.4 * mass * solid.radius**2)
    if solid.kind == BOX:
        edges = 2 * np.array(solid.half_size)
    else:
        wide, long = solid.radius + _CAPSULE_MARGIN, solid.length / 2 + solid.radius + _CAPSULE_MARGIN
        edges = 2 * np.array([wide, long, wide])
    return mass / 12 * ((edges**2).sum() - edges**2)


INERTIAS = np.stack([_inertia(s, m) for s, m in zip(SOLIDS, MASSES, strict=True)])
"""[15,3] kg m^2: principal moments of inertia about the centre of mass, along each body's own axes."""


def lowest_points(positions: Array, rotations: Array) -> Array:
    """[...,15] m: the height of each solid's lowest point, of bodies at `positions` [...,15,3] m (centres of mass) and
    `rotations` [...,15,4] wxyz."""
    w, x, y, z = (rotations[..., i] for i in range(4))
    # The second row of the rotation matrix: the height that a step along each of the body's own axes gains.
    rows = np.abs(np.stack([2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)], axis=-1))
    return positions[..., 1] - (rows * _HALF_SIZES).sum(axis=-1) - _RADII


_RADII = np.array([s.radius for s in SOLIDS])
_HALF_SIZES = np.array([(0, s.length / 2, 0) if s.kind != BOX else s.half_size for s in SOLIDS], float)
