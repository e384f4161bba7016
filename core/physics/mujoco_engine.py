"""The MuJoCo engine (https://mujoco.readthedocs.io): `Engine` over `core.physics.mujoco_lanes`."""

import os

import numpy as np

from core.errors import BadInputError
from core.physics.engine import BodyStates, Trajectories, WorldSettings, check_states, check_targets
from core.physics.mujoco_lanes import ROW_SIZE, Lanes
from core.physics.rollouts import joined, play
from core.physics.root_assist import RootAssist
from core.physics.variation import Variation

Array = np.ndarray

_CHUNK = 512
"""Rollouts run so many at a time: enough to share out, few enough to stay in the cache."""


class MujocoEngine:
    """n humanoids in MuJoCo, on `threads` threads (0: as many as there are cores to use)."""

    name = "mujoco"

    def __init__(self, n: int = 1, settings: WorldSettings | None = None, threads: int = 0) -> None:
        self.settings = settings or WorldSettings()
        self.n = n
        self._threads = threads or _cores()
        self._lanes = Lanes(self.settings, n, self._threads)
        self._spare: dict[int, MujocoEngine] = {}

    def set_states(self, indices: Array, frames: Array, velocities: Array) -> None:
        """See `Engine`."""
        check_states(frames, velocities)
        self._lanes.set_states(np.asarray(indices), frames, velocities)

    def step(self, targets: Array, substeps: int) -> None:
        """See `Engine`."""
        check_targets(targets, (self.n, 36))
        self._lanes.advance(targets, substeps)

    def assist_root(self, assist: RootAssist | None) -> None:
        """Help the roots along in the steps that follow, until told otherwise; None stops it."""
        self._lanes.assist_root(assist)

    def assist_wrench(self) -> Array:
        """[n,6] N, N m: the mean of what that did during the last `step`, in the world, about the root's centre."""
        return self._lanes.assist_wrench

    def vary(self, variation: Variation) -> None:
        """Give each humanoid a character of its own, for good; `rollouts` stay with the true one."""
        self._lanes.vary(variation)

    def frames(self) -> tuple[Array, Array]:
        """See `Engine`."""
        return self._lanes.frames()

    def bodies(self) -> BodyStates:
        """See `Engine`."""
        return self._lanes.bodies()

    def torques(self) -> Array:
        """See `Engine`."""
        return self._lanes.torques

    def contact_forces(self) -> Array:
        """See `Engine`."""
        return self._lanes.contact_forces

    def intact(self) -> Array:
        """See `Engine`."""
        return self._lanes.intact.copy()

    def save(self) -> Array:
        """See `Engine`."""
        return self._lanes.save()

    def restore(self, indices: Array, states: Array) -> None:
        """See `Engine`."""
        self._check_rows(states)
        self._lanes.restore(np.asarray(indices), states)

    def rollouts(self, states: Array, targets: Array, substeps: int) -> Trajectories:
        """See `Engine`."""
        self._check_rows(states)
        check_targets(targets, (len(states), targets.shape[1] if targets.ndim == 3 else 0, 36))
        chunks = [slice(start, start + _CHUNK) for start in range(0, len(states), _CHUNK)]
        return joined([play(self._as_wide_as(states[c]), states[c], targets[c], substeps) for c in chunks])

    def close(self) -> None:
        """See `Engine`."""
        self._spare.clear()
        del self._lanes

    def _as_wide_as(self, states: Array) -> "MujocoEngine":
        n = len(states)
        if n not in self._spare:
            if len(self._spare) > 3:  # sizes change little in practice; do not collect them
                self._spare.clear()
            self._spare[n] = MujocoEngine(n, self.settings, self._threads)
        return self._spare[n]

    def _check_rows(self, states: Array) -> None:
        if states.ndim != 2 or states.shape[1] != ROW_SIZE or not np.isfinite(states).all():
            raise BadInputError(f"States should be finite rows [N,{ROW_SIZE}] from `save`, but are {states.shape}.")


def _cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
