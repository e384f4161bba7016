"""A reference that nobody could stand up in is brought into balance: body and footsteps are shifted sideways.

Where only the feet touch the ground, the zero-moment point p = c - c_y / (g + c_y'') c'' (Vukobratovic & Borovac 2004;
c the centre of mass, p and c horizontal) has to lie within the feet. A motion read from one camera has its centre of
mass and its feet right in the picture, but not in depth: people seen from the side lean towards the camera all the way.
The smallest shifts d(t) of the body and f of each footstep that put p into the feet are found by linear least squares,
repeated, since the nearest point of the feet depends on p.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy.ndimage import gaussian_filter1d, label
from scipy.sparse import csr_matrix, diags, hstack, vstack
from scipy.sparse.linalg import spsolve

from core.control.footing import FootingSettings, standing_feet
from core.humanoid.character import FEET, PARENTS
from core.humanoid.kinematics import centre_of_mass, foot_corners, forward_kinematics
from core.humanoid.legs import feet_moved
from core.humanoid.shapes import lowest_points
from core.motion import HumanoidMotion

Array = np.ndarray

_HORIZONTAL = [0, 2]
_GRAVITY = 9.8
_LEGS = [*FEET, *(PARENTS[foot] for foot in FEET)]
"""Feet and shins, whose ends are always near the ground."""


@dataclass(frozen=True)
class BalanceSettings:
    """How a reference is balanced.

    Weights of squares of metres: `body` and `feet` of their shifts, `point` of how far the zero-moment point is outside
    the feet, `bend` (times s^4) of the body's shift's acceleration. `upright_m`: whose hips are lower is not on its
    feet. `footing`: which feet stand. `inside`: the share of a foot's length and width that counts. `smooth_s`:
    standard deviation of the filter on the centre of mass before its acceleration is taken. `least_m`: smaller shifts
    are not worth it and left. `most_m`: greater ones are cut to this. `rounds` of least squares.
    """

    body: float = 1.0
    feet: float = 1.0
    point: float = 20.0
    bend: float = 0.002
    upright_m: float = 0.55
    footing: FootingSettings = field(default_factory=FootingSettings)
    inside: float = 0.7
    smooth_s: float = 0.06
    least_m: float = 0.04
    most_m: float = 0.3
    rounds: int = 12


@dataclass(frozen=True)
class Stance:
    """What stands where: `centre` [T,2] m of mass (horizontal) and `lever` [T] s^2 (its height over the acceleration
    felt), `corners` [T,2,n,2] m of the feet's soles, `standing` [T,2] bool of left and right foot, `others` [T]
    bool: something else than feet touches the ground."""

    centre: Array
    lever: Array
    corners: Array
    standing: Array
    others: Array


def balanced(motion: HumanoidMotion, settings: BalanceSettings | None = None) -> tuple[HumanoidMotion, float]:
    """The motion in balance and the greatest shift [m] of body or feet; 0.0 and the motion itself where none is due."""
    settings = settings or BalanceSettings()
    if len(motion) < 4:
        return motion, 0.0
    stance = stance_of(motion, settings)
    body, feet = shifts(stance, 1.0 / motion.fps, settings)
    greatest = float(max(np.abs(body).max(), np.abs(feet).max()))
    if greatest < settings.least_m:
        return motion, 0.0
    body, feet = (np.clip(each, -settings.most_m, settings.most_m) for each in (body, feet))
    frames = motion.frames.copy()
    frames[:, _HORIZONTAL] += body
    moves = np.zeros((len(motion), 2, 3))
    moves[..., _HORIZONTAL] = feet - body[:, None]  # the legs hang on the body, which has moved already
    frames = feet_moved(frames, moves)
    return HumanoidMotion(motion.fps, motion.times, frames, motion.loop, motion.scale), min(greatest, settings.most_m)


def stance_of(motion: HumanoidMotion, settings: BalanceSettings) -> Stance:
    """What the balance of `motion` depends on."""
    poses = forward_kinematics(motion.frames)
    centre = gaussian_filter1d(centre_of_mass(poses.positions), settings.smooth_s * motion.fps, axis=0, mode="nearest")
    felt = np.clip(_GRAVITY + _second_difference(centre[:, 1]) * motion.fps**2, 0.5 * _GRAVITY, 2 * _GRAVITY)
    lows = lowest_points(poses.positions, poses.rotations)
    standing = standing_feet(motion.frames, motion.fps, settings.footing)
    others = np.any(np.delete(lows, _LEGS, axis=1) < settings.footing.contact_m, axis=1)
    others |= poses.joints[:, 0, 1] < settings.upright_m
    soles = foot_corners(poses)[..., _HORIZONTAL]
    middle = soles.mean(axis=2, keepdims=True)
    corners = middle + settings.inside * (soles - middle)
    return Stance(centre[:, _HORIZONTAL], centre[:, 1] / felt, corners, standing, others)


def shifts(stance: Stance, step_s: float, settings: BalanceSettings) -> tuple[Array, Array]:
    """Shifts of the body [T,2] m and of the feet [T,2,2] m (frame, left and right, horizontal), the smallest that
    balance; a foot's is the same as long as it stands."""
    T = len(stance.centre)
    spread, owners = _footsteps(stance.standing)  # [2T, S]: each frame's and foot's mix of footsteps
    steps = spread.shape[1]
    D = _differences(T) / step_s**2
    fall = diags(np.ones(T)) - diags(stance.lever) @ D  # body shift -> shift of the zero-moment point
    point = stance.centre - stance.lever[:, None] * (D @ stance.centre)
    held = stance.standing.any(axis=1) & ~stance.others
    weight = settings.point * held
    body, feet = np.zeros((T, 2)), np.zeros((T, 2, 2))
    durations = np.bincount(owners, minlength=steps)
    for _ in range(settings.rounds):
        target, share = _nearest(
            point + fall @ body, stance.corners + feet[:, :, None], stance.standing & held[:, None]
        )
        target = target - (share[..., None] * feet).sum(axis=1)  # where it is on feet that have not moved
        mix = diags(share[:, 0]) @ spread[:T] + diags(share[:, 1]) @ spread[T:]
        rows = vstack(
            [
                _beside(diags(np.sqrt(weight)) @ fall, -diags(np.sqrt(weight)) @ mix),
                _beside(np.sqrt(settings.body) * diags(np.ones(T)), csr_matrix((T, steps))),
                _beside(csr_matrix((steps, T)), diags(np.sqrt(settings.feet * durations))),
                _beside(np.sqrt(settings.bend) * D, csr_matrix((T, steps))),
            ]
        ).tocsc()
        wanted = np.concatenate([np.sqrt(weight)[:, None] * (target - point), np.zeros((2 * T + steps, 2))])
        found = spsolve((rows.T @ rows).tocsc(), rows.T @ wanted)
        body = found[:T]
        feet = np.stack([spread[:T] @ found[T:], spread[T:] @ found[T:]], axis=1)
    return body, feet


