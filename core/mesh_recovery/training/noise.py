"""What a keypoint network gets wrong, as a model: errors that last, that limbs share, and that lie in depth.

Fixed before anything was tuned with it; figures on synthetic data are measured under `NoiseModel()`. All functions
take stacks [B,T,...] of B sequences, so that training draws its windows as measuring draws its clips.
"""

from dataclasses import dataclass

import numpy as np

from core.keypoints.skeletons import SYMMETRIC_PAIRS

Array = np.ndarray


@dataclass(frozen=True)
class NoiseModel:
    """Errors of keypoints and world landmarks.

    On the held-out clips the raw world landmarks come out at about 83 mm after Procrustes (12 limb joints); BlazePose's
    measured 82 mm on calibrated footage.
    """

    world_m: float = 0.024
    """Deviation of one source of error of the world landmarks across the ray [m]; limbs add several."""
    depth_gain: float = 2.2
    """How much larger they are along the camera's z."""
    world_lasts_s: float = 0.5
    """Time constant of their drift (AR(1), Ornstein-Uhlenbeck) [s]."""
    world_constant: float = 0.35
    """Share of their variance that is the same through the sequence."""
    world_jitter_m: float = 0.008
    """White noise on top [m]."""
    depth_shrinks: tuple[float, float] = (0.75, 1.05)
    """The range of the factor, one a sequence, by which all depths are flattened."""
    pixels: float = 2.5 / 300
    """Deviation of keypoints, as a part of the standing person's height in the picture."""
    pixels_last_s: float = 0.1
    """Time constant of the keypoints' errors [s]."""
    outliers: float = 0.03
    """Share of landmarks that are somewhere else although visible, in picture and space alike."""
    outlier_size: float = 0.15
    """How far off these are, as a part of the person's height."""
    outlier_s: float = 0.06
    """Mean time for which a landmark stays there [s]."""
    drops: float = 0.05
    """Share of landmarks that are not seen: visibility under 0.1, place vague."""
    drop_size: float = 0.08
    """How vague, as a part of the person's height."""
    drop_s: float = 0.15
    """Mean time for which a landmark stays unseen [s]."""
    swaps: float = 0.01
    """Share of time in which left and right are swapped, for the arms, the legs and all limbs each."""
    swap_s: float = 0.2
    """Mean length of a burst of swaps [s]."""


PERSON_M = 1.7
"""Height to which parts of a person's height refer [m]."""

_HEAD = tuple(range(11))
_ARMS = ((11, 13, 15, (17, 19, 21)), (12, 14, 16, (18, 20, 22)))
_LEGS = ((23, 25, 27, (29, 31)), (24, 26, 28, (30, 32)))
_SWAPPED = tuple(
    tuple(pair for pair in SYMMETRIC_PAIRS if pair[0] in parts)
    for parts in (range(11, 23), range(23, 33), range(11, 33))
)


def _shared_errors() -> Array:
    """[33,S]: how S independent sources of error add up at the landmarks; down a limb they accumulate."""
    columns: list[Array] = []

    def source(gains: dict[int, float]) -> None:
        column = np.zeros(33)
        for landmark, gain in gains.items():
            column[landmark] = gain
        columns.append(column)

    source(dict.fromkeys([*_HEAD, *range(11, 23)], 0.8))  # all above the hips leans together
    source(dict.fromkeys(_HEAD, 0.8))
    source({23: 0.3, 24: -0.3})  # hips turn about their middle, which is the origin
    for limbs, root in ((_ARMS, 0.5), (_LEGS, 0.15)):
        for a, b, c, tips in limbs:
            source(dict.fromkeys([a, b, c, *tips], root))
            source(dict.fromkeys([b, c, *tips], 1.0))
            source(dict.fromkeys([c, *tips], 1.0))
            source(dict.fromkeys(tips, 0.4))
    for landmark in range(33):
        source({landmark: 0.15})
    return np.stack(columns, axis=1)


SHARED_ERRORS = _shared_errors().astype(np.float32)


def drift(
    rng: np.random.Generator, shape: tuple[int, ...], step_s: float, lasts_s: float, gaps: Array | None = None
) -> Array:
    """Unit-variance AR(1) noise of `shape` [B,T,...], started in its stationary state.

    From frame t to the next are `gaps[t]` steps of `step_s`, one if None.
    """
    keeps = float(np.exp(-step_s / lasts_s)) if lasts_s > 0 else 0.0
    noise = rng.standard_normal(shape, dtype=np.float32)
    for t, gap in enumerate(_gaps(shape[1], gaps), start=1):
        kept = keeps**gap
        noise[:, t] *= np.float32(np.sqrt(1 - kept**2))
        noise[:, t] += np.float32(kept) * noise[:, t - 1]
    return noise


