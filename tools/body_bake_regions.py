"""A plain, clothed look: which part of the outfit each vertex of the mean body belongs to."""

import numpy as np

REGION_NAMES = ("skin", "hair", "shirt", "trousers", "shoes", "eye", "iris")


def regions(template: np.ndarray, joints: np.ndarray, names: tuple[str, ...], dominant: np.ndarray, eyes) -> np.ndarray:
    """Region of every vertex [V] uint8 (indices into REGION_NAMES).

    `template` [V,3] m and `joints` [24,3] m are the mean body's T-pose, `dominant` [V] the joint with the largest
    skinning weight, `eyes` two index arrays (left, right eyeball).
    """
    at = {name: joints[i] for i, name in enumerate(names)}
    part = np.array([name.removeprefix("left_").removeprefix("right_") for name in names])[dominant]
    x, y, z = np.abs(template[:, 0]), template[:, 1], template[:, 2]
    label = np.zeros(len(template), np.uint8)

    def paint(region: str, where: np.ndarray) -> None:
        label[where] = REGION_NAMES.index(region)

    waist = 0.8 * at["spine1"][1] + 0.2 * at["pelvis"][1]
    trunk = np.isin(part, ("pelvis", "spine1", "spine2", "spine3", "collar", "neck", "hip"))
    sleeve = at["left_shoulder"][0] + 0.62 * (at["left_elbow"][0] - at["left_shoulder"][0])
    # A round neckline: a ring around the root of the neck, lower in front.
    neck = at["neck"] + np.array([0.0, -0.012, 0.0])
    collar_height = neck[1] - 0.35 * (z - neck[2])
    paint("shirt", trunk & (y > waist) & (y < collar_height))
    paint("shirt", np.isin(part, ("collar", "shoulder")) & (x < sleeve) & (y < collar_height + 0.05))
    cuff = at["left_ankle"][1] + 0.035
    paint("trousers", np.isin(part, ("pelvis", "hip", "knee", "spine1")) & (y <= waist) & (y > cuff))
    paint("shoes", np.isin(part, ("ankle", "foot", "knee")) & (y <= cuff))
    _paint_head(paint, template, part, at, eyes)
    return label


def _paint_head(paint, template: np.ndarray, part: np.ndarray, at: dict[str, np.ndarray], eyes) -> None:
    x, y, z = np.abs(template[:, 0]), template[:, 1], template[:, 2]
    centre = template[eyes[0]].mean(axis=0)
    head = np.isin(part, ("head", "neck"))
    crown = y[head].max()
    forehead = centre[1] + 0.62 * (crown - centre[1])
    # The hairline falls from the forehead to the ears and on to the nape.
    front = z[head & (y > centre[1])].max()
    back = z[head & (y > centre[1])].min()
    along = np.clip((front - z) / (front - back), 0, 1)
    eyes_at = centre[1]
    line = ((0.0, forehead), (0.3, forehead - 0.012), (0.46, eyes_at + 0.008), (0.56, eyes_at + 0.012),
            (0.72, eyes_at - 0.065), (1.0, eyes_at - 0.085))  # fmt: skip
    hairline = np.interp(along, *zip(*line, strict=True))
    ear = (x > 0.93 * x[head].max()) & (along > 0.4) & (along < 0.72) & (y < centre[1] + 0.035)
    paint("hair", head & (y > hairline) & ~ear)
    for ball in eyes:
        paint("eye", ball)
        middle, radius = template[ball].mean(axis=0), np.ptp(template[ball][:, 1]) / 2
        sideways = np.linalg.norm((template[ball] - middle)[:, :2], axis=1)
        paint("iris", ball[(sideways < 0.45 * radius) & (template[ball][:, 2] > middle[2])])
