"""A policy for half a cycle, which does the other half in the mirror.

Where a motion is its own mirror image half a cycle later, whatever is seen in the second half is seen in the mirror
(`core.imitation.mirroring`), as something in the first half, and what the policy does about it is done in the mirror.
So the policy is symmetric exactly, and all samples are of one half: Abdolhosseini et al. 2019 ("On learning symmetric
locomotion"), there PHASE.
"""

from typing import Any

import numpy as np

from core.errors import BadInputError
from core.imitation.environment import ImitationEnvironment
from core.imitation.mirroring import mirrored_actions, mirrored_observations, shift_of_symmetric
from core.imitation.observations import LINK_FEATURES
from core.imitation.reference import Kinematics
from core.motion import HumanoidMotion

Array = np.ndarray

SINE = LINK_FEATURES
"""Where observations hold the sine of the phase, below zero in the second half of the cycle."""

_HALF = 0.01
"""Of a cycle: a shift so near to a half is one."""


class HalfCycleEnvironment(ImitationEnvironment):
    """Imitation as such a policy sees it, observations as in the first half and actions for it; the humanoids
    themselves go through the whole cycle."""

    def __init__(self, reference: HumanoidMotion, *others: Any) -> None:
        """As `ImitationEnvironment`; `BadInputError` for a reference that is not its own mirror image half a cycle
        later."""
        check_half_cycle(reference)
        super().__init__(reference, *others)

    def targets(self, actions: Array) -> Array:
        """[n,36]: what the muscles are pulled to under `actions` [n,28] of the policy."""
        second = np.sin(2 * np.pi * self.reference.phase(self.ticks)) < 0
        return super().targets(np.where(second[:, None], mirrored_actions(actions), actions))

    def _observe(self, now: Kinematics, which: Array) -> Array:
        return as_in_first_half(super()._observe(now, which))


def check_half_cycle(reference: HumanoidMotion) -> None:
    """Raise `BadInputError` unless `reference` is its own mirror image half a cycle later."""
    if abs(shift_of_symmetric(reference) - 0.5) > _HALF:
        raise BadInputError(
            "A policy for half a cycle wants a motion that is its own mirror image half a cycle later (a stride, left "
            "and right), but this one is so after another part of it. Leave out --half-cycle."
        )


def is_half_cycle(reference: HumanoidMotion) -> bool:
    """Whether `reference` is its own mirror image half a cycle later."""
    try:
        check_half_cycle(reference)
    except BadInputError:
        return False
    return True


def as_in_first_half(observations: Array) -> Array:
    """[n,277]: `observations` [n,277], those of the second half in the mirror."""
    second = observations[:, SINE] < 0
    return np.where(second[:, None], mirrored_observations(observations, 0.5), observations)
