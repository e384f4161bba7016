"""Policies as the library shows them: how well each does, and its moving picture."""

import threading
from pathlib import Path

from pydantic import BaseModel, Field

from core.arrays_on_disk import replacing
from core.errors import RunNotFoundError, UnderstudyError
from core.export.sources import motion_from_file
from core.export.sprites import sprite_strip
from core.jobs.policies import PolicyPlace
from core.jobs.trainings import TrainingRecord
from core.run_folder import RunFolder
from core.training_folder import performance_file, training_folder


class ListedPolicy(BaseModel):
    """A policy in a list."""

    id: str
    run: str = Field(description="The run whose motion it learned.")
    run_name: str
    person: int
    name: str
    state: str = Field(description="queued, running, done, failed or stopped")
    fraction: float = Field(description="How much of its budget is spent, 0 to 1.")
    error: str | None
    created: str = Field(description="ISO 8601, UTC.")
    mean_return: float | None = Field(description="Mean reward of a step at its last evaluation, 1 at most.")
    seconds_up: float | None = Field(description="How long it stays up, on average over its last evaluation.")
    horizon_s: float | None = Field(description="How long that evaluation lasted.")
    samples: int | None
    deleted: bool
    bundle_url: str | None = Field(description="Its files as one zip, null while there are none.")
    preview_url: str | None = Field(description="A strip of small pictures (WebP), null while it has not performed.")
    view_url: str | None = Field(description="The viewer's page with it beside the motion that it learned.")


class PolicyList(BaseModel):
    """A part of the list of policies."""

    policies: list[ListedPolicy]
    total: int
    page: int
    pages: int


def listed_policy(place: PolicyPlace, training: TrainingRecord) -> ListedPolicy:
    """A policy for the list, from what the database knows of it: its run's files may be elsewhere."""
    facts, address = training.facts, f"/api/runs/{place.run_id}/trainings/{training.id}"
    evaluation, performed = facts.get("evaluation") or {}, facts.get("performed")
    view = f"/viewer/index.html?run={place.run_id}&person={place.person}&panes=motion,policy-{training.id}"
    return ListedPolicy(
        id=training.id,
        run=place.run_id,
        run_name=place.run_name,
        person=place.person,
        name=training.settings["name"],
        state=training.state,
        fraction=training.fraction,
        error=training.error,
        created=training.created.isoformat(),
        mean_return=evaluation.get("return"),
        seconds_up=evaluation.get("seconds_up"),
        horizon_s=evaluation.get("horizon_s"),
        samples=evaluation.get("samples"),
        deleted=training.put_away is not None,
        bundle_url=f"{address}/bundle.zip" if facts.get("has_files") else None,
        preview_url=f"{address}/preview.webp?of={performed}" if performed else None,
        view_url=view if performed else None,
    )


def performance(run: RunFolder, person: int, training_id: str) -> Path | None:
    """The latest performance of a policy; None where there is none yet."""
    path = performance_file(run, person, training_id)
    return path if path.is_file() else None


class PolicyPreviews:
    """Moving pictures of policies: drawn once, one at a time, and kept beside the policy's files."""

    def __init__(self) -> None:
        self._drawing = threading.Lock()

    def of(self, run: RunFolder, person: int, training_id: str) -> Path:
        """The strip of a policy's latest performance; `RunNotFoundError` where there is none."""
        source = performance(run, person, training_id)
        if source is None:
            raise RunNotFoundError("The policy has not performed yet.")
        kept = training_folder(run, person, training_id).root / ".preview.webp"
        with self._drawing:
            if not kept.is_file() or kept.stat().st_mtime_ns < source.stat().st_mtime_ns:
                try:
                    strip = sprite_strip(motion_from_file(source))
                except (UnderstudyError, FileNotFoundError) as error:
                    raise RunNotFoundError("The performance of this policy cannot be read.") from error
                kept.parent.mkdir(parents=True, exist_ok=True)
                with replacing(kept) as temporary:
                    temporary.write_bytes(strip)
        return kept
