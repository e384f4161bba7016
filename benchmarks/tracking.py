"""Sampling-based tracking, unassisted, clip by clip: who falls, how far off, at what cost.

    python -m benchmarks.tracking [--setting quick|refined] [--engine mujoco|bullet] [--clips walk,run,...]
                                  [--walker reference.txt] [--keep DIR]

The clips are PyBullet's copies of DeepMimic's, whole; `--walker` adds a reference of one's own, such as the sample's
(person-0/reference.txt of a run). The error is that of the 15 bodies in the world, unaligned, against the reference as
it was given. Failure: mean body error over 0.5 m for 0.3 s, or the root's final height off by more than 15 cm. Seconds
are this process's wall and processor time over the motion's; `--keep` writes the rollouts.
"""

import argparse
import json
import statistics
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pybullet_data

from benchmarks import report
from core.control.failure import body_errors
from core.control.feasible import at_control_rate
from core.control.performing import sampling_settings
from core.control.sampling import SETTINGS, perform_sampling
from core.humanoid.kinematics import forward_kinematics
from core.motion import HumanoidMotion
from core.notices import collecting

MOTIONS = Path(pybullet_data.getDataPath()) / "data" / "motions"
CLIPS = (
    "walk", "run", "jump", "dance_a", "dance_b", "spinkick", "cartwheel", "backflip", "punch", "kick", "roll", "crawl",
    "getup_facedown", "getup_faceup",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One clip: seconds of motion, mean and greatest error, where it fell (None: nowhere), mean imitation reward, what
    a second of motion cost."""

    clip: str
    seconds: float
    error_cm: float
    most_cm: float
    fell_at_s: float | None
    reward: float
    wall_per_s: float
    cpu_per_s: float


def track(name: str, reference: HumanoidMotion, setting: str, engine: str, keep: Path | None) -> Line:
    """Perform one clip and print its line."""
    settings = sampling_settings(setting, engine=engine)
    wall, cpu = time.perf_counter(), time.process_time()
    with collecting():
        rollout = perform_sampling(reference, settings)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if keep is not None:
        rollout.save(keep / f"{name}.npz")
    wanted = forward_kinematics(at_control_rate(reference, settings.feasible.control_hz).frames).positions
    errors = body_errors(rollout.body_positions, wanted)
    seconds = float(rollout.times[-1] - rollout.times[0])
    line = Line(
        clip=name,
        seconds=round(seconds, 2),
        error_cm=round(100 * float(errors.mean()), 2),
        most_cm=round(100 * float(errors.max()), 2),
        fell_at_s=None if np.isnan(rollout.time_to_fall_s) else round(rollout.time_to_fall_s, 2),
        reward=round(float(rollout.reward_terms.sum(axis=1).mean()), 2),
        wall_per_s=round(wall / seconds, 2),
        cpu_per_s=round(cpu / seconds, 2),
    )
    print(json.dumps({"figure": f"tracking.{setting}.{engine}", **asdict(line)}), flush=True)
    return line


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--setting", choices=sorted(SETTINGS), default="quick")
    parser.add_argument("--engine", default="mujoco")
    parser.add_argument("--clips", default=",".join(CLIPS), help="names, separated by commas")
    parser.add_argument("--walker", type=Path, help="a DeepMimic file of one's own")
    parser.add_argument("--keep", type=Path, help="folder for the rollouts")
    chosen = parser.parse_args()
    references = {
        name: HumanoidMotion.load(MOTIONS / f"humanoid3d_{name}.txt") for name in chosen.clips.split(",") if name
    }
    if chosen.walker:
        references["walker"] = HumanoidMotion.load(chosen.walker)
    lines = [track(name, each, chosen.setting, chosen.engine, chosen.keep) for name, each in references.items()]
    upright = [line for line in lines if line.fell_at_s is None]
    report("tracking.clips_without_failure", len(upright), f"of {len(lines)}")
    if upright:
        report("tracking.mean_error_cm", statistics.mean(line.error_cm for line in upright), "cm, of those")
    total = sum(line.seconds for line in lines)
    report("tracking.seconds_per_second", sum(line.wall_per_s * line.seconds for line in lines) / total, "s")
    report("tracking.cpu_seconds_per_second", sum(line.cpu_per_s * line.seconds for line in lines) / total, "s")


if __name__ == "__main__":
    main()
