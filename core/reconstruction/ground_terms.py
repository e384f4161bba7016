"""Terms of the solves with contacts: contact points neither slide nor float, nothing goes through the ground, and the
body is over its feet."""

import numpy as np

from core.reconstruction.contacts import SOLES, STANDING_HEIGHTS_M
from core.reconstruction.evidence import Evidence
from core.reconstruction.objective import Term, robust
from core.reconstruction.segments import JOINTS, LANDMARKS
from core.reconstruction.sums import Sums
from core.reconstruction.time_terms import add_step_curvature

Array = np.ndarray

TOO_DEEP_M = 0.3
"""What is deeper under the ground than this is not lifted: there the ground or the pose is wrong, not the height."""

BODY_HEIGHTS_M = np.full(33, 0.02)
"""How high a landmark lies over the ground that the body touches there; soles are measured, the rest is about flesh."""
BODY_HEIGHTS_M[list(SOLES)] = STANDING_HEIGHTS_M

_SOLES = np.array(SOLES)

_CHEST = JOINTS.start + 9

HALF_STANCE_S = 0.3
"""For about so long before and after the body is over it a foot stands still: who walks along the view is off by that
much of his speed."""


def contact_slide(term: Term, evidence: Evidence, sums: Sums) -> float:
    """Speed in m/s of contact points from one frame in contact to the next."""
    if evidence.footing is None or len(evidence) < 2:
        return 0.0
    held = evidence.footing.contacts[1:] * evidence.footing.contacts[:-1]
    speed = np.diff(sums.placed[:, _SOLES], axis=0) * evidence.fps
    energy, influence = robust(term, (speed**2).sum(-1), held)
    pull = influence[..., None] * speed * evidence.fps
    sums.placed_g[1:, _SOLES] += pull
    sums.placed_g[:-1, _SOLES] -= pull
    if sums.curved:
        add_step_curvature(sums, _SOLES, True, influence * evidence.fps**2)
    return energy


def contact_height(term: Term, evidence: Evidence, sums: Sums) -> float:
    """Height in m of contact points over what they stand on."""
    footing = evidence.footing
    if footing is None:
        return 0.0
    height = sums.placed[:, _SOLES] @ footing.normal - footing.height - STANDING_HEIGHTS_M - footing.heights
    return _along_normal(term, footing.normal, sums, _SOLES, height, footing.contacts)


def penetration(term: Term, evidence: Evidence, sums: Sums) -> float:
    """Depth in m of landmarks under the ground."""
    footing = evidence.footing
    if footing is None:
        return 0.0
    height = sums.placed[:, LANDMARKS] @ footing.normal - footing.height - BODY_HEIGHTS_M
    deep = np.minimum(height, 0.0) * (height > -TOO_DEEP_M)
    return _along_normal(term, footing.normal, sums, np.arange(33), deep, (deep < 0).astype(float))


def balance(term: Term, evidence: Evidence, sums: Sums) -> float:
    """How far in m, along the view and level, the feet in contact are off from under the body's centre, which is taken
    to be half-way from the pelvis to the chest.

    Across the view the picture tells that; in depth a network may lean legs towards the camera, all through a clip.
    """
    footing = evidence.footing
    if footing is None:
        return 0.0
    standing = footing.contacts.sum(axis=1)
    weights = np.zeros(sums.relative.shape[:2])
    weights[:, _SOLES] = footing.contacts / np.maximum(standing, 1e-9)[:, None]
    weights[:, _CHEST] = -0.5 * (standing > 0)
    level = evidence.rays - (evidence.rays @ footing.normal)[:, None] * footing.normal
    level /= np.maximum(np.linalg.norm(level, axis=1, keepdims=True), 1e-9)
    jacobian = weights[..., None] * level[:, None]
    residual = (jacobian * sums.relative).sum(axis=(1, 2))
    usual = (HALF_STANCE_S * evidence.speed_along_view / term.sigma) ** 2
    energy, influence = robust(term, residual**2, (standing > 0) / (1.0 + usual))
    sums.add_row(jacobian, influence, residual)
    return energy


def _along_normal(term: Term, normal: Array, sums: Sums, points: Array, residual: Array, weights: Array) -> float:
    energy, influence = robust(term, residual**2, weights)
    sums.placed_g[:, points] += (influence * residual)[..., None] * normal
    if sums.curved:
        sums.placed_h[:, points] += influence[..., None, None] * np.outer(normal, normal)
    return energy
