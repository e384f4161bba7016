"""How fast a training is beside its environment, what a second process brings, what getting up comes to.

    python -m benchmarks.training [--only speed,processes,getup,kills,heading] [--engines mujoco,bullet]
        [--rounds 7] [--seeds 3] [--kills 10] [--heading-seconds 900]

- training.samples_per_second_ratio_ENGINE: samples a second of CPU time with the update in it, over the environment's
  own with random actions; one process, the two taking turns.
- training.two_process_speedup_ENGINE: wall time of an iteration with one process over that with two; needs two cores
  that nobody else uses.
- training.getup_return: getup_facedown, unassisted, 5 CPU-minutes, one process; return over the full horizon, the worst
  of the seeds, and each seed's.
- training.kills_survived: of ten kill -9 at random moments of one training, those after which it went on; it ends with
  the samples that were asked for, and every checkpoint and rollout opens.
- training.heading_error and .heading_return: heading with w_G = 0.3 and with w_G = 0 at the same CPU time.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from benchmarks import report
from core.imitation.environment import ACTION_SIZE
from core.imitation.policy_file import OnnxPolicy
from core.imitation.ppo import TrainingSettings, train
from core.imitation.ppo.checkpoints import has_checkpoint, load_checkpoint
from core.imitation.ppo.collecting import Collector, Order
from core.imitation.ppo.curve import read_curve
from core.imitation.ppo.learner import Learner
from core.imitation.ppo.workers import Workers
from core.imitation.references import reference_called
from core.motion import Rollout


def settings_for(engine: str, **changes: object) -> TrainingSettings:
    """The defaults on one process."""
    return replace(TrainingSettings(samples=1, processes=1, engine=engine), **changes)  # type: ignore[arg-type]


def speed(engine: str, rounds: int) -> None:
    """The ratio of samples a second, by CPU time of this process."""
    settings = settings_for(engine)
    torch.set_num_threads(1)
    collector = Collector(reference_called("walk"), settings, 0, 1)
    environment = collector.environment
    learner = Learner(settings, environment.observation_size)
    random = np.random.default_rng(0)
    ratios, rates = [], []
    for k in range(rounds + 1):
        begun = time.process_time()
        learner.update(collector.collect(Order(learner.actor(), environment.starts, 0.0)))
        trained = time.process_time()
        for _ in range(settings.steps):
            environment.step(0.2 * random.standard_normal((environment.n, ACTION_SIZE)))
        alone = time.process_time() - trained
        if k:  # the first round warms up
            ratios.append(alone / (trained - begun))
            rates.append(settings.batch / (trained - begun))
    report(f"training.samples_per_cpu_second_{engine}", statistics.median(rates), "1/s")
    report(f"training.samples_per_second_ratio_{engine}", statistics.median(ratios), "x")


def processes(engine: str, rounds: int) -> None:
    """Wall time of iterations with one and with two processes, by turns; needs a quiet machine."""
    reference = reference_called("walk")
    took: dict[int, list[float]] = {1: [], 2: []}
    settings = settings_for(engine)
    with (
        Workers(reference, replace(settings, processes=1)) as one,
        Workers(reference, replace(settings, processes=2)) as two,
    ):
        for k in range(rounds + 1):
            for count, workers in ((1, one), (2, two)):
                learner = Learner(settings, one._own.environment.observation_size)
                torch.set_num_threads(count)
                begun = time.perf_counter()
                learner.update(workers.collect(Order(learner.actor(), one._own.environment.starts, 0.0)))
                if k:
                    took[count].append(time.perf_counter() - begun)
    report(f"training.two_process_speedup_{engine}", statistics.median(took[1]) / statistics.median(took[2]), "x")


def for_cpu_seconds(clip: str, cpu_seconds: float, **changes: object) -> dict[str, float]:
    """Train `clip` on one process for so many CPU seconds of this process; figures of the last evaluation."""
    begun = time.process_time()
    settings = settings_for("mujoco", samples=None, seconds=1e9, checkpoint_s=1e9, **changes)
    with tempfile.TemporaryDirectory() as folder:
        trained = train(
            reference_called(clip), settings, Path(folder), stop=lambda: time.process_time() - begun > cpu_seconds
        )
    evaluation = trained.evaluation
    return {
        "return": evaluation.mean_return,
        "from_start": evaluation.of_first,
        "goal_error": evaluation.goal_error or 0.0,
        "samples": trained.samples,
    }


def getup(seeds: int) -> None:
    """getup_facedown for five CPU-minutes a seed."""
    found = [for_cpu_seconds("getup_facedown", 300.0, seed=seed) for seed in range(seeds)]
    for seed, figures in enumerate(found):
        report(f"training.getup_return_seed_{seed}", figures["return"], "1")
        report(f"training.getup_return_from_start_seed_{seed}", figures["from_start"], "1")
        report(f"training.getup_samples_seed_{seed}", figures["samples"], "1")
    report("training.getup_return", min(f["return"] for f in found), "1")


def kills(times: int) -> None:
    """Kill one training again and again, then let it end, and open everything that it left."""
    random, samples = np.random.default_rng(0), 4096 * 6
    command = [sys.executable, "-m", "webapp", "train"]
    with tempfile.TemporaryDirectory() as parent:
        folder, survived = Path(parent) / "training", 0
        begin = [*command, "walk", "--out", str(folder), "--processes", "1", "--checkpoint", "0.5"]
        begin += ["--samples", str(samples), "--way", "ppo"]
        resume = [*command, "--resume", str(folder), "--processes", "1", "--checkpoint", "0.5"]
        for _ in range(times):
            process = subprocess.Popen(resume if has_checkpoint(folder) else begin, stderr=subprocess.DEVNULL)
            deadline = time.monotonic() + random.uniform(1.0, 30.0)
            while time.monotonic() < deadline and process.poll() is None:
                time.sleep(0.05)
            process.kill()
            survived += process.wait() in (0, -signal.SIGKILL)
            if not has_checkpoint(folder):
                shutil.rmtree(folder, ignore_errors=True)
        subprocess.run(resume if has_checkpoint(folder) else begin, check=True, stderr=subprocess.DEVNULL)
        lines = [line["samples"] for line in read_curve(folder) if "reward" in line]
        assert load_checkpoint(folder)["samples"] == samples == lines[-1]
        assert lines == list(range(4096, samples + 1, 4096))
        for path in (folder / "rollouts").glob("*.npz"):
            Rollout.load(path)
        OnnxPolicy(folder / "policy")
    report("training.kills_survived", survived, "1")


def heading(cpu_seconds: float) -> None:
    """How far off the heading is with and without its reward."""
    for weight in (0.3, 0.0):
        figures = for_cpu_seconds("walk", cpu_seconds, task="heading", task_weight=weight)
        report(f"training.heading_error_weight_{weight:g}", figures["goal_error"], "rad")
        report(f"training.heading_return_weight_{weight:g}", figures["return"], "1")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="speed,processes,getup,kills,heading")
    parser.add_argument("--engines", default="mujoco,bullet")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--heading-seconds", type=float, default=900.0)
    options = parser.parse_args()
    wanted = options.only.split(",")
    for engine in options.engines.split(","):
        if "speed" in wanted:
            speed(engine, options.rounds)
        if "processes" in wanted:
            processes(engine, options.rounds)
    if "getup" in wanted:
        getup(options.seeds)
    if "kills" in wanted:
        kills(options.kills)
    if "heading" in wanted:
        heading(options.heading_seconds)


if __name__ == "__main__":
    main()
