"""From the sums of all terms to one Gauss-Newton step: a banded system bordered by the shape.

Frames are tied to the next one and, only within a segment or the path, to the one after: with n unknowns a frame the
matrix has the bandwidth 2n. The shape touches all frames; it is eliminated by its Schur complement. Time and memory
grow with T alone.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, solveh_banded

from core.reconstruction.segments import UNKNOWNS, K, arms
from core.reconstruction.sums import Sums

Array = np.ndarray

N = UNKNOWNS
_TURNS, _PLACE, _SHAPE = slice(0, 3 * K), slice(3 * K, N), slice(N, None)


@dataclass(frozen=True)
class NormalEquations:
    """H step = -g: blocks `own` [T,63,63], `following` [T-1,63,63] (rows t, columns t+1), diagonals `after` [T-2,63];
    border `shape` [T,63,10] and corner [10,10]; gradients `g` [T,63] and `shape_g` [10]."""

    own: Array
    following: Array
    after: Array
    shape: Array
    corner: Array
    g: Array
    shape_g: Array


def normal_equations(sums: Sums, basis: Array) -> NormalEquations:
    """Assemble from curved `sums`; `basis` [10,57,20,3] is the levers' change with each beta."""
    T, B = len(sums.state.pelvis), len(basis)
    touched = (sums.placed_h + sums.relative_h).any(axis=(0, 2, 3))
    for row, _ in sums.rows:
        touched = touched | row.any(axis=(0, 2))
    used = np.flatnonzero(touched)
    J = _jacobian(sums, basis, used)
    placed = sums.placed_h[:, used]
    wide = np.zeros((T, N + B, N + B))
    both = (placed + sums.relative_h[:, used]) @ J.reshape(T, len(used), 3, N + B)
    wide += np.swapaxes(J, -1, -2) @ both.reshape(T, -1, N + B)
    # The columns of the pelvis so far are zero: only placed points move along with it.
    by_place = placed.transpose(0, 2, 1, 3).reshape(T, 3, -1) @ J
    wide[:, _PLACE] += by_place
    wide[:, :, _PLACE] += np.swapaxes(by_place, -1, -2)
    wide[:, _PLACE, _PLACE] += placed.sum(axis=1)

    for row, influence in sums.rows:
        by_all = (row[:, used].reshape(T, 1, -1) @ J)[:, 0]
        wide += (influence[:, None] * by_all)[:, :, None] * by_all[:, None, :]

    following = np.zeros((T - 1, N, N))
    for points, is_placed, weights in sums.steps:
        _add_steps(wide, following, J, np.searchsorted(used, points), is_placed, weights)
    corner = wide[:, _SHAPE, _SHAPE].sum(axis=0) + np.diag(sums.betas_h)
    own = np.ascontiguousarray(wide[:, :N, :N])
    _add_direct(sums, own, following)
    after = np.concatenate([np.repeat(sums.turn_after, 3, axis=1), sums.pelvis_after], axis=1)[: max(T - 2, 0)]
    g, shape_g = sums.gradients(basis)
    return NormalEquations(own, following, after, np.ascontiguousarray(wide[:, :N, _SHAPE]), corner, g, shape_g)


def _jacobian(sums: Sums, basis: Array, used: Array) -> Array:
    """[T,P*3,63+10] of the used points relative to the pelvis: the pelvis' columns are zero."""
    T, P, B = len(sums.state.pelvis), len(used), len(basis)
    J = np.zeros((T, P, 3, N + B))
    x, y, z = np.moveaxis(arms(sums.levers[used], sums.state.rotations), -1, 0)  # each [T,P,20]
    turns = J[..., _TURNS].reshape(T, P, 3, K, 3)  # -[arm]x; a view, as the last axis alone is split
    turns[:, :, 0, :, 1], turns[:, :, 0, :, 2] = z, -y
    turns[:, :, 1, :, 0], turns[:, :, 1, :, 2] = -z, x
    turns[:, :, 2, :, 0], turns[:, :, 2, :, 1] = y, -x
    wide = sums.state.rotations.transpose(0, 2, 1, 3).reshape(T * 3, -1)
    by_shape = wide @ basis[:, used].reshape(B * P, 3 * K).T
    J[..., _SHAPE] = by_shape.reshape(T, 3, B, P).transpose(0, 3, 1, 2)
    return J.reshape(T, P * 3, N + B)


