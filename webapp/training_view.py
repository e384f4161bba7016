"""A training as the viewer reads it: what the store knows and what lies in its folder, as plain JSON."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from core.errors import BadInputError
from core.imitation.ppo.curve import NAME as CURVE
from core.imitation.ppo.curve import read_curve
from core.jobs.home import Home
from core.jobs.trainings import TrainingRecord
from core.run_folder import read_json
from core.training_folder import CHECKPOINTS, NOTES, WORK, training_folder
from webapp.rollout_view import physics_of
from webapp.run_view import artifact_url

MOST_POINTS = 240
"""So many iterations of a curve are told; of more, every second, third, ..., and the last."""
ITERATION = ("samples", "seconds", "reward", "kl", "learning_rate", "samples_per_second", "episode_s", "assist")
EVALUATION = (
    "samples", "seconds", "return", "return_from_start", "seconds_up", "share_up", "horizon_s", "assist", "goal_error",
)  # fmt: skip
_CHOSEN = ("seconds", "samples", "engine", "task", "assist", "seed")


def training_view(training: TrainingRecord, home: Home) -> dict[str, Any]:
    """The training for GET /api/runs/{run}/trainings/{id}. Addresses are relative to the site's root."""
    run = home.run(training.run_id)
    folder = training_folder(run, training.person, training.id).root
    last, _ = latest_lines(folder / WORK)
    evaluations = [line for line in _curve(folder / WORK) if "return" in line]
    return {
        "id": training.id,
        "person": training.person,
        "name": training.settings["name"],
        "state": training.state,
        "stopping": training.stop_requested and training.state == "running",
        "error": training.error,
        "fraction": training.fraction,
        "message": training.message,
        "ahead": training.ahead,
        "created": training.created.isoformat(),
        "settings": {name: training.settings["training"][name] for name in _CHOSEN},
        "iteration": None if last is None else {name: last.get(name) for name in ITERATION},
        "evaluation": {name: evaluations[-1].get(name) for name in EVALUATION} if evaluations else None,
        "checkpoints": _checkpoints(training, folder, run.root, evaluations),
        "notices": _notices(folder / WORK / NOTES),
        "bundle_url": f"/api/runs/{training.run_id}/trainings/{training.id}/bundle.zip"
        if policy_files(folder)
        else None,
    }


def latest_lines(work: Path) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """The last iteration and the last evaluation of the training in `work`; None before there is one."""
    backwards = _curve(work)[::-1]
    iteration, evaluation = (next((line for line in backwards if name in line), None) for name in ("kl", "return"))
    return iteration, evaluation


def curve_view(work: Path) -> dict[str, Any]:
    """The curve for GET /api/runs/{run}/trainings/{id}/curve: name -> values, of iterations and of evaluations.

    Reward terms are among the iterations' columns as "terms": name -> values.
    """
    curve = _curve(work)
    iterations = [line for line in curve if "kl" in line]
    step = max(1, -(-len(iterations) // MOST_POINTS))
    kept = iterations[::-step][::-1]
    terms = list(kept[-1]["terms"]) if kept else []
    columns: dict[str, Any] = {name: [line.get(name) for line in kept] for name in ITERATION}
    columns["terms"] = {name: [line["terms"].get(name) for line in kept] for name in terms}
    evaluations = [line for line in curve if "return" in line]
    return {
        "iterations": columns,
        "evaluations": {name: [line.get(name) for line in evaluations] for name in EVALUATION},
    }


def policy_files(folder: Path) -> list[Path]:
    """The files of the policy in a training's folder; none before it was written."""
    files = sorted(path for path in folder.glob("*") if path.is_file() and not path.name.startswith("."))
    return files if any(path.name == "card.md" for path in files) else []


def _checkpoints(
    training: TrainingRecord, folder: Path, root: Path, evaluations: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    found = []
    for line in evaluations:
        shown = folder / CHECKPOINTS / f"{line['samples']:010d}.glb"
        if shown.is_file():
            found.append(
                {
                    "samples": line["samples"],
                    "seconds": line["seconds"],
                    "return": line["return"],
                    "seconds_up": line["seconds_up"],
                    "assist": line["assist"],
                    "url": artifact_url(training.run_id, shown.relative_to(root).as_posix()),
                    "physics": physics_of(folder / WORK / "rollouts" / f"{shown.stem}.npz"),
                }
            )
    return found


def _curve(work: Path) -> list[dict[str, Any]]:
    try:
        facts = (work / CURVE).stat()
    except FileNotFoundError:
        return []
    return _curve_of(work, facts.st_mtime_ns, facts.st_size)


@lru_cache(maxsize=16)
def _curve_of(work: Path, modified: int, size: int) -> list[dict[str, Any]]:
    return read_curve(work)


def _notices(path: Path) -> list[str]:
    try:
        told = read_json(path)
    except BadInputError:
        return []
    return list(dict.fromkeys(text for texts in told.values() for text in texts))
