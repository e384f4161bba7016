"""The value of an objective at a state, term by term, with its derivatives."""

from collections.abc import Callable

from core.reconstruction import frame_terms, ground_terms, joint_terms, time_terms
from core.reconstruction.evidence import Evidence
from core.reconstruction.objective import Term
from core.reconstruction.segments import State
from core.reconstruction.sums import Sums

TERMS: dict[str, Callable[[Term, Evidence, Sums], float]] = {
    "reprojection": frame_terms.reprojection,
    "points": frame_terms.points,
    "network": frame_terms.network,
    "shape": frame_terms.shape,
    "turning": time_terms.turning,
    "path": time_terms.path,
    "joint_steps": time_terms.joint_steps,
    "path_steps": time_terms.path_steps,
    "hinges": joint_terms.hinges,
    "limits": joint_terms.limits,
    "pose": joint_terms.pose,
    "contact_slide": ground_terms.contact_slide,
    "contact_height": ground_terms.contact_height,
    "penetration": ground_terms.penetration,
    "balance": ground_terms.balance,
}
"""What each name of a table in `objective` does."""


def evaluate(
    objective: tuple[Term, ...], evidence: Evidence, state: State, curved: bool
) -> tuple[dict[str, float], Sums]:
    """(energy of every term, `Sums` of their derivatives); curvatures only if `curved`."""
    sums = Sums(state, evidence.levers.of(state.betas), evidence.parents, curved)
    return {term.name: TERMS[term.name](term, evidence, sums) for term in objective}, sums
