"""What the samples of a window teach: a linear feedback from how far a humanoid is off to what its muscles should do.

Every sample tells where it came from, what was pulled and where that led. A linear model fitted to them (ridge
regression; Levine & Abbeel 2014 fit the dynamics of guided policy search alike) makes the rest of the motion a
linear-quadratic problem, and Riccati's recursion from its end gives each window's best offset for a humanoid that is
off by so much. Samples drawn around that stay up where samples around one and the same offset topple. No feedback acts
in the rollout itself: what is recorded are the actions it led to.
"""

from dataclasses import dataclass

import numpy as np

from core.humanoid.character import REVOLUTE_JOINTS, SPHERICAL_JOINTS
from core.physics.rotations import product, relative, rotation_vectors

Array = np.ndarray

OFF_SIZE = 68
"""Numbers that say how far a humanoid is off: 34 of its posture, 34 of its velocity."""

_BALLS = np.array([range(j.frame.start, j.frame.stop) for j in SPHERICAL_JOINTS])
_HINGES = np.array([j.frame.start for j in REVOLUTE_JOINTS])
_CONJUGATE = (1.0, -1.0, -1.0, -1.0)
_INPUTS = OFF_SIZE + 28 + 1
_SPEED_S = 0.1
"""s: a velocity counts as what it moves in so long."""
_SCALE = 0.1
"""rad or m: what inputs are divided by before the regression."""
_RIDGE = 0.5
"""The belief that nothing depends on anything, in samples that are off by _SCALE."""
_FORGET = 0.5
"""What older samples of a window count for at its next visit."""


@dataclass(frozen=True)
class FeedbackSettings:
    """What a feedback aims at, besides little cost: `trust` per rad^2, of straying from the mean offset of those that
    survived, `discount` on the cost of each window further on, and no more than `most` rad from that mean."""

    trust: float = 0.5
    discount: float = 0.9
    most: float = 0.4


@dataclass(frozen=True)
class Feedback:
    """A window's best offset for a humanoid off by x: `gain` [28,68] x + `offset` [28], within `most` rad of `mean`
    [28]."""

    gain: Array
    offset: Array
    mean: Array
    most: float

    def __call__(self, off: Array) -> Array:
        """[n,28] rad for humanoids off by `off` [n,68]."""
        return self.mean + np.clip(off @ self.gain.T + self.offset - self.mean, -self.most, self.most)


def off_by(frames: Array, velocities: Array, reference: Array, reference_velocities: Array) -> Array:
    """[n,68]: how far humanoids at `frames` [n,43] and `velocities` [n,34] are off one reference [43] and [34], or each
    off its own [n,43] and [n,34]: position (m, world) and rotation (rad, world) of the root, joints (rad), and the same
    of velocities, times _SPEED_S."""
    moved = frames[:, :3] - reference[..., :3]
    root = rotation_vectors(product(frames[:, 3:7], reference[..., 3:7] * _CONJUGATE))
    balls = rotation_vectors(relative(reference[..., _BALLS], frames[:, _BALLS])).reshape(len(frames), -1)
    hinges = frames[:, _HINGES] - reference[..., _HINGES]
    return np.concatenate([moved, root, balls, hinges, _SPEED_S * (velocities - reference_velocities)], axis=1)


class Samples:
    """What was seen of one window, summed up for the regression: as small for a million samples as for one."""

    def __init__(self, outputs: int) -> None:
        """`outputs`: how many numbers a sample ends with, 68 and its residuals."""
        self._inner = np.zeros((_INPUTS, _INPUTS))
        self._outer = np.zeros((_INPUTS, outputs))

    def add(self, off: Array, offsets: Array, after: Array, residuals: Array) -> None:
        """n more: off by `off` [n,68] and pulled by `offsets` [n,28] rad, they ended off by `after` [n,68] at the cost
        of the squares of `residuals` [n,m]."""
        inputs = np.concatenate([off / _SCALE, offsets / _SCALE, np.ones((len(off), 1))], axis=1)
        self._inner = _FORGET * self._inner + inputs.T @ inputs
        self._outer = _FORGET * self._outer + inputs.T @ np.concatenate([after, residuals], axis=1)

    def model(self) -> Array:
        """[68 + m, 97]: the matrix from 68 numbers off, 28 offsets and a one to what a sample ends with."""
        ridge = np.full(_INPUTS, _RIDGE)
        ridge[-1] = 1e-6
        result = np.linalg.solve(self._inner + np.diag(ridge), self._outer).T
        result[:, :-1] /= _SCALE
        return result


def feedbacks(seen: list[Samples], means: Array, effort: float, settings: FeedbackSettings) -> list[Feedback]:
    """The feedback of each window of `seen`, whose survivors' mean offsets were `means` [w,28]; `effort`: what an
    offset costs per rad^2.

    With x' = A x + B u + a and residuals C x + D u + d, the cost from a window on is x'Px + 2 p'x, backwards from zero.
    """
    P, p = np.zeros((OFF_SIZE, OFF_SIZE)), np.zeros(OFF_SIZE)
    found: list[Feedback] = []
    for samples, mean in zip(reversed(seen), means[: len(seen)][::-1], strict=True):
        model = samples.model()
        A, B, a = np.split(model[:OFF_SIZE], (OFF_SIZE, OFF_SIZE + 28), axis=1)
        C, D, d = np.split(model[OFF_SIZE:], (OFF_SIZE, OFF_SIZE + 28), axis=1)
        P, p = settings.discount * P, settings.discount * p
        later = P @ a[:, 0] + p
        uu = D.T @ D + B.T @ P @ B + (effort + settings.trust) * np.eye(28)
        ux = D.T @ C + B.T @ P @ A
        u = D.T @ d[:, 0] + B.T @ later - settings.trust * mean
        solved = -np.linalg.solve(uu, np.column_stack([ux, u]))
        gain, offset = solved[:, :-1], solved[:, -1]
        p = C.T @ d[:, 0] + A.T @ later + ux.T @ offset
        P = C.T @ C + A.T @ P @ A + ux.T @ gain
        P = 0.5 * (P + P.T)
        found.append(Feedback(gain, offset, mean, settings.most))
    return found[::-1]
