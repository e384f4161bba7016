"""Several motions as one reference, for one policy that tracks them all.

They lie one after the other on the 480 Hz clock; an episode begins anywhere in any of them and ends where its motion
ends. What tells the policy which motion it performs is where the reference goes next, not the phase, which means
something else in each (`EnvironmentSettings.phase`); so it can be given motions that it never learned.
"""

from collections.abc import Sequence
from dataclasses import fields

import numpy as np

from core.imitation.reference import TICK_HZ, TICKS_A_STEP, Kinematics, ReferenceTable
from core.motion import HumanoidMotion

Array = np.ndarray

LEAST_S = 4.0
"""A looping motion is repeated until it lasts so long: an episode of 3 s then seldom runs into its end."""


class Repertoire(ReferenceTable):
    """Motions one after the other, each with what follows it for a control step, so that the policy can look ahead.

    All start states are equally likely, so longer motions are drawn more often.
    """

    def __init__(self, motions: Sequence[HumanoidMotion], lead_s: float = 0.1, ahead_s: float = 1.0 / 60) -> None:
        """As `ReferenceTable`, which it takes the place of."""
        tables, targets, self._ended = [], [], np.zeros(0, bool)
        for motion in motions:
            one = ReferenceTable(motion, lead_s, ahead_s)
            cycles = max(1, int(np.ceil(LEAST_S * TICK_HZ / one.length))) if one.loop else 1
            ticks = np.arange(cycles * one.length + 2 * TICKS_A_STEP)
            tables.append(one.at(ticks))
            targets.append(one.targets(ticks))
            self._ended = np.concatenate([self._ended, ticks >= cycles * one.length])
        values = [np.concatenate([getattr(table, f.name) for table in tables]) for f in fields(Kinematics)]
        self.table = Kinematics(*values)
        self._targets = np.concatenate(targets)
        self.loop, self.cycle_offset = False, np.zeros(3)
        self.length = len(self._ended) - 1
        self._begins = np.flatnonzero(~self._ended)

    def ended(self, ticks: Array) -> Array:
        """[n] bool: at the end of one of the motions."""
        return self._ended[self._within(ticks)]

    def ticks_at(self, phases: Array) -> Array:
        """[n] ticks at `phases` [n] in [0,1) of all motions together; never in what follows one."""
        return self._begins[(phases * len(self._begins)).astype(int)]
