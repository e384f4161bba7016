"""A plain, clothed look: how much of each vertex of the mean body belongs to which part of the outfit.

Borders are ramps about as wide as a triangle rather than steps, so that a renderer which interpolates colours between
vertices draws them along the intended curve instead of along the edges of triangles.
"""

import numpy as np

REGION_NAMES = ("skin", "hair", "shirt", "trousers", "eye", "iris")


def region_weights(template: np.ndarray, joints: dict[str, np.ndarray], eyes, head: np.ndarray) -> np.ndarray:
    """Shares of the regions at every vertex [V,6], rows summing to one.

    `template` [V,3] m is the mean body's T-pose and `joints` its 24 joints by name; `eyes` are two index arrays (left,
    right eyeball), `head` [V] bool what the head and neck carry.
    """
    x, y, z = np.abs(template[:, 0]), template[:, 1], template[:, 2]
    shares = np.zeros((len(template), len(REGION_NAMES)))
    shares[:, 0] = 1.0

    def paint(region: str, inside: np.ndarray, ramp: float, strength: float = 1.0) -> None:
        """Lay `region` over what is there; `inside` [V] m is the distance from its border, positive within."""
        cover = strength * np.clip(0.5 + inside / ramp, 0.0, 1.0)[:, None]
        shares[:] = (1 - cover) * shares + cover * (np.array(REGION_NAMES) == region)

    waist = 0.8 * joints["spine1"][1] + 0.2 * joints["pelvis"][1]
    sleeve = joints["left_shoulder"][0] + 0.62 * (joints["left_elbow"] - joints["left_shoulder"])[0]
    # A round neckline: lower in front, rising again towards the shoulders.
    neck = joints["neck"]
    neckline = neck[1] - 0.012 - 0.3 * (z - neck[2]) + 0.4 * np.maximum(x - 0.06, 0.0)
    cuff = joints["left_ankle"][1] + 0.03
    # The trousers reach a little under the shirt, or skin would shine through the ramp between them.
    paint("trousers", np.minimum(y - cuff, waist + 0.05 - y), ramp=0.02)
    paint("shirt", np.minimum.reduce([y - waist, neckline - y, sleeve - x]), ramp=0.02)
    _paint_head(paint, template, eyes, head)
    for ball in eyes:
        _paint_eye(shares, template, ball)
    return shares


def _paint_head(paint, template: np.ndarray, eyes, head: np.ndarray) -> None:
    x, y, z = np.abs(template[:, 0]), template[:, 1], template[:, 2]
    eye = template[eyes[0]].mean(axis=0)
    crown = y.max()
    skull = head & (y > eye[1])
    front, back = z[skull].max(), z[skull].min()
    along = np.clip((front - z) / (front - back), 0, 1)
    # The hairline falls from the forehead to the ears and on to the nape: (share of the way back, height).
    forehead = eye[1] + 0.64 * (crown - eye[1])
    line = ((0.0, forehead), (0.25, forehead - 0.01), (0.47, eye[1]), (0.57, eye[1]),
            (0.75, eye[1] - 0.07), (1.0, eye[1] - 0.085))  # fmt: skip
    heights = np.array([height for _, height in line])
    places = np.array([place for place, _ in line])
    steepness = np.gradient(np.interp(np.linspace(0, 1, 101), places, heights), 0.01 * (front - back))
    slope = np.interp(along, np.linspace(0, 1, 101), steepness)
    above = (y - np.interp(along, places, heights)) / np.hypot(1.0, slope)
    widest = x[head].max()
    ear = (x > 0.925 * widest) & (along > 0.4) & (along < 0.75) & (y < eye[1] + 0.035)
    paint("hair", np.where(head & ~ear, above, -1.0), ramp=0.014)
    # Eyebrows: a capsule over each eye.
    start, end = np.array([0.45 * eye[0], eye[1] + 0.021]), np.array([1.65 * eye[0], eye[1] + 0.023])
    t = np.clip(((x - start[0]) * (end - start)[0]) / (end - start)[0] ** 2, 0, 1)
    away = np.hypot(
        x - (start[0] + t * (end - start)[0]), y - (start[1] + t * (end - start)[1] + 0.003 * np.sin(np.pi * t))
    )
    face = head & (z > eye[2])
    paint("hair", np.where(face, 0.0035 - away, -1.0), ramp=0.006, strength=0.7)


def _paint_eye(shares: np.ndarray, template: np.ndarray, ball: np.ndarray) -> None:
    middle, radius = template[ball].mean(axis=0), np.ptp(template[ball][:, 1]) / 2
    sideways = np.linalg.norm((template[ball] - middle)[:, :2], axis=1)
    iris = (sideways < 0.44 * radius) & (template[ball][:, 2] > middle[2])
    shares[ball] = np.array(REGION_NAMES) == "eye"
    shares[ball[iris]] = np.array(REGION_NAMES) == "iris"
