"""What is compared: the twelve limb joints over time, from whatever file."""

from dataclasses import dataclass

import numpy as np

from core.errors import BadInputError
from core.evaluation.joint_names import rows_of_limbs
from core.metrics.limb_joints import LIMB_JOINTS

Array = np.ndarray


@dataclass(frozen=True)
class Poses:
    """The limb joints of one person.

    `joints` [T, 12, 3] in the order of `LIMB_JOINTS`, NaN where unknown; in metres where `metric`, else in a unit that
    nobody told. Axes are right-handed and else arbitrary. `times` [T] s, increasing; None where frames have no times.
    `name` is short ("motion"), `title` is for people.
    """

    name: str
    title: str
    joints: Array
    times: Array | None
    metric: bool = True

    def __len__(self) -> int:
        return len(self.joints)

    @property
    def known(self) -> Array:
        """[T, 12] bool: the joints that are known."""
        return np.isfinite(self.joints).all(axis=-1)


def poses_from(
    title: str, points: Array, names: list[str], times: Array | None, unit_m: float | None, name: str = "joints"
) -> Poses:
    """Poses from points [T, J, 3] with J `names` in any skeleton; `unit_m` metres is one unit, None where unknown.

    Infinite numbers count as unknown. `BadInputError` where none of the limb joints is among the names, or the times do
    not increase.
    """
    rows = rows_of_limbs(names, title)
    joints = np.full((len(points), len(LIMB_JOINTS), 3), np.nan)
    for limb, row in rows.items():
        joints[:, limb] = points[:, row]
    joints[~np.isfinite(joints).all(axis=-1)] = np.nan
    if times is not None:
        given = np.asarray(times)
        times = given.astype(float) if given.dtype.kind in "fiu" else np.full(given.shape, np.nan)
        if times.shape != (len(points),) or not np.isfinite(times).all() or (np.diff(times) <= 0).any():
            raise BadInputError(f"{title} should have increasing times, one for each of its {len(points)} frames.")
    return Poses(name, title, joints * (unit_m or 1.0), times, unit_m is not None)
