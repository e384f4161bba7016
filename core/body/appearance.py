"""How the body looks: the colours of its plain outfit and smooth normals."""

import numpy as np

from core.body.model import Body

Array = np.ndarray

OUTFIT = {
    "skin": (0.80, 0.60, 0.48),
    "hair": (0.20, 0.14, 0.11),
    "shirt": (0.36, 0.50, 0.62),
    "trousers": (0.20, 0.23, 0.30),
    "eye": (0.92, 0.92, 0.90),
    "iris": (0.20, 0.15, 0.12),
}
"""sRGB colours in [0, 1] of the body's regions; regions that are not named here are grey."""


def vertex_colours(body: Body, dye: tuple[float, float, float] | None = None) -> Array:
    """[V,3] sRGB in [0, 1]: the outfit's colours, blended where regions blend (in linear light).

    `dye` (sRGB) colours the clothes, the trousers in a darker shade, so that two motions on one body can be told apart.
    """
    outfit = OUTFIT if dye is None else OUTFIT | {"shirt": dye, "trousers": tuple(0.45 * c for c in dye)}
    palette = np.array([outfit.get(name, (0.6, 0.6, 0.6)) for name in body.region_names])
    return srgb_from_linear(body.region_weights @ linear_from_srgb(palette))


def linear_from_srgb(colour: Array) -> Array:
    """sRGB's transfer function (IEC 61966-2-1) undone, on values in [0, 1]."""
    colour = np.asarray(colour, float)
    return np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)


def srgb_from_linear(light: Array) -> Array:
    """sRGB's transfer function (IEC 61966-2-1), on values in [0, 1]."""
    light = np.asarray(light, float)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 0.0) ** (1 / 2.4) - 0.055)


def vertex_normals(vertices: Array, faces: Array) -> Array:
    """[V,3] unit normals, each the mean of its triangles' normals weighted by their area."""
    a, b, c = (vertices[faces[:, corner].astype(np.int64)] for corner in range(3))
    crosses = np.cross(b - a, c - a)  # twice the area long
    sums = np.stack(
        [np.bincount(faces.ravel(), np.repeat(crosses[:, axis], 3), minlength=len(vertices)) for axis in range(3)],
        axis=1,
    )
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    up = np.array([0.0, 1.0, 0.0])  # a vertex without area still needs a normal of length one
    return np.where(lengths > 1e-12, sums / np.maximum(lengths, 1e-12), up)