def spells(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    step_s: float,
    share: Array | float,
    last_s: float,
    gaps: Array | None = None,
) -> Array:
    """Bool [B,T,...], true for `share` of the time (a number or broadcast to a frame's shape) in spells of mean length
    `last_s`: a two-state Markov chain in its stationary state; `gaps` as in `drift`."""
    share = np.broadcast_to(np.asarray(share, np.float32), (shape[0], *shape[2:]))
    ends = min(1.0, step_s / last_s) if last_s > 0 else 1.0
    begins = np.minimum(1.0, ends * share / np.maximum(1 - share, 1e-6))
    forgets = 1 - ends - begins
    draws = rng.random(shape, dtype=np.float32)
    state = np.empty(shape, bool)
    state[:, 0] = draws[:, 0] < share
    for t, gap in enumerate(_gaps(shape[1], gaps), start=1):
        changes = 1 - forgets**gap  # by then the chain has forgotten this much of where it was
        state[:, t] = np.where(state[:, t - 1], draws[:, t] >= (1 - share) * changes, draws[:, t] < share * changes)
    return state


def _gaps(count: int, gaps: Array | None) -> list[int]:
    return [1] * (count - 1) if gaps is None else [int(gap) for gap in gaps]


def corrupt(
    rng: np.random.Generator,
    noise: NoiseModel,
    world: Array,
    pixels: Array,
    person_px: Array,
    step_s: float,
    strength: Array | None = None,
    gaps: Array | None = None,
) -> tuple[Array, Array, Array]:
    """(world [B,T,33,3] m, pixels [B,T,33,2], visibility [B,T,33]) as a network would see what is true.

    `world` is hip-centred in the axes of a camera that looks at the hips, `person_px` [B,T] the height in pixels that
    the person would have standing, `step_s` the time between frames, `strength` [B] scales all sizes and shares,
    `gaps` [T-1] are the steps between frames where these are not one each.
    """
    B, T = world.shape[:2]
    world, pixels, person_px = (each.astype(np.float32) for each in (world, pixels, person_px))
    strength = (np.ones(B) if strength is None else strength).astype(np.float32)
    by_frame, by_point = strength[:, None, None], strength[:, None, None, None]
    world = world * np.concatenate([np.ones((B, 1, 1, 2), np.float32), _shrinks(rng, noise, strength)], axis=-1)
    world = world + by_point * _world_errors(rng, noise, (B, T), step_s, gaps)
    tall = person_px[..., None, None]
    pixels = pixels + by_point * tall * noise.pixels * drift(rng, (B, T, 33, 2), step_s, noise.pixels_last_s, gaps)

    outliers = spells(rng, (B, T, 33), step_s, noise.outliers * strength[:, None], noise.outlier_s, gaps)
    drops = spells(rng, (B, T, 33), step_s, noise.drops * strength[:, None], noise.drop_s, gaps)
    off = np.where(outliers, noise.outlier_size, np.where(drops, noise.drop_size * by_frame, 0)).astype(np.float32)
    moved = off[..., None] * drift(rng, (B, T, 33, 3), step_s, noise.outlier_s, gaps)
    world = world + PERSON_M * moved
    pixels = pixels + tall * moved[..., :2]
    sure = rng.random(drops.shape, dtype=np.float32)
    visibility = np.where(drops, 0.1 * sure, 0.6 + 0.4 * sure).astype(np.float32)

    world, pixels, visibility = _swapped(rng, noise, strength, step_s, gaps, world, pixels, visibility)
    return world - world[..., 23:25, :].mean(axis=-2, keepdims=True), pixels, visibility


def _shrinks(rng: np.random.Generator, noise: NoiseModel, strength: Array) -> Array:
    factor = rng.uniform(*noise.depth_shrinks, len(strength)).astype(np.float32)
    return (1 + strength * (factor - 1))[:, None, None, None]


def _world_errors(
    rng: np.random.Generator, noise: NoiseModel, shape: tuple[int, int], step_s: float, gaps: Array | None
) -> Array:
    B, T = shape
    S = SHARED_ERRORS.shape[1]
    lasting = np.float32(np.sqrt(noise.world_constant)) * rng.standard_normal((B, 1, S, 3), dtype=np.float32)
    errors = np.float32(np.sqrt(1 - noise.world_constant)) * drift(rng, (B, T, S, 3), step_s, noise.world_lasts_s, gaps)
    errors += lasting
    shared = np.float32(noise.world_m) * (SHARED_ERRORS @ errors) * np.array((1, 1, noise.depth_gain), np.float32)
    return shared + np.float32(noise.world_jitter_m) * rng.standard_normal((B, T, 33, 3), dtype=np.float32)


def _swapped(
    rng: np.random.Generator, noise: NoiseModel, strength: Array, step_s: float, gaps: Array | None, *seen: Array
) -> tuple[Array, ...]:
    """Exchange left and right of arms, legs or both during bursts, all they say at once."""
    bursts = spells(
        rng, (*seen[0].shape[:2], len(_SWAPPED)), step_s, noise.swaps * strength[:, None], noise.swap_s, gaps
    )
    for burst, pairs in zip(np.moveaxis(bursts, -1, 0), _SWAPPED, strict=True):
        order = np.arange(33)
        for left, right in pairs:
            order[[left, right]] = right, left
        for each in seen:
            each[burst] = each[burst][:, order]
    return seen
