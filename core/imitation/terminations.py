"""When an episode ends: a fall, too far from the reference, or time."""

import numpy as np

from core.humanoid.bodies import BODY_NAMES
from core.humanoid.character import FEET
from core.humanoid.kinematics import centre_of_mass
from core.humanoid.shapes import CAPSULE, SOLIDS
from core.imitation.reference import Kinematics, ReferenceTable
from core.physics.rotations import rotate

Array = np.ndarray

_MEANT_TO_TOUCH_M = 0.04
"""A body that the reference itself brings so near to the ground may touch it."""


def bodies_that_must_not_touch(clip: str) -> Array:
    """[15] bool: DeepMimic's fall contacts of a clip by name: all but the feet; for a crawl root, chest and neck; for
    getting up and rolling none."""
    if any(part in clip for part in ("getup", "roll")):
        return np.zeros(15, bool)
    if "crawl" in clip:
        return np.isin(BODY_NAMES, ("root", "chest", "neck"))
    return ~np.isin(np.arange(15), FEET)


def bodies_kept_off_the_ground(reference: ReferenceTable) -> Array:
    """[15] bool: the same for any motion: feet may touch, and so may what comes near to the ground in the reference."""
    lowest = _lowest_points(reference.table).min(axis=0)
    may = lowest < _MEANT_TO_TOUCH_M
    may[list(FEET)] = True
    return ~may


def _lowest_points(table: Kinematics) -> Array:
    """[T,15] m: the height of each body's lowest point (of a foot: of its centre)."""
    heights = table.positions[..., 1].copy()
    for b, solid in enumerate(SOLIDS):
        if solid.kind == CAPSULE:
            along = rotate(table.rotations[:, b], np.array([0.0, 0.5 * solid.length, 0.0]))
            heights[:, b] -= np.abs(along[:, 1])
        heights[:, b] -= solid.radius
    return heights


def fallen(contact_forces: Array, must_not_touch: Array) -> Array:
    """[n] bool: a body of `must_not_touch` [15] is pushed by the ground, by `contact_forces` [n,15,3] N."""
    return (contact_forces[:, must_not_touch] != 0).any(axis=(1, 2))


def deviated(now: Kinematics, reference: Kinematics, most_way_m: float = 0.6, most_pose_m: float = 0.25) -> Array:
    """[n] bool: the centre of mass is off by more than `most_way_m`, or the bodies, seen from it, on average by more
    than `most_pose_m`."""
    centre, wanted = centre_of_mass(now.positions), centre_of_mass(reference.positions)
    way = np.linalg.norm(centre - wanted, axis=-1)
    bodies = (now.positions - centre[:, None]) - (reference.positions - wanted[:, None])
    return (way > most_way_m) | (np.linalg.norm(bodies, axis=-1).mean(axis=-1) > most_pose_m)
