"""Routes of trainings: start, look, stop, resume, take the policy away; behind the check of the run's owner."""

import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from core.errors import BadInputError, RunNotFoundError
from core.imitation.ppo.settings import TrainingSettings
from core.imitation.ppo.ways import settings_for
from core.jobs.home import safe_file_name
from core.jobs.policies import is_put_away
from core.jobs.trainings import TrainingRecord
from core.training_folder import WORK, training_folder
from webapp.downloads import attachment
from webapp.site import Site
from webapp.training_view import curve_view, policy_files, training_view

_FRESH = {"cache-control": "no-store"}
_CHECKPOINTS_A_TRAINING = 20
_LEAST_CHECKPOINT_S, _MOST_CHECKPOINT_S = 5.0, 60.0
_LARGEST_SEED = 2**31 - 1


class TrainingChoices(BaseModel):
    """What a training is started with; a budget is needed."""

    model_config = ConfigDict(extra="forbid")
    person: int = Field(0, ge=0, le=999)
    seconds: float | None = None
    samples: int | None = None
    engine: str = "mujoco"
    task: str = ""
    assist: float = 0.0
    seed: int = Field(0, ge=0, le=_LARGEST_SEED)


class Resumption(BaseModel):
    """How a training goes on: to its budget, or for so many seconds more."""

    model_config = ConfigDict(extra="forbid")
    more_seconds: float | None = None


def training_settings(choices: TrainingChoices, most_seconds: float) -> TrainingSettings:
    """The settings that a choice stands for; `BadInputError` for what makes no sense."""
    if choices.seconds is not None and choices.seconds > most_seconds:
        raise BadInputError(
            f"A training may take at most {most_seconds / 60:g} minutes here, but {choices.seconds / 60:g} were asked "
            "for. Take less; it can be downloaded and resumed elsewhere by `understudy train`."
        )
    seconds = most_seconds if choices.seconds is None and choices.samples is not None else choices.seconds
    interval = (seconds or 0.0) / _CHECKPOINTS_A_TRAINING
    return settings_for(
        samples=choices.samples,
        seconds=seconds,
        engine=choices.engine,
        seed=choices.seed,
        task=choices.task,
        assist=choices.assist,
        checkpoint_s=min(max(interval, _LEAST_CHECKPOINT_S), _MOST_CHECKPOINT_S),
    )


def add_training_routes(router: APIRouter, site: Site) -> None:
    """Add them to the router of runs, whose dependency looks whose run it is."""
    at = "/api/runs/{run_id}/trainings"
    most_seconds = 60 * site.settings.max_training_minutes

    def viewed(training: TrainingRecord) -> dict[str, Any]:
        return training_view(training, site.home)

    @router.get(at)
    def list_trainings(run_id: str) -> JSONResponse:
        """All trainings of a run, oldest first; those that were deleted are left out."""
        run = site.home.run(run_id)
        found = [t for t in site.trainings().store.of_run(run_id) if not is_put_away(run, t.person, t.id)]
        return JSONResponse({"trainings": [viewed(each) for each in found]}, headers=_FRESH)

    @router.post(at, status_code=201)
    def start_training(run_id: str, choices: TrainingChoices) -> dict[str, str]:
        """Train a policy for a person's motion; answers with the training's id."""
        settings = training_settings(choices, most_seconds)
        return {"id": site.trainings().start(run_id, choices.person, settings).id}

    @router.get(at + "/{training_id}")
    def get_training(run_id: str, training_id: str) -> JSONResponse:
        """A training: its state, its latest figures, its checkpoints."""
        return JSONResponse(viewed(site.trainings().store.get(run_id, training_id)), headers=_FRESH)

    @router.get(at + "/{training_id}/curve")
    def get_curve(run_id: str, training_id: str) -> JSONResponse:
        """How it learned so far: columns over its iterations (of many, some hundred) and its evaluations."""
        return JSONResponse(curve_view(_folder(site, run_id, training_id) / WORK), headers=_FRESH)

    @router.post(at + "/{training_id}/stop")
    def stop_training(run_id: str, training_id: str) -> dict[str, str]:
        """Ask for a training to end with a checkpoint; answers with the state that it is in."""
        return {"id": training_id, "state": site.trainings().stop(run_id, training_id).state}

    @router.post(at + "/{training_id}/resume")
    def resume_training(run_id: str, training_id: str, how: Resumption | None = None) -> dict[str, str]:
        """Go on with a training that has ended; answers with the state that it is in."""
        more = how.more_seconds if how else None
        return {"id": training_id, "state": site.trainings().resume(run_id, training_id, more, most_seconds).state}

    @router.get(at + "/{training_id}/bundle.zip")
    def get_policy(run_id: str, training_id: str) -> Response:
        """The policy's files in one zip."""
        folder = _folder(site, run_id, training_id)
        name = f"{site.store.get(run_id).name.removesuffix('.mp4')} policy"
        headers = attachment(name, ".zip") | _FRESH
        return Response(_zipped(folder, safe_file_name(name)), media_type="application/zip", headers=headers)


def _folder(site: Site, run_id: str, training_id: str) -> Path:
    training = site.trainings().store.get(run_id, training_id)
    return training_folder(site.home.run(run_id), training.person, training_id).root


def _zipped(folder: Path, name: str) -> bytes:
    files = policy_files(folder)
    if not files:
        raise RunNotFoundError("This training has no policy yet: it comes when the training ends or is stopped.")
    data = BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, f"{name}/{path.name}")
    return data.getvalue()
