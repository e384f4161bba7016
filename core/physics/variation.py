"""Humanoids that differ a little from the true one: for policies that do not lean on one engine's numbers.

Dynamics randomisation (Peng, Andrychowicz, Zaremba & Abbeel 2018, "Sim-to-real transfer of robotic control with
dynamics randomization"; Tobin et al. 2017 did it with pictures): who has learned among many characters takes another
engine for one more of them.
"""

from dataclasses import dataclass

import numpy as np

from core.humanoid.bodies import BODY_NAMES
from core.humanoid.character import JOINTS
from core.humanoid.shapes import SOLIDS

Array = np.ndarray

MASS, GAIN = 1.2, 1.2
"""Factors on a body's mass and on a joint's gains lie between 1/this and this, evenly on a logarithmic scale."""

FRICTION = 0.6, 1.4
"""Factors on friction (0.49 to 1.13 of the coefficient 0.81)."""

SHARE_ON_THE_GROUND = {
    "chest": (0.39, 0.18, 0.27),
    "neck": (0.56, 0.17, 0.54),
    "hip": (0.64, 0.14, 0.61),
    "knee": (0.36,),
    "ankle": (0.01, 0.03, 0.03),
    "shoulder": (0.60, 0.03, 0.49),
    "elbow": (0.16,),
}
"""What share of kp x error Bullet's stable PD applies at 240 Hz, about each axis, where the ground holds a body still.

Its prediction does not know the ground: it expects the body to give way, and takes the damping of that motion off.
1 - dt kd [(M + dt Kd)^-1]_jj with the free humanoid's mass matrix M, a mean over the walk.
"""


@dataclass(frozen=True)
class Variation:
    """Factors on the true character's numbers, of n humanoids: `masses` [n,15] (of bodies, and of their moments of
    inertia), `friction` [n], `gains` [n,28] (kp and kd; torque limits stay)."""

    masses: Array
    friction: Array
    gains: Array


def draw_variation(n: int, amount: float, random: np.random.Generator) -> Variation:
    """`n` humanoids that differ by `amount` (0: not at all, 1: as far as the constants here say).

    Each has a firmness on the ground of its own, from all of kp x error to `SHARE_ON_THE_GROUND`, beside the chance of
    each joint; evenly on a logarithmic scale, as are all factors.
    """
    least = np.concatenate([SHARE_ON_THE_GROUND[BODY_NAMES[j.body].split("_")[-1]] for j in JOINTS])
    masses = _spread(random, (n, len(SOLIDS)), 1 / MASS, MASS)
    friction = _spread(random, (n,), *FRICTION)
    each = _spread(random, (n, len(JOINTS)), 1 / GAIN, GAIN)
    of_joints = np.repeat(each, [j.dof.stop - j.dof.start for j in JOINTS], axis=1)
    yielding = random.uniform(size=(n, 1)) * np.log(least)
    return Variation(np.exp(amount * masses), np.exp(amount * friction), np.exp(amount * (of_joints + yielding)))


def _spread(random: np.random.Generator, shape: tuple[int, ...], low: float, high: float) -> Array:
    return random.uniform(np.log(low), np.log(high), shape)
