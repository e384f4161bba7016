"""How robust the policies that ship are, and what training one costs.

    python -m benchmarks.policies [--starts 64] [--engines mujoco,bullet] [--elsewhere-hz 240] [--policy FOLDER]
        [--train walk --samples N --seed S]

- policies.NAME_survival_20s: of so many starts over all phases, joints off by 0.1 rad and the root by 0.3 m/s, the
  share that never fails in 20 s (fall, 0.6 m off the way, or bodies off by 0.25 m on average); .NAME_seconds_up: their
  mean time to failure; .NAME_undisturbed_20s, .NAME_undisturbed_seconds_up: the same from starts on the reference; all
  in the engine it learned in, and again in the other one.
- policies.walk_cpu_minutes (with --train): CPU time of `understudy train`, with the survival of what it trained.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import report
from core.imitation.environment import EnvironmentSettings, ImitationEnvironment
from core.imitation.making import make_engine
from core.imitation.policy_file import OnnxPolicy
from core.imitation.ppo.settings import STEP_HZ
from core.imitation.references import reference_called
from core.imitation.shipped import shipped, shipped_policy
from core.imitation.starts import Evenly

STEPS = 600
JOINTS_RAD, ROOT_SPEED = 0.1, 0.3


def seconds_up(
    policy: OnnxPolicy, clip: str, engine: str, starts: int, disturbed: bool, step_hz: float = 0.0
) -> np.ndarray:
    """[starts] s until each humanoid failed, 20 at most; of a motion that ends, its last posture is to be held.

    `step_hz`: of the simulation; 0 takes what it learned with, or in the other engine what is learned with there.
    """
    how = policy.conventions
    world = EnvironmentSettings(
        lead_s=how.lead_s, ahead_s=how.ahead_s, restarts=False, action_scale=1.0, most_steps=STEPS
    )
    step_hz = step_hz or (how.step_hz if engine == how.engine else STEP_HZ[engine])
    made = make_engine(engine, starts, step_hz, record=True)
    environment = ImitationEnvironment(reference_called(clip), made, world, 0)
    environment.starts = Evenly()
    observations = environment.reset()
    if disturbed:
        observations = environment.disturb(np.random.default_rng(0), JOINTS_RAD, ROOT_SPEED)
    up, alive = np.zeros(starts), np.ones(starts, bool)
    for _ in range(STEPS):
        outcome = environment.step(policy.offsets(observations))
        observations = outcome.observations
        alive &= ~outcome.terminated
        up += alive
        if not alive.any():
            break
    made.close()
    return up / 30


def held(policy: OnnxPolicy, name: str, clip: str, engines: list[str], starts: int, elsewhere_hz: float = 0.0) -> None:
    """Report a policy's figures in each engine, simulated at `elsewhere_hz` where it did not learn."""
    for engine in engines:
        at_home = engine == policy.conventions.engine
        where, step_hz = ("", 0.0) if at_home else (f"_{engine}", elsewhere_hz)
        up = seconds_up(policy, clip, engine, starts, True, step_hz)
        report(f"policies.{name}_survival_20s{where}", float((up >= 20).mean()), "share")
        report(f"policies.{name}_seconds_up{where}", float(up.mean()), "s")
        plain = seconds_up(policy, clip, engine, starts, False, step_hz)
        report(f"policies.{name}_undisturbed_20s{where}", float((plain >= 20).mean()), "share")
        report(f"policies.{name}_undisturbed_seconds_up{where}", float(plain.mean()), "s")


def trained(clip: str, samples: int, seed: int, engines: list[str], starts: int) -> None:
    """Train by the command, and report what it cost and came to."""
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / clip
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "webapp", "train", clip, "--samples", str(samples), "--seed", str(seed)]
        subprocess.run([*command, "--checkpoint", "600", "--out", str(folder)], check=True, stderr=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        report(f"policies.{clip}_cpu_minutes", spent / 60, "min")
        held(OnnxPolicy(folder / "policy"), f"{clip}_seed_{seed}", clip, engines, starts)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=64)
    parser.add_argument("--engines", default="mujoco,bullet")
    parser.add_argument("--elsewhere-hz", type=float, default=0.0, help="in the other engine (mujoco 120, bullet 240)")
    parser.add_argument("--policy", type=Path, help="measure this one, of the walk, instead")
    parser.add_argument("--train", help="train this clip first, instead of measuring those that ship")
    parser.add_argument("--samples", type=int, default=3_000_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    engines = options.engines.split(",")
    if options.train:
        trained(options.train, options.samples, options.seed, engines, options.starts)
        return
    if options.policy:
        held(OnnxPolicy(options.policy), "walk", "walk", engines, options.starts, options.elsewhere_hz)
        return
    for name, clip in shipped().items():
        held(shipped_policy(name), clip, clip, engines, options.starts, options.elsewhere_hz)


if __name__ == "__main__":
    main()
