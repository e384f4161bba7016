"""Linear models of what a control step does, one for each phase of a motion, fitted to samples.

Ridge regression of "how far off it is next" and of cost residuals on "how far off it is" and "how its muscles were
pulled" (Levine & Abbeel 2014 fit the dynamics of guided policy search alike). Neighbouring phases lend each other
samples; older samples are forgotten.
"""

from dataclasses import dataclass

import numpy as np

from core.imitation.environment import ACTION_SIZE
from core.imitation.guided.deviations import OFF_SIZE

Array = np.ndarray

_SCALE = 0.1
"""rad or m: what inputs are divided by before the regression."""


@dataclass(frozen=True)
class Models:
    """Of each of B phases: x' = A x + B u + a and residuals C x + D u + d. `A` [B,X,X], `B` [B,X,U], `a` [B,X],
    `C` [B,m,X], `D` [B,m,U], `d` [B,m]."""

    A: Array
    B: Array
    a: Array
    C: Array
    D: Array
    d: Array


class Samples:
    """What was seen of each phase, summed up for the regression: as small for a million samples as for one."""

    def __init__(self, bins: int, residuals: int, off_size: int = OFF_SIZE, pulls: int = ACTION_SIZE) -> None:
        """`bins`: how many phases; `residuals`: how many cost residuals a sample has."""
        self.off_size, self.pulls = off_size, pulls
        inputs = off_size + pulls + 1
        self._inner = np.zeros((bins, inputs, inputs))
        self._outer = np.zeros((bins, inputs, off_size + residuals))

    def forget(self, kept: float) -> None:
        """What was seen until now counts only `kept` (0 to 1) of what it did."""
        self._inner *= kept
        self._outer *= kept

    def add(self, bins: Array, off: Array, pulls: Array, after: Array, residuals: Array) -> None:
        """N more: at phases `bins` [N], off by `off` [N,X] and pulled by `pulls` [N,U] rad, they ended off by `after`
        [N,X] at the cost of the squares of `residuals` [N,m]."""
        inputs = np.concatenate([off / _SCALE, pulls / _SCALE, np.ones((len(off), 1))], axis=1)
        outputs = np.concatenate([after, residuals], axis=1)
        order = np.argsort(bins, kind="stable")
        edges = np.searchsorted(bins[order], np.arange(len(self._inner) + 1))
        for b in range(len(self._inner)):
            rows = order[edges[b] : edges[b + 1]]
            self._inner[b] += inputs[rows].T @ inputs[rows]
            self._outer[b] += inputs[rows].T @ outputs[rows]

    def models(self, ridge: float, neighbours: float, loop: bool) -> Models:
        """The models; `ridge`: the belief that nothing depends on anything, in samples that are off by _SCALE;
        `neighbours`: what a sample of the phase before or after counts."""
        inner, outer = (_lent(each, neighbours, loop) for each in (self._inner, self._outer))
        ridges = np.full(inner.shape[1], ridge)
        ridges[-1] = 1e-6
        found = np.linalg.solve(inner + np.diag(ridges), outer).swapaxes(1, 2)
        found[..., :-1] /= _SCALE
        x, u = self.off_size, self.pulls
        after, residuals = found[:, :x], found[:, x:]
        A, B, a = np.split(after, (x, x + u), axis=2)
        C, D, d = np.split(residuals, (x, x + u), axis=2)
        return Models(A, B, a[..., 0], C, D, d[..., 0])


def _lent(sums: Array, share: float, loop: bool) -> Array:
    """`sums` [B,...] with `share` of those of the phases before and after."""
    before, after = np.roll(sums, 1, axis=0), np.roll(sums, -1, axis=0)
    if not loop:
        before[0], after[-1] = 0.0, 0.0
    return sums + share * (before + after)
