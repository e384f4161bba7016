"""What feet stand on above the ground: boxes, stairs, ledges, told by feet that rest in the air."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import median_filter

from core.reconstruction.contacts import sole_points, speeds
from core.reconstruction.smoothing import window

Array = np.ndarray


@dataclass(frozen=True)
class SupportSettings:
    """When a foot in the air is taken to stand on something."""

    lowest_m: float = 0.15
    """Nothing lower than this over the ground is a support: it is the ground, not quite flat."""

    rest_s: float = 0.2
    """A foot must rest for this long; at the top of a jump it is slow for half of it."""

    same_height_m: float = 0.12
    """Rests within this height of each other are on one support if they are also near each other."""

    near_m: float = 0.6
    """Rests with less than this between them may be on one support."""

    margin_m: float = 0.12
    """How far a support reaches beyond the places where heels and toes rested."""


@dataclass(frozen=True)
class Rest:
    """A contact point (`foot` 0-3) at rest over the frames `start` to `stop` (exclusive), `height` m up."""

    foot: int
    start: int
    stop: int
    height: float


def find_supports(
    landmarks: Array,
    times: Array,
    rays: Array,
    grounded: Array,
    height_m: float = 0.06,
    speed_m_s: float = 0.5,
    settings: SupportSettings | None = None,
) -> tuple[Array, Array, Array]:
    """(supports [S,6] m: min xyz, max xyz; contacts [T,4] bool on them; the height [T,4] m of what each is on).

    `landmarks` [T,33,3] m in the world, `rays` [T,3] from the camera, `grounded` [T,4] bool: contacts with the ground.
    A support is where a heel or toe rests slower than `speed_m_s` while nothing of the person rests lower: a foot held
    up beside a standing leg needs none. Supports are boxes from the ground up; what stands within `height_m` of a
    support's top, over it and slow, is in contact with it.
    """
    settings = settings or SupportSettings()
    points = sole_points(landmarks)
    if len(points) < 2:  # a picture cannot tell a step from a stair
        return np.zeros((0, 6)), np.zeros_like(grounded), np.zeros(grounded.shape)
    slow = speeds(points, times, rays) < speed_m_s
    slow = median_filter(slow.astype(np.uint8), size=(window(1 / 6, times), 1), mode="nearest").astype(bool)
    rests = _rests(points, slow & ~grounded, times, settings)
    groups = _groups(points, rests, settings)
    carried = [g for g in groups if _carries(g, rests, points, grounded, settings, times)]
    supports = np.array([_box(points, g, settings) for g in carried]).reshape(-1, 6)
    contacts, heights = np.zeros_like(grounded), np.zeros(grounded.shape)
    for low, high in zip(supports[:, :3], supports[:, 3:], strict=True):
        over = ((points >= low - 0.05) & (points <= high + 0.05))[..., [0, 2]].all(axis=-1)
        on = over & slow & ~grounded & (np.abs(points[..., 1] - high[1]) < height_m)
        contacts |= on
        heights[on] = high[1]
    return supports, contacts, heights


def _rests(points: Array, slow: Array, times: Array, settings: SupportSettings) -> list[Rest]:
    """Every spell of at least `rest_s` in which a contact point is slow above `lowest_m`."""
    step = (times[-1] - times[0]) / (len(times) - 1)
    found = []
    for foot in range(4):
        on = slow[:, foot] & (points[:, foot, 1] > settings.lowest_m)
        edges = np.flatnonzero(np.diff(np.pad(on.astype(int), 1)))
        for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            if (stop - start) * step >= settings.rest_s:
                found.append(Rest(foot, start, stop, float(np.median(points[start:stop, foot, 1]))))
    return found


def _groups(points: Array, rests: list[Rest], settings: SupportSettings) -> list[list[Rest]]:
    """Rests at one height and place, the longest first."""
    groups: list[list[Rest]] = []
    for rest in sorted(rests, key=lambda r: r.start - r.stop):
        place = np.median(points[rest.start : rest.stop, rest.foot], axis=0)
        for group in groups:
            low, high = _extent(points, group)
            gap = np.maximum(np.maximum(low - place, place - high), 0.0)[[0, 2]]
            if abs(rest.height - group[0].height) < settings.same_height_m and np.hypot(*gap) < settings.near_m:
                group.append(rest)
                break
        else:
            groups.append([rest])
    return groups


def _carries(
    group: list[Rest], rests: list[Rest], points: Array, grounded: Array, settings: SupportSettings, times: Array
) -> bool:
    """Whether for half of `rest_s` nothing else that is lower carries the person."""
    free = np.logical_not(grounded.any(axis=1))
    for other in rests:
        if other.height < group[0].height - settings.same_height_m:
            free[other.start : other.stop] = False
    resting = np.zeros(len(free), bool)
    for rest in group:
        resting[rest.start : rest.stop] = True
    step = (times[-1] - times[0]) / (len(times) - 1)
    return (resting & free).sum() * step >= settings.rest_s / 2


def _extent(points: Array, group: list[Rest]) -> tuple[Array, Array]:
    together = np.concatenate([points[r.start : r.stop, r.foot] for r in group])
    return np.quantile(together, 0.05, axis=0), np.quantile(together, 0.95, axis=0)


def _box(points: Array, group: list[Rest], settings: SupportSettings) -> Array:
    low, high = _extent(points, group)
    top = np.median(np.concatenate([points[r.start : r.stop, r.foot, 1] for r in group]))
    low, high = low - settings.margin_m, high + settings.margin_m
    return np.array([low[0], 0.0, low[2], high[0], top, high[2]])
