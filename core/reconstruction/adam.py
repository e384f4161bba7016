"""SFV's way (Peng et al. 2018b, section 6): Adam over the whole clip as one batch, from the network's own answer.

As published: learning rate 1e-3, 300 iterations, the published terms and weights (`objective.PUBLISHED`), no line
search, no stopping rule. Not as published: SFV moves the latent features of its regressor, which not every network
has; here the pose parameters themselves move (axis-angles of the 20 turned joints, the pelvis' place, one shape). And
gradients are written out (`Sums.gradients`) rather than found by automatic differentiation; they are the same numbers.
"""

from dataclasses import dataclass

import numpy as np

from core.body.rotations import axis_angle_from_matrix, matrix_from_axis_angle
from core.progress import Progress, silent
from core.reconstruction.curves import Curve
from core.reconstruction.evaluate import evaluate
from core.reconstruction.evidence import Evidence
from core.reconstruction.objective import Term
from core.reconstruction.segments import K, State, cross_matrices

Array = np.ndarray


@dataclass(frozen=True)
class AdamSettings:
    """Kingma and Ba 2015, algorithm 1; the defaults are SFV's."""

    iterations: int = 300
    """Steps, all of which are made."""

    learning_rate: float = 1e-3
    """rad, m and betas of a first step."""

    betas: tuple[float, float] = (0.9, 0.999)
    """How fast the means of the gradient and of its square forget."""


def adam(
    objective: tuple[Term, ...],
    evidence: Evidence,
    state: State,
    settings: AdamSettings | None = None,
    progress: Progress = silent,
) -> tuple[State, Curve]:
    """(the state after all iterations, every term's energy before the first and after each)."""
    settings = settings or AdamSettings()
    T = len(evidence)
    values = np.concatenate([_local_axis_angles(state, evidence.parents).ravel(), state.pelvis.ravel(), state.betas])
    mean, square = np.zeros_like(values), np.zeros_like(values)
    keep, keep_square = settings.betas
    curve = []
    for iteration in range(settings.iterations + 1):
        state = _state(values, T, evidence.parents)
        energies, sums = evaluate(objective, evidence, state, curved=False)
        curve.append(energies)
        if iteration == settings.iterations:
            break
        if iteration % 10 == 0:
            progress(iteration / settings.iterations, f"Iteration {iteration} of {settings.iterations}")
        by_step, by_shape = sums.gradients(evidence.levers.basis)
        turns = _by_axis_angle(by_step[:, : 3 * K].reshape(T, K, 3), state, values[: 3 * K * T], evidence.parents)
        gradient = np.concatenate([turns.ravel(), by_step[:, 3 * K :].ravel(), by_shape])
        mean += (1 - keep) * (gradient - mean)
        square += (1 - keep_square) * (gradient**2 - square)
        unbiased = mean / (1 - keep ** (iteration + 1))
        spread = np.sqrt(square / (1 - keep_square ** (iteration + 1)))
        values = values - settings.learning_rate * unbiased / (spread + 1e-8)
    return state, Curve("adam", tuple(curve))


def _local_axis_angles(state: State, parents: Array) -> Array:
    """[T,20,3] rad: each turned segment against its parent."""
    local = state.rotations.copy()
    local[:, 1:] = np.swapaxes(state.rotations[:, parents[1:]], -1, -2) @ state.rotations[:, 1:]
    return axis_angle_from_matrix(local)


def _state(values: Array, T: int, parents: Array) -> State:
    turns, pelvis, betas = np.split(values, [3 * K * T, 3 * K * T + 3 * T])
    rotations = matrix_from_axis_angle(turns.reshape(T, K, 3))
    for k in range(1, K):
        rotations[:, k] = rotations[:, parents[k]] @ rotations[:, k]
    return State(rotations, pelvis.reshape(T, 3), betas)


def _by_axis_angle(by_turn: Array, state: State, values: Array, parents: Array) -> Array:
    """Gradient [T,20,3] by axis-angles from the gradient [T,20,3] by small turns of segments in the camera.

    Turning a joint turns all segments that hang on it; d R = [J dtheta]x R with J the left Jacobian of SO(3).
    """
    whole = by_turn.copy()
    for k in range(K - 1, 0, -1):
        whole[:, parents[k]] += whole[:, k]
    whole[:, 1:] = (np.swapaxes(state.rotations[:, parents[1:]], -1, -2) @ whole[:, 1:, :, None])[..., 0]
    return (np.swapaxes(_left_jacobian(values.reshape(-1, K, 3)), -1, -2) @ whole[..., None])[..., 0]


def _left_jacobian(turn: Array) -> Array:
    """J [...,3,3] of SO(3) at `turn` [...,3] rad (Barfoot 2017, section 7.1)."""
    cross = cross_matrices(turn)
    angle = np.maximum(np.linalg.norm(turn, axis=-1), 1e-4)[..., None, None]
    return np.eye(3) + (1 - np.cos(angle)) / angle**2 * cross + (angle - np.sin(angle)) / angle**3 * (cross @ cross)
