"""Environment steps a second of one core's CPU time, beside the DeepMimic environment that comes with PyBullet.

    python -m benchmarks.physics [--rounds N]

A step is a policy step of 1/30 s: simulation at 240 Hz, observation, reward, early termination and resets. All three
imitate the walk; their actions are the reference's own poses (residual 0 for ours). PyBullet's is stepped as its gym
wrapper steps it. CPU time, not wall time, so that a busy machine matters little; the three take turns and figures are
medians over the rounds.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pybullet_data

from benchmarks import report
from benchmarks.pybullet_envs_deep_mimic import deep_mimic_environment, policy_step
from core.control.recording import action_of
from core.humanoid.deepmimic_file import read_deepmimic
from core.imitation.environment import ACTION_SIZE, EnvironmentSettings, ImitationEnvironment
from core.imitation.reference import TICK_HZ, ReferenceTable
from core.motion import HumanoidMotion
from core.physics.bullet_engine import BulletEngine
from core.physics.engine import Engine
from core.physics.mujoco_engine import MujocoEngine

WALK = Path(pybullet_data.getDataPath()) / "data" / "motions" / "humanoid3d_walk.txt"


def pybullet_envs_runner(motion: HumanoidMotion) -> Callable[[int], None]:
    """Takes so many steps in PyBullet's environment, each towards the reference a sixtieth of a second ahead."""
    environment, table = deep_mimic_environment(), ReferenceTable(motion)
    joints = table.targets(np.arange(table.length))
    actions = [action_of(np.concatenate([np.zeros(7), each])).tolist() for each in joints]

    def run(steps: int) -> None:
        for _ in range(steps):
            policy_step(environment, actions[int(environment.t * TICK_HZ) % len(actions)])

    return run


def our_runner(motion: HumanoidMotion, engine: Engine) -> Callable[[int], None]:
    """Takes at least so many steps in our environment, all humanoids counted."""
    environment = ImitationEnvironment(motion, engine, EnvironmentSettings(reward="code"))
    environment.reset()
    nothing = np.zeros((engine.n, ACTION_SIZE))

    def run(steps: int) -> None:
        for _ in range(steps // engine.n):
            environment.step(nothing)

    return run


def steps_a_second(run: Callable[[int], None], steps: int) -> float:
    """Steps a second of CPU time, all threads of this process together."""
    started = time.process_time()
    run(steps)
    return steps / (time.process_time() - started)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    motion = read_deepmimic(WALK)
    runners = {
        "pybullet_envs": (pybullet_envs_runner(motion), 120),
        "bullet": (our_runner(motion, BulletEngine(32, record=False)), 320),
        "mujoco": (our_runner(motion, MujocoEngine(256, threads=1)), 2560),
    }
    for run, steps in runners.values():
        run(steps)  # caches, first resets
    found: dict[str, list[float]] = {name: [] for name in runners}
    for _ in range(rounds):
        for name, (run, steps) in runners.items():
            found[name].append(steps_a_second(run, steps))
    for name, figures in found.items():
        report(f"physics.{name}_steps_per_second", statistics.median(figures), "1/s")
    for name in ("bullet", "mujoco"):
        ratios = [ours / theirs for ours, theirs in zip(found[name], found["pybullet_envs"], strict=True)]
        report(f"physics.{name}_vs_pybullet_envs_ratio", statistics.median(ratios), "x")


if __name__ == "__main__":
    main()
