"""Engines and environments from the settings of a training."""

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from core.imitation.environment import EnvironmentSettings, ImitationEnvironment
from core.imitation.half_cycle import HalfCycleEnvironment
from core.imitation.references import reference_called
from core.imitation.tasks import TaskEnvironment
from core.motion import HumanoidMotion
from core.physics.bullet_engine import BulletEngine
from core.physics.engine import Engine, WorldSettings
from core.physics.mujoco_engine import MujocoEngine
from core.physics.variation import draw_variation

if TYPE_CHECKING:
    from core.imitation.ppo.settings import TrainingSettings


_DISTURBED_STEPS = 90
"""Policy steps: recovery takes one second, and should be a good part of what is learned from."""


def make_engine(name: str, n: int, step_hz: float, record: bool = False, threads: int = 1) -> Engine:
    """An engine called "mujoco" (on one thread unless told: processes share the work out) or "bullet" with `n`
    humanoids.

    `record`: contact forces and torques of whole control steps, which Bullet takes twice as long for.
    """
    world = WorldSettings(step_hz=step_hz)
    return MujocoEngine(n, world, threads) if name == "mujoco" else BulletEngine(n, world, record=record)


def make_environment(
    reference: HumanoidMotion, settings: "TrainingSettings", n: int, seed: tuple[int, ...]
) -> ImitationEnvironment:
    """The environment that a training learns in; where starts are disturbed, episodes are short.

    Randomised humanoids keep their character for the whole training: it follows from `seed`, no state has it (another
    number of processes makes others).
    """
    engine = make_engine(settings.engine, n, settings.step_hz)
    if settings.randomised and isinstance(engine, MujocoEngine):
        engine.vary(draw_variation(n, settings.randomised, np.random.default_rng((*seed, 2))))
    world = settings.environment
    if settings.disturbed:
        world = dataclasses.replace(world, most_steps=min(world.most_steps, _DISTURBED_STEPS))
    if settings.beside:
        return ImitationEnvironment([reference, *map(reference_called, settings.beside)], engine, world, seed)
    return _with_task(reference, engine, settings, world, seed)


def make_evaluation(reference: HumanoidMotion, settings: "TrainingSettings", n: int) -> ImitationEnvironment:
    """One that never starts anew by itself, for evaluations: what fell lies."""
    engine = make_engine(settings.engine, n, settings.step_hz, record=True)
    world: EnvironmentSettings = dataclasses.replace(settings.environment, restarts=False)
    return _with_task(reference, engine, settings, world, (settings.seed, 10_000))


def _with_task(
    reference: HumanoidMotion, engine: Engine, settings: "TrainingSettings", world: EnvironmentSettings,
    seed: tuple[int, ...],
) -> ImitationEnvironment:  # fmt: skip
    if settings.half_cycle:
        return HalfCycleEnvironment(reference, engine, world, seed)
    if not settings.task:
        return ImitationEnvironment(reference, engine, world, seed)
    return TaskEnvironment(reference, engine, world, seed, settings.task, settings.task_weight)
