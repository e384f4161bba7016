"""Terms that tie a segment to its parent: hinges, limits, how joints are usually held."""

import numpy as np

from core.reconstruction.evidence import Evidence
from core.reconstruction.objective import Term, robust
from core.reconstruction.segments import TURNED
from core.reconstruction.sums import Sums, chord, vee

Array = np.ndarray

HINGES = ((4, 7, (1.0, 0.0, 0.0)), (5, 8, (1.0, 0.0, 0.0)), (18, 20, (0.0, -1.0, 0.0)), (19, 21, (0.0, 1.0, 0.0)))
"""(joint, next joint, axis at rest about which it flexes): knees and elbows."""

KNEES = (4, 5)
"""Hinges whose lower bone cannot turn about itself either; forearms can (pronation)."""

LEAST_FLEXION, MOST_FLEXION = np.sin(np.radians(-4.0)), np.cos(np.radians(155.0))
"""Sine and cosine of the angles between which elbows and knees flex."""

MOST_TURN = {3: 35, 6: 35, 9: 35, 12: 55, 15: 55, 13: 30, 14: 30, 7: 60, 8: 60, 20: 85, 21: 85, 1: 150, 2: 150}
"""Degrees that a joint may be turned against its parent, about any axis."""

USUAL_TURN = {3: 0.25, 6: 0.25, 9: 0.25, 12: 0.35, 15: 0.35, 13: 0.12, 14: 0.12, 7: 0.5, 8: 0.5, 20: 0.4, 21: 0.4}
"""Standard deviations in rad of a joint's turn against its parent."""

_ROW = {joint: k for k, joint in enumerate(TURNED)}


def hinges(term: Term, evidence: Evidence, sums: Sums) -> float:
    """Elbows and knees bend in their plane; knees do not twist."""
    energy = 0.0
    for joint, end, axis in HINGES:
        h, bone = _axes(evidence, joint, end, axis)
        energy += _dot_term(term, evidence, sums, joint, h, bone)
        if joint in KNEES:
            energy += _dot_term(term, evidence, sums, joint, np.cross(h, bone), h)
    return energy


def limits(term: Term, evidence: Evidence, sums: Sums) -> float:
    """Elbows and knees neither overstretch nor fold up; other joints turn no further than people's."""
    energy = 0.0
    for joint, end, axis in HINGES:
        h, bone = _axes(evidence, joint, end, axis)
        energy += _dot_term(term, evidence, sums, joint, np.cross(h, bone), bone, least=LEAST_FLEXION)
        energy += _dot_term(term, evidence, sums, joint, bone, bone, least=MOST_FLEXION)
    rows = np.array([_ROW[j] for j in MOST_TURN])
    most = 2 * np.sin(np.radians(list(MOST_TURN.values())) / 2)
    return energy + _turn_term(term, evidence, sums, rows, np.ones(len(rows)), most)


def pose(term: Term, evidence: Evidence, sums: Sums) -> float:
    """Spine, neck, collars, wrists and ankles near their rest."""
    rows = np.array([_ROW[j] for j in USUAL_TURN])
    return _turn_term(term, evidence, sums, rows, np.array(list(USUAL_TURN.values())), np.zeros(len(rows)))


def _axes(evidence: Evidence, joint: int, end: int, axis: tuple[float, float, float]) -> tuple[Array, Array]:
    """The hinge's axis [3] and the lower bone's direction [3] across it, both at rest."""
    h = np.array(axis)
    bone = evidence.rest[end] - evidence.rest[joint]
    bone = bone - h * (h @ bone)
    return h, bone / np.linalg.norm(bone)


def _dot_term(
    term: Term, evidence: Evidence, sums: Sums, joint: int, above: Array, below: Array, least: float | None = None
) -> float:
    """(R_parent above) . (R_child below) should be zero or, given `least`, at least that."""
    child = _ROW[joint]
    parent = evidence.parents[child]
    a, b = sums.state.rotations[:, parent] @ above, sums.state.rotations[:, child] @ below
    residual = (a * b).sum(-1)
    if least is not None:
        residual = np.minimum(residual - least, 0.0)
    energy, influence = robust(term, residual**2)
    sums.add_pair(child, parent, np.cross(b, a), influence * (residual != 0), residual)
    return energy


def _turn_term(term: Term, evidence: Evidence, sums: Sums, rows: Array, sigmas: Array, free: Array) -> float:
    """Turns (as chords) of segments `rows` against their parents in `sigmas` rad, beyond `free` rad only."""
    parents = evidence.parents[rows]
    R = sums.state.rotations
    relative = R[:, rows] @ np.swapaxes(R[:, parents], -1, -2)
    squared = chord(relative)
    turn = np.sqrt(np.maximum(squared, 1e-12))
    beyond = np.maximum(turn - free, 0.0)
    energy, influence = robust(term, (beyond / sigmas) ** 2)
    # d turn = vee / turn . dw, so that a term without a free range pulls with vee itself
    influence = influence / sigmas**2 * (beyond > 0)
    gradient = (influence * beyond / turn)[..., None] * vee(relative)
    sums.turn_g[:, rows] += gradient
    for i, parent in enumerate(parents):  # several segments may hang on one
        sums.turn_g[:, parent] -= gradient[:, i]
    if sums.curved:
        square = influence[..., None, None] * np.eye(3)
        sums.turn_h[:, rows] += square
        sums.parent_h[:, rows] -= square
        for i, parent in enumerate(parents):
            sums.turn_h[:, parent] += square[:, i]
    return energy