def _nearest(point: Array, corners: Array, standing: Array) -> tuple[Array, Array]:
    """[T,2] the point of the standing feet nearest to `point` [T,2], and [T,2] how much it hangs on either foot.

    Between two standing feet it is on the line between their own nearest points, as far along as is nearest.
    """
    own = np.stack([_into_box(point, corners[:, foot]) for foot in (0, 1)], axis=1)
    between = own[:, 1] - own[:, 0]
    along = ((point - own[:, 0]) * between).sum(axis=-1) / np.maximum((between**2).sum(axis=-1), 1e-9)
    right = np.where(standing.all(axis=1), np.clip(along, 0, 1), standing[:, 1].astype(float))
    right = np.where(standing.any(axis=1), right, 0.5)
    share = np.stack([1 - right, right], axis=1)
    return (share[..., None] * own).sum(axis=1), share


def _into_box(point: Array, corners: Array) -> Array:
    """[T,2]: the point of a sole's rectangle (the hull of `corners` [T,8,2]) nearest to `point`, along its own axes."""
    middle = corners.mean(axis=1)
    out = corners - middle[:, None]
    _, axes = np.linalg.eigh(np.einsum("tni,tnj->tij", out, out))
    inside = np.einsum("tij,tni->tnj", axes, out)
    half = np.abs(inside).max(axis=1)
    local = np.einsum("tij,ti->tj", axes, point - middle)
    return middle + np.einsum("tij,tj->ti", axes, np.clip(local, -half, half))


def _footsteps(standing: Array) -> tuple[csr_matrix, Array]:
    """[2T,S]: how much of each of S footsteps' shift each foot has at each frame (left first), and the footstep [n] of
    each standing frame. In the air a foot goes over from one footstep's shift to the next's."""
    T = len(standing)
    rows: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    owners: list[int] = []
    count = 0
    for foot in (0, 1):
        numbers, n = label(standing[:, foot])
        if n == 0:
            continue
        middles = np.flatnonzero(numbers)
        steps = numbers[middles] - 1
        owners += (count + steps).tolist()
        at = np.interp(np.arange(T), middles, steps)
        low = np.floor(at).astype(int)
        high = np.minimum(low + 1, n - 1)
        part = at - low
        part = part * part * (3 - 2 * part)
        frames = foot * T + np.arange(T)
        rows += [*frames, *frames]
        columns += [*(count + low), *(count + high)]
        values += [*(1 - part), *part]
        count += n
    return csr_matrix((values, (rows, columns)), shape=(2 * T, count)), np.array(owners, int)


def _differences(T: int) -> csr_matrix:
    """[T,T]: second differences; none at the ends."""
    inner = np.ones(T)
    inner[[0, -1]] = 0
    return (diags(inner) @ diags([1.0, -2.0, 1.0], [-1, 0, 1], shape=(T, T))).tocsr()


def _second_difference(values: Array) -> Array:
    return _differences(len(values)) @ values


def _beside(left: csr_matrix, right: csr_matrix) -> csr_matrix:
    return hstack([left, right])
