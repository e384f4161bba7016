"""The MuJoCo engine (https://mujoco.readthedocs.io): `Engine` over `core.physics.mujoco_lanes`."""

import os
from dataclasses import fields
from typing import Any

import numpy as np

from core.errors import BadInputError
from core.physics.engine import BodyStates, Trajectories, WorldSettings, check_states, check_targets
from core.physics.mujoco_lanes import ROW_SIZE, Lanes

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
        self._spare: dict[int, Lanes] = {}

    def set_states(self, indices: Array, frames: Array, velocities: Array) -> None:
        """See `Engine`."""
        check_states(frames, velocities)
        self._lanes.set_states(np.asarray(indices), frames, velocities)

    def step(self, targets: Array, substeps: int) -> None:
        """See `Engine`."""
        check_targets(targets, (self.n, 36))
        self._lanes.advance(targets, substeps)

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
        parts = []
        for start in range(0, len(states), _CHUNK):
            chunk = slice(start, start + _CHUNK)
            parts.append(self._chunk(states[chunk], targets[chunk], substeps))
        return _joined(parts)

    def close(self) -> None:
        """See `Engine`."""
        self._spare.clear()
        del self._lanes

    def _chunk(self, states: Array, targets: Array, substeps: int) -> Trajectories:
        n = len(states)
        lanes = self._spare.get(n)
        if lanes is None:
            if len(self._spare) > 3:  # sizes change little in practice; do not collect them
                self._spare.clear()
            lanes = self._spare[n] = Lanes(self.settings, n, self._threads)
        lanes.restore(np.arange(n), states)
        seen = []
        for k in range(targets.shape[1]):
            lanes.advance(targets[:, k], substeps)
            frames, velocities = lanes.frames()
            seen.append((frames, velocities, lanes.bodies(), lanes.torques, lanes.contact_forces, lanes.intact.copy()))
        frames, velocities, bodies, torques, contacts, intact = zip(*seen, strict=True)
        return Trajectories(
            np.stack(frames, axis=1),
            np.stack(velocities, axis=1),
            BodyStates(*(np.stack(each, axis=1) for each in zip(*map(_arrays, bodies), strict=True))),
            np.stack(torques, axis=1),
            np.stack(contacts, axis=1),
            np.stack(intact, axis=1),
            lanes.save(),
        )

    def _check_rows(self, states: Array) -> None:
        if states.ndim != 2 or states.shape[1] != ROW_SIZE or not np.isfinite(states).all():
            raise BadInputError(f"States should be finite rows [N,{ROW_SIZE}] from `save`, but are {states.shape}.")


def _cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _joined(parts: list[Trajectories]) -> Trajectories:
    if len(parts) == 1:
        return parts[0]

    def join(arrays: list) -> Any:
        if isinstance(arrays[0], BodyStates):
            return BodyStates(*(np.concatenate(each) for each in zip(*map(_arrays, arrays), strict=True)))
        return np.concatenate(arrays)

    return Trajectories(*(join(list(each)) for each in zip(*map(_arrays, parts), strict=True)))


def _arrays(noun: Any) -> list:
    return [getattr(noun, each.name) for each in fields(noun)]
