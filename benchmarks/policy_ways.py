"""Ways to train a policy, against each other at equal processor time, seed by seed.

    python -m benchmarks.policy_ways [--ways plain,half_cycle,...] [--seeds 0,1,2] [--minutes 1.5,2.5] [--motion walk]
                                     [--log build/policy_ways.jsonl]

Each training is `understudy train`'s own, on one process; its clock is the processor time of that process between its
first iteration and the last, evaluations and start-up left out. Whenever the clock has come to one of `--minutes` the
policy is evaluated: seconds up from 16 starts on the reference, and of 64 disturbed starts (`benchmarks.policies`) the
share that holds for 20 s. Every evaluation is a line in the log; begun again with the same log, what is there already
is not trained again. Prints policy_ways.WAY_seconds_up, _disturbed_20s and _samples at the last of `--minutes`: means
over the seeds.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import contextlib
import dataclasses
import json
import math
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.policies import seconds_up
from core.control.sampling import SETTINGS, perform_sampling
from core.humanoid.kinematics import frames_from_bodies
from core.imitation.environment import EnvironmentSettings
from core.imitation.policy_bundle import export_policy
from core.imitation.policy_file import OnnxPolicy
from core.imitation.ppo import TrainingSettings, train
from core.imitation.ppo.curve import read_curve
from core.imitation.ppo.folder import REFERENCE
from core.imitation.ppo.ways import settings_for
from core.imitation.references import reference_called
from core.motion import HumanoidMotion

ENDLESS = 10**9
STARTS = 64

FALLS_ONLY = EnvironmentSettings(most_way_m=math.inf, most_pose_m=math.inf)

PLAIN: dict[str, Any] = {"disturbed": 1.0, "gamma": 0.95, "hidden": (256, 256)}

WAYS: dict[str, dict[str, Any]] = {
    "plain": {},
    "on_the_reference": {"disturbed": 0.0},
    "disturbed_more": {"disturbed": 1.5},
    "fall_ends_only": {"environment": FALLS_ONLY},
    "deepmimic": {  # as far as our actions go: theirs are absolute, ours residual
        "disturbed": 0.0, "environment": FALLS_ONLY, "hidden": (1024, 512), "minibatch": 256, "epochs": 1,
    },
    "assist_annealed": {"assist": 1.0, "assist_samples": 300_000},
    "adaptive_starts": {"starts": "adaptive"},
    "short_episodes": {"environment": EnvironmentSettings(most_steps=30)},
    "strict_ends": {"environment": EnvironmentSettings(most_way_m=0.3, most_pose_m=0.15)},
    "small_network": {"hidden": (128, 128)},
    "large_network": {"hidden": (512, 256)},
    "two_passes": {"epochs": 2},
    "small_minibatches": {"minibatch": 512},
    "less_noise": {"std": 0.1},
    "more_noise": {"std": 0.3},
    "small_actions": {"environment": EnvironmentSettings(action_scale=0.2), "std": 0.4},
    "longer_view": {"gamma": 0.97},
    "higher_rate": {"learning_rate": 3e-4},
    "larger_updates": {"kl": 0.04},
    "smaller_updates": {"kl": 0.01},
    "reward_of_code": {"environment": EnvironmentSettings(reward="code")},
    "few_long_rollouts": {"humanoids": 128, "steps": 32},
    "larger_batch": {"humanoids": 512, "steps": 16},
    "mirrored": {"mirrored": True},
    "half_cycle": {"half_cycle": True},
    "randomised": {"randomised": 1.0},
    "half_cycle_small": {"half_cycle": True, "hidden": (128, 128)},
    "half_cycle_tiny": {"half_cycle": True, "hidden": (64, 64)},
    "combined": {"half_cycle": True, "gamma": 0.97, "disturbed": 1.5},
    "combined_small": {"half_cycle": True, "gamma": 0.97, "disturbed": 1.5, "hidden": (128, 128)},
    "combined_rate": {
        "half_cycle": True, "gamma": 0.97, "disturbed": 1.5, "hidden": (128, 128), "learning_rate": 3e-4,
    },
    "combined_strict": {
        "half_cycle": True, "gamma": 0.97, "disturbed": 1.5, "hidden": (128, 128),
        "environment": EnvironmentSettings(most_way_m=0.3, most_pose_m=0.15),
    },
    "combined_actions": {
        "half_cycle": True, "gamma": 0.97, "disturbed": 1.5, "hidden": (128, 128),
        "environment": EnvironmentSettings(action_scale=0.2), "std": 0.4,
    },
    "performed": {},
    "guided": {"way": "guided"},
}  # fmt: skip
"""What each way sets beside `PLAIN`, for a whole cycle; "performed" learns from another reference. What won is by now
what `understudy train` does by itself: "combined_small"."""


class Clock:
    """Processor time of the iterations of a training; asked between them, it stops one when the time has come."""

    def __init__(self) -> None:
        self.spent, self.until = 0.0, 0.0
        self._last: float | None = None

    def run_until(self, seconds: float) -> None:
        """Let the next training go on until so much is spent in all."""
        self.until, self._last = seconds, None

    def __call__(self) -> bool:
        """Whether to stop."""
        now = time.process_time()
        self.spent += 0.0 if self._last is None else now - self._last
        self._last = now
        return self.spent >= self.until


def performed(reference: HumanoidMotion) -> HumanoidMotion:
    """The reference as the sampling tracker performs it (refined): start states and residual base that physics allows.

    A looping motion starts over at its seam as before, a few centimetres off.
    """
    rollout = perform_sampling(reference, SETTINGS["refined"])
    frames = frames_from_bodies(rollout.body_positions, rollout.body_rotations)
    return HumanoidMotion(fps=rollout.fps, times=rollout.times, frames=frames, loop=reference.loop)


def trained(motion: str, way: str, seed: int, minutes: list[float], log: Path) -> None:
    """Train once and note every evaluation."""
    clock = Clock()
    reference = reference_called(motion)
    if way == "performed":
        begun = time.process_time()
        reference = performed(reference)
        clock.spent = time.process_time() - begun
    settings = settings_for(
        **{"samples": ENDLESS, "seed": seed, "processes": 1, "checkpoint_s": 1e9, **PLAIN, **WAYS[way]},
    )
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "training"
        for number, until in enumerate(minutes):
            clock.run_until(60 * until)
            result = train(reference, settings, folder, resume=number > 0, stop=clock)
            export_policy(folder, folder / "policy", motion)
            policy = OnnxPolicy(folder / "policy")
            held = seconds_up(policy, str(folder / REFERENCE), settings.engine, STARTS, disturbed=True)
            line = {
                "motion": motion, "way": way, "seed": seed, "minutes": until, "samples": result.samples,
                "cpu_s": round(clock.spent, 1), "seconds_up": result.evaluation.seconds_up,
                "return": result.evaluation.mean_return, "disturbed_20s": float((held >= 20).mean()),
                "disturbed_up_s": float(held.mean()), "width": read_curve(folder)[-2].get("disturbed", 0.0),
            }  # fmt: skip
            with log.open("a") as file:
                file.write(json.dumps(line) + "\n")


def lines_of(log: Path) -> list[dict[str, Any]]:
    """What the log holds; a line that was cut short counts for nothing."""
    found = []
    for line in log.read_text().splitlines() if log.exists() else []:
        with contextlib.suppress(ValueError):
            found.append(json.loads(line))
    return found


def main() -> None:
    """Train what is missing, then print."""
    known = {field.name for field in dataclasses.fields(TrainingSettings)}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ways", default=",".join(way for way, values in WAYS.items() if set(values) <= known))
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--minutes", default="1.5,2.5")
    parser.add_argument("--motion", default="walk")
    parser.add_argument("--log", type=Path, default=Path("build/policy_ways.jsonl"))
    options = parser.parse_args()
    options.log.parent.mkdir(parents=True, exist_ok=True)
    minutes = [float(each) for each in options.minutes.split(",")]
    ways, seeds = options.ways.split(","), [int(each) for each in options.seeds.split(",")]

    def done(way: str, seed: int) -> list[dict[str, Any]]:
        asked = {"motion": options.motion, "way": way, "seed": seed, "minutes": minutes[-1]}
        return [line for line in lines_of(options.log) if asked.items() <= line.items()]

    for seed in seeds:
        for way in ways:
            if not done(way, seed):
                trained(options.motion, way, seed, minutes, options.log)
    for way in ways:
        last = [line for seed in seeds for line in done(way, seed)[-1:]]
        for figure, unit in (("seconds_up", "s"), ("disturbed_20s", "share"), ("samples", "samples")):
            report(f"policy_ways.{way}_{figure}", statistics.mean(line[figure] for line in last), unit)


if __name__ == "__main__":
    main()
