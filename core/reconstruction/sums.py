"""Where the terms of the objective put their gradients and curvatures, in the coordinates that are theirs."""

import numpy as np

from core.reconstruction.segments import LANDMARKS, K, State, cross_matrices, relative_points

Array = np.ndarray

POINTS = 57


class Sums:
    """Gradients and, if `curved`, Gauss-Newton curvatures of a sum of terms at one state.

    By point, *placed* (with the pelvis' place) or *relative* to the pelvis: `point_g` [T,57,3], `point_h` [T,57,3,3].
    By segment: `turn_g` [T,20,3], `turn_h` [T,20,3,3] of a segment, `parent_h` [T,20,3,3] between it and its parent,
    `turn_next` [T,20] and `turn_after` [T,20] (times the identity) with itself one and two frames later. The same by
    `pelvis` (diagonals, [T,3]) and by `betas`. `steps`: curvatures of differences between neighbouring frames, as
    (points, placed, weights [T-1,P]). `rows`: curvatures of one number a frame that hangs on many points relative to
    the pelvis, as (its derivatives by them [T,57,3], influence [T]).
    """

    def __init__(self, state: State, levers: Array, parents: Array, curved: bool) -> None:
        T = len(state.pelvis)
        self.state, self.levers, self.parents, self.curved = state, levers, parents, curved
        self.relative = relative_points(levers, state.rotations)
        self.placed = self.relative + state.pelvis[:, None]
        self.placed_g, self.relative_g = np.zeros((T, POINTS, 3)), np.zeros((T, POINTS, 3))
        self.turn_g, self.pelvis_g = np.zeros((T, K, 3)), np.zeros((T, 3))
        self.betas_g, self.betas_h = np.zeros(len(state.betas)), np.zeros(len(state.betas))
        self.steps: list[tuple[Array, bool, Array]] = []
        self.rows: list[tuple[Array, Array]] = []
        if curved:
            self.placed_h, self.relative_h = np.zeros((T, POINTS, 3, 3)), np.zeros((T, POINTS, 3, 3))
            self.turn_h, self.parent_h = np.zeros((T, K, 3, 3)), np.zeros((T, K, 3, 3))
            self.turn_next, self.turn_after = np.zeros((T, K)), np.zeros((T, K))
            self.pelvis_h, self.pelvis_next, self.pelvis_after = (np.zeros((T, 3)) for _ in range(3))

    @property
    def landmarks(self) -> Array:
        """[T,33,3] m, camera axes."""
        return self.placed[:, LANDMARKS]

    def gradients(self, basis: Array) -> tuple[Array, Array]:
        """(gradient [T,63] by turns and pelvis, gradient [10] by betas); `basis` [10,57,20,3] as in `Levers`."""
        T = len(self.state.pelvis)
        by_point = self.placed_g + self.relative_g
        # sum_p (R_k B_pk) x g_p needs only the 3x3 matrices R_k sum_p B_pk g_p'
        mixed = self.levers.reshape(POINTS, -1).T @ by_point
        mixed = self.state.rotations @ mixed.reshape(T, K, 3, 3)
        turns = np.stack([mixed[..., i, j] - mixed[..., j, i] for i, j in ((1, 2), (2, 0), (0, 1))], axis=-1)
        pelvis = self.pelvis_g + self.placed_g.sum(axis=1)
        wide = self.state.rotations.transpose(0, 2, 1, 3).reshape(T * 3, -1)
        back = wide.T @ by_point.transpose(0, 2, 1).reshape(T * 3, POINTS)  # [60,57]: sum_t R_k' g_p
        betas = basis.reshape(len(basis), POINTS, -1).transpose(0, 2, 1).reshape(len(basis), -1) @ back.reshape(-1)
        return np.concatenate([(turns + self.turn_g).reshape(T, -1), pelvis], axis=1), betas + self.betas_g

    def add_row(self, jacobian: Array, influence: Array, residual: Array) -> None:
        """A scalar residual [T] that is changed by the sum of `jacobian` [T,57,3] . (moves relative to the pelvis)."""
        self.relative_g += (influence * residual)[:, None, None] * jacobian
        if self.curved:
            self.rows.append((jacobian, influence))

    def add_pair(self, child: int, parent: int, jacobian: Array, influence: Array, residual: Array) -> None:
        """A scalar residual [T] that is changed by `jacobian` [T,3] . (turn of `child` - turn of `parent`)."""
        gradient = (influence * residual)[:, None] * jacobian
        self.turn_g[:, child] += gradient
        self.turn_g[:, parent] -= gradient
        if self.curved:
            square = influence[:, None, None] * jacobian[:, :, None] * jacobian[:, None, :]
            self.turn_h[:, child] += square
            self.turn_h[:, parent] += square
            self.parent_h[:, child] -= square


def vee(matrix: Array) -> Array:
    """The axis times the sine of the angle [...,3] of rotations [...,3,3]."""
    skew = matrix - np.swapaxes(matrix, -1, -2)
    return 0.5 * np.stack([skew[..., 2, 1], skew[..., 0, 2], skew[..., 1, 0]], axis=-1)


def chord(matrix: Array) -> Array:
    """|R - I|^2 / 2 = 2 (1 - cos angle) of rotations [...,3,3]: the angle squared for small ones, smooth for all.
    Its gradient by a small turn of R is 2 `vee(R)`."""
    return np.maximum(3.0 - np.trace(matrix, axis1=-2, axis2=-1), 0.0)


__all__ = ["POINTS", "Sums", "chord", "cross_matrices", "vee"]