def _add_steps(wide: Array, following: Array, J: Array, rows: Array, placed: bool, weights: Array) -> None:
    """What ties neighbouring frames by the steps of points; what it adds to frames themselves is in `wide` already."""
    T = len(wide)
    of_points = J.reshape(T, -1, 3, J.shape[-1])[:, rows].copy()
    if placed:
        of_points[..., _PLACE] = np.eye(3)
    left = (weights[..., None, None] * of_points[:-1]).reshape(T - 1, -1, J.shape[-1])
    cross = -np.swapaxes(left, -1, -2) @ of_points[1:].reshape(T - 1, -1, J.shape[-1])
    following += cross[:, :N, :N]
    wide[:-1, :N, _SHAPE] += cross[:, :N, _SHAPE]
    wide[1:, :N, _SHAPE] += np.swapaxes(cross[:, _SHAPE, :N], -1, -2)
    wide[:-1, _SHAPE, _SHAPE] += cross[:, _SHAPE, _SHAPE] + np.swapaxes(cross[:, _SHAPE, _SHAPE], -1, -2)


def _add_direct(sums: Sums, own: Array, following: Array) -> None:
    """Curvatures that terms gave by segment and pelvis."""
    for k in range(K):
        a = slice(3 * k, 3 * k + 3)
        own[:, a, a] += sums.turn_h[:, k]
        parent = sums.parents[k]
        if parent >= 0:
            b = slice(3 * parent, 3 * parent + 3)
            own[:, a, b] += sums.parent_h[:, k]
            own[:, b, a] += np.swapaxes(sums.parent_h[:, k], -1, -2)
    place = np.arange(3 * K, N)
    own[:, place, place] += sums.pelvis_h
    diagonal = np.arange(N)
    following[:, diagonal, diagonal] += np.concatenate(
        [np.repeat(sums.turn_next, 3, axis=1), sums.pelvis_next], axis=1
    )[:-1]


def solve(equations: NormalEquations, damping: float) -> tuple[Array, Array] | None:
    """(step [T,63], shape step [10]) of the system whose diagonal was multiplied by 1 + `damping` (Marquardt 1963);
    None where it is not positive definite even so."""
    T = len(equations.own)
    bands = _lower_bands(equations)
    bands[0] = bands[0] * (1.0 + damping) + 1e-9
    right = np.concatenate([equations.g[..., None], equations.shape], axis=-1).reshape(T * N, -1)
    try:
        solved = solveh_banded(bands, right, lower=True, overwrite_ab=True, check_finite=False)
    except LinAlgError:
        return None
    border = equations.shape.reshape(T * N, -1)
    corner = equations.corner + damping * np.diag(np.diag(equations.corner))
    schur = corner - border.T @ solved[:, 1:]
    shape_step = -np.linalg.solve(schur, equations.shape_g - border.T @ solved[:, 0])
    step = -(solved[:, 0] + solved[:, 1:] @ shape_step)
    if not (np.isfinite(step).all() and np.isfinite(shape_step).all()):
        return None
    return step.reshape(T, N), shape_step


def _lower_bands(equations: NormalEquations) -> Array:
    """scipy's banded storage [2n+1, T*n], Fortran order: bands[d, c] is the element (row c + d, column c)."""
    T = len(equations.own)
    bands = np.zeros((T, N, 2 * N + 1))
    for column in range(N):
        bands[:, column, : N - column] = equations.own[:, column, column:]
        bands[:-1, column, N - column : 2 * N - column] = equations.following[:, column]
    bands[: len(equations.after), :, 2 * N] = equations.after
    return bands.reshape(T * N, 2 * N + 1).T
