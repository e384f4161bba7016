"""The one objective that a reconstruction minimises: its terms in one table, and what adding them up takes.

    E(rotations, pelvis, betas) = sum over terms of weight x sum over its residuals r of rho(|r|^2 / sigma^2) / 2

with rho the term's loss. `OURS` is the negative logarithm of a posterior: weights are one, sigmas are standard
deviations in physical units. `PUBLISHED` are the terms of SFV (Peng et al. 2018b) with the weights of its released
settings; there sigma is the unit in which it measures, and sums are means. Both solvers minimise either.
"""

from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Term:
    """A row of the table: `loss` is square, huber, l1 or geman, bent at `bend` sigmas."""

    name: str
    sigma: float
    unit: str
    loss: str = "square"
    bend: float = 1.0
    weight: float = 1.0
    mean: bool = False
    """Whether residuals are averaged instead of summed."""
    source: str = ""


_SMPLIFY, _SFV = "SMPLify (Bogo et al. 2016)", "SFV"
_AGREES = "rad; a frame weighs exp(-(e / e_max)^2)"

OURS = (
    Term("reprojection", 0.012, "m at the body's depth", "geman", 5.0, source=_SMPLIFY + ", eq. 2"),
    Term("points", 0.10, "m from the network's, about the pelvis; 2.5 x in depth", "geman", 3.0, source="HMR's L_3D"),
    Term("network", 0.30, _AGREES, "geman", 2.0, source=_SFV),
    Term("turning", 45.0, "rad/s^2 of each segment", "huber", 2.0, source="second differences x fps^2"),
    Term("path", 5.0, "m/s^2 of the pelvis; in depth a quarter", "huber", 2.0, source="second differences x fps^2"),
    Term("hinges", 0.10, "rad off the plane of elbow and knee", source="anatomy"),
    Term("limits", 0.10, "rad beyond what a joint can do", source="anatomy; " + _SMPLIFY),
    Term("pose", 0.7, "usual ranges of a joint", source="anatomy; " + _SMPLIFY),
    Term("shape", 0.5, "betas off the network's", source=_SMPLIFY),
    Term("contact_slide", 0.03, "m/s of a contact point", "huber", 3.0, source="HuMoR (Rempe et al. 2021)"),
    Term("contact_height", 0.01, "m of a contact point over what it stands on", "huber", 3.0, source="HuMoR"),
    Term("penetration", 0.005, "m of a landmark under the ground", "huber", 6.0, source="one-sided contact_height"),
    Term("balance", 0.07, "m along the view from under the body's centre to its feet", "huber", 3.0, source="statics"),
)
"""What Gauss-Newton minimises; the last four only once contacts are known."""

_HALF_CROP_M = 1.27  # SFV's crops of 224 px show a person of 1.7 m as 150 px, and pixels count from -1 to 1

PUBLISHED = (
    Term("reprojection", _HALF_CROP_M, "m at the body's depth; sigma is half a crop", "l1", 0.0, 10.0, True, _SFV),
    Term("network", 1.0, _AGREES, "square", 1.0, 2 * 100.0, True, _SFV),
    Term("joint_steps", 1.0, "m a frame, about the pelvis", "square", 1.0, 2 * 25.0, True, _SFV),
    Term("path_steps", 1.0, "m of the pelvis a frame (SFV: of its cameras)", "square", 1.0, 2 * 1.0, True, _SFV),
    Term("shape", 1.0, "betas off the network's (SFV: their variance)", "square", 1.0, 2 * 0.5, True, _SFV),
)
"""What Adam minimises as published. SFV moves the regressor's latent; here the pose parameters themselves move, so that
"near the network" is a distance of rotations, and one shape is there for all frames from the start. (Energies are
halved, hence the factors of two.)"""


def robust(term: Term, squared: Array, weights: Array | float = 1.0) -> tuple[float, Array]:
    """(energy, influence [like `squared`]) of residuals with |r|^2 = `squared`, each weighted by `weights` >= 0.

    The energy is weight x sum(weights x rho(|r|^2 / sigma^2)) / 2, its gradient is influence x r and its Gauss-Newton
    curvature influence x I: iteratively reweighted least squares (Holland and Welsch 1977).
    """
    u = squared / term.sigma**2
    if term.loss == "square":
        rho, slope = u, np.ones_like(u)
    elif term.loss == "huber":  # Charbonnier's smooth version: u for small u, 2 bend sqrt(u) for large
        root = np.sqrt(1.0 + u / term.bend**2)
        rho, slope = 2 * term.bend**2 * (root - 1.0), 1.0 / root
    elif term.loss == "geman":  # Geman and McClure 1987: no more than bend^2, whatever the residual
        shrink = 1.0 / (1.0 + u / term.bend**2)
        rho, slope = u * shrink, shrink**2
    else:  # l1: sqrt(u), rounded off in its tip so that it has a slope
        root = np.sqrt(u + 1e-8)
        rho, slope = 2 * root, 1.0 / root
    scale = term.weight / (max(u.size, 1) if term.mean else 1)
    return float(0.5 * scale * (weights * rho).sum()), scale * weights * slope / term.sigma**2
