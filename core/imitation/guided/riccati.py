"""The best linear feedback round a cycle of linear models: Riccati's recursion, backwards, until it settles."""

from dataclasses import dataclass

import numpy as np

from core.imitation.guided.models import Models

Array = np.ndarray


@dataclass(frozen=True)
class Feedback:
    """u = `gains` [B,U,X] x + `offsets` [B,U], a row for each phase."""

    gains: Array
    offsets: Array

    def __call__(self, bins: Array, off: Array) -> Array:
        """[N,U] rad for humanoids at phases `bins` [N] that are off by `off` [N,X]."""
        return np.einsum("nux,nx->nu", self.gains[bins], off) + self.offsets[bins]


def best_feedback(
    models: Models, before: Feedback, effort: float, trust: float, discount: float, loop: bool, rounds: int = 8
) -> Feedback:
    """The feedback that costs least under `models` (at most `rounds` times round the cycle into the future).

    Costs: residuals' squares, `effort` |u|^2 and `trust` |u - before(x)|^2 per rad^2 (so that u stays where the models
    hold; the KL bound of guided policy search, Levine & Abbeel 2014, with a fixed multiplier), `discount` a step. With
    x' = A x + B u + a the cost from a step on is x'Px + 2 p'x.
    """
    n, size = models.A.shape[:2]
    P, p = np.zeros((size, size)), np.zeros(size)
    found = Feedback(np.zeros_like(before.gains), np.zeros_like(before.offsets))
    for _ in range(rounds if loop else 1):
        last = found.gains.copy()
        for b in reversed(range(n)):
            P, p = _step(models, b, before, effort, trust, discount * P, discount * p, found)
        if np.abs(found.gains - last).max() < 1e-4:
            break
    return found


def _step(
    models: Models, b: int, before: Feedback, effort: float, trust: float, P: Array, p: Array, found: Feedback
) -> tuple[Array, Array]:
    """One phase backwards; writes its row of `found`."""
    A, B, a, C, D, d = models.A[b], models.B[b], models.a[b], models.C[b], models.D[b], models.d[b]
    gain0, offset0 = before.gains[b], before.offsets[b]
    later = P @ a + p
    uu = D.T @ D + B.T @ P @ B + (effort + trust) * np.eye(B.shape[1])
    ux = D.T @ C + B.T @ P @ A - trust * gain0
    u = D.T @ d + B.T @ later - trust * offset0
    solved = -np.linalg.solve(uu, np.column_stack([ux, u]))
    gain, offset = solved[:, :-1], solved[:, -1]
    found.gains[b], found.offsets[b] = gain, offset
    xx = C.T @ C + A.T @ P @ A + trust * gain0.T @ gain0
    x = C.T @ d + A.T @ later + trust * gain0.T @ offset0
    P = xx + ux.T @ gain
    return 0.5 * (P + P.T), x + ux.T @ offset
