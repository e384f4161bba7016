"""Rollouts: engines as wide as needed, played from saved states, chunk after chunk."""

from dataclasses import fields
from typing import Any

import numpy as np

from core.physics.engine import BodyStates, Engine, Trajectories

Array = np.ndarray


def play(engine: Engine, states: Array, targets: Array, substeps: int) -> Trajectories:
    """Let all n humanoids of `engine` go from `states` [n,W] through `targets` [n,S,36], noting every step."""
    engine.restore(np.arange(engine.n), states)
    seen = []
    for k in range(targets.shape[1]):
        engine.step(targets[:, k], substeps)
        frames, velocities = engine.frames()
        seen.append((frames, velocities, engine.bodies(), engine.torques(), engine.contact_forces(), engine.intact()))
    frames, velocities, bodies, torques, contacts, intact = (_stacked(each) for each in zip(*seen, strict=True))
    return Trajectories(frames, velocities, bodies, torques, contacts, intact, engine.save())


def joined(parts: list[Trajectories]) -> Trajectories:
    """One after another along the first axis."""
    return parts[0] if len(parts) == 1 else _each(parts, np.concatenate)


def first(n: int, whole: Trajectories) -> Trajectories:
    """The first `n` of `whole`."""
    return _each([whole], lambda arrays: arrays[0][:n])


def _stacked(steps: tuple) -> Any:
    if isinstance(steps[0], BodyStates):
        return _each(list(steps), lambda arrays: np.stack(arrays, axis=1))
    return np.stack(steps, axis=1)


def _each(nouns: list, combine: Any) -> Any:
    """A noun like `nouns`, every array of it `combine`d from theirs."""
    values = []
    for field in fields(nouns[0]):
        column = [getattr(noun, field.name) for noun in nouns]
        values.append(_each(column, combine) if isinstance(column[0], BodyStates) else combine(column))
    return type(nouns[0])(*values)
