"""Sampling-based tracking, unassisted, clip by clip: who falls, how far off, at what cost.

    python -m benchmarks.tracking [--setting quick|refined] [--engine mujoco|bullet] [--clips walk,run,...]
                                  [--own walker=RUN/person-0 squat=squat.txt ...]
                                  [--samples N] [--keep DIR]

The clips are PyBullet's copies of DeepMimic's, whole; `--own` adds references of one's own by name: DeepMimic files, or
the folders of persons in runs (`understudy run SAMPLE`), which bring the boxes they stand on. The error is that of the
15 bodies in the world, unaligned, against the reference as it was given. Failure: mean body error over 0.5 m for 0.3 s,
or the root's final height off by more than 15 cm. Slide: mean horizontal speed of the corners of feet that stand in the
reference (lower than 6 cm, slower than 1 m/s); depth: of the lowest point of the humanoid in the ground, mean over
frames; both beside the reference's own. Seconds are this process's wall and processor time over the motion's; `--keep`
writes the rollouts.
"""

import argparse
import json
import statistics
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pybullet_data

from benchmarks import report
from core.control.failure import body_errors
from core.control.feasible import at_control_rate
from core.control.footing import standing_feet
from core.control.performing import sampling_settings
from core.control.sampling import SETTINGS, perform_sampling
from core.humanoid.kinematics import BodyPoses, foot_corners, forward_kinematics
from core.humanoid.shapes import lowest_points
from core.motion import BodyMotion, HumanoidMotion
from core.notices import collecting

MOTIONS = Path(pybullet_data.getDataPath()) / "data" / "motions"
CLIPS = (
    "walk", "run", "jump", "dance_a", "dance_b", "spinkick", "cartwheel", "backflip", "punch", "kick", "roll", "crawl",
    "getup_facedown", "getup_faceup",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One clip: seconds of motion, mean and greatest error, where it fell (None: nowhere), mean imitation reward, slide
    and depth of the rollout and of its reference, what a second of motion cost."""

    clip: str
    seconds: float
    error_cm: float
    most_cm: float
    fell_at_s: float | None
    reward: float
    slide_cm_s: float
    reference_slide_cm_s: float
    depth_mm: float
    reference_depth_mm: float
    wall_per_s: float
    cpu_per_s: float


def own(path: Path) -> tuple[HumanoidMotion, BodyMotion | None]:
    """The reference in a DeepMimic file, or that of a person in a run and their motion."""
    if path.is_dir():
        return HumanoidMotion.load(path / "reference.txt"), BodyMotion.load(path / "motion.npz")
    return HumanoidMotion.load(path), None


def track(name: str, path: Path, chosen: argparse.Namespace) -> Line:
    """Perform one clip and print its line."""
    reference, on = own(path)
    settings = sampling_settings(chosen.setting, on=on, scale=reference.scale, engine=chosen.engine)
    if chosen.samples:
        settings = replace(settings, samples=chosen.samples, kept=max(1, chosen.samples // 5))
    wall, cpu = time.perf_counter(), time.process_time()
    with collecting():
        rollout = perform_sampling(reference, settings)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if chosen.keep is not None:
        rollout.save(chosen.keep / f"{name}.npz")
    given = at_control_rate(reference, settings.feasible.control_hz)
    wanted = forward_kinematics(given.frames)
    done = BodyPoses(rollout.body_positions, rollout.body_positions, rollout.body_rotations)
    errors = body_errors(done.positions, wanted.positions)
    standing = standing_feet(given.frames, given.fps, settings.feasible.footing)
    seconds = float(rollout.times[-1] - rollout.times[0])
    line = Line(
        clip=name,
        seconds=round(seconds, 2),
        error_cm=round(100 * float(errors.mean()), 2),
        most_cm=round(100 * float(errors.max()), 2),
        fell_at_s=None if np.isnan(rollout.time_to_fall_s) else round(rollout.time_to_fall_s, 2),
        reward=round(float(rollout.reward_terms.sum(axis=1).mean()), 2),
        slide_cm_s=slide(done, standing, given.fps),
        reference_slide_cm_s=slide(wanted, standing, given.fps),
        depth_mm=depth(done),
        reference_depth_mm=depth(wanted),
        wall_per_s=round(wall / seconds, 2),
        cpu_per_s=round(cpu / seconds, 2),
    )
    print(json.dumps({"figure": f"tracking.{chosen.setting}.{chosen.engine}", **asdict(line)}), flush=True)
    return line


def slide(poses: BodyPoses, standing: np.ndarray, fps: float) -> float:
    """cm/s: mean horizontal speed of the corners of feet while `standing` [T,2], from one frame to the next."""
    moved = np.diff(foot_corners(poses)[..., [0, 2]], axis=0) * fps
    both = standing[1:] & standing[:-1]
    return round(100 * float(np.linalg.norm(moved, axis=-1)[both].mean()), 2) if both.any() else 0.0


def depth(poses: BodyPoses) -> float:
    """mm: how deep the humanoid's lowest point is in the ground (y = 0), mean over all frames."""
    lowest = lowest_points(poses.positions, poses.rotations).min(axis=1)
    return round(1000 * float(np.maximum(-lowest, 0.0).mean()), 2)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--setting", choices=sorted(SETTINGS), default="quick")
    parser.add_argument("--engine", default="mujoco")
    parser.add_argument("--clips", default=",".join(CLIPS), help="names, separated by commas")
    parser.add_argument("--own", nargs="*", default=[], help="NAME=FILE or NAME=FOLDER, references of one's own")
    parser.add_argument("--samples", type=int, help="a window, instead of the setting's; a fifth of them kept")
    parser.add_argument("--keep", type=Path, help="folder for the rollouts")
    chosen = parser.parse_args()
    files = {name: MOTIONS / f"humanoid3d_{name}.txt" for name in chosen.clips.split(",") if name}
    files |= {name: Path(path) for name, _, path in (each.partition("=") for each in chosen.own)}
    lines = [track(name, path, chosen) for name, path in files.items()]
    upright = [line for line in lines if line.fell_at_s is None]
    report("tracking.clips_without_failure", len(upright), f"of {len(lines)}")
    if upright:
        report("tracking.mean_error_cm", statistics.mean(line.error_cm for line in upright), "cm, of those")
    total = sum(line.seconds for line in lines)
    report("tracking.seconds_per_second", sum(line.wall_per_s * line.seconds for line in lines) / total, "s")
    report("tracking.cpu_seconds_per_second", sum(line.cpu_per_s * line.seconds for line in lines) / total, "s")


if __name__ == "__main__":
    main()
