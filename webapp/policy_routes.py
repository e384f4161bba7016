"""Policies in the library: their list, their moving pictures; renamed, deleted and brought back."""

import asyncio
import math
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from core.errors import BadInputError
from core.jobs.home import RUN_ID, SITE_PART
from core.jobs.policies import PolicySearch, PolicyStore, marker
from core.jobs.trainings import TrainingRecord, TrainingStore
from webapp.identity import current_user
from webapp.own_page import own_page
from webapp.policy_view import PolicyList, PolicyPreviews, listed_policy
from webapp.site import Site, plain_name

_AT = "/api/runs/{run_id}/trainings/{training_id}"
_MOST = 100
_MOST_IDS = 24
_STATES = {"at work": ("queued", "running"), "done": ("done",), "failed": ("failed",), "stopped": ("stopped",)}
SENTENCE = "What was learned from the motions of runs: see it perform, compare how it learned, take it away."


class PolicyName(BaseModel):
    """What a policy is to be called."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=1000)


class PolicyState(BaseModel):
    """A policy, and whether it is deleted."""

    id: str
    deleted: bool


def make_policy_router(site: Site) -> APIRouter:
    """The routes of one site."""
    router = APIRouter(tags=["Policies"])
    policies, trainings = PolicyStore(site.engine), TrainingStore(site.engine)
    previews, one_at_a_time = PolicyPreviews(), asyncio.Semaphore(1)

    def found(run_id: str, training_id: str) -> TrainingRecord:
        site.store.check(run_id)
        return trainings.get(run_id, training_id)

    @router.get("/policies", include_in_schema=False)
    def policies_page() -> HTMLResponse:
        return own_page("policies", "policies", SENTENCE, "/library", site.settings.password is not None)

    @router.get("/api/policies")
    def list_policies(
        search: Annotated[str, Query(max_length=200, description="Part of the name.")] = "",
        state: Annotated[
            Literal["", "at work", "done", "failed", "stopped", "deleted"],
            Query(description="How the training stands, or deleted; all that are not deleted if empty."),
        ] = "",
        ids: Annotated[
            str, Query(description=f"Only those with these ids, {_MOST_IDS} at most, with commas between them.")
        ] = "",
        page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
        size: Annotated[int, Query(ge=1, le=_MOST, description="Policies on a page.")] = _MOST,
    ) -> PolicyList:
        """The user's policies, of all their runs, newest first."""
        named = ids.split(",") if ids else None
        if named and len(named) > _MOST_IDS:
            raise BadInputError(f"{len(named)} ids were given, and at most {_MOST_IDS} are looked for at once.")
        wanted = None if named is None else tuple(filter(RUN_ID.fullmatch, named))  # others name nothing
        wish = PolicySearch(search, _STATES.get(state, ()), state == "deleted", (page - 1) * size, size, wanted)
        found, total = policies.find(current_user.get(), wish)
        told = [listed_policy(place, training) for place, training in found]
        return PolicyList(policies=told, total=total, page=page, pages=max(1, math.ceil(total / size)))

    @router.patch(_AT)
    def rename_policy(run_id: str, training_id: str, changes: PolicyName) -> PolicyName:
        """Call a policy otherwise; answers with the name that it has now."""
        found(run_id, training_id)
        plain = plain_name(changes.name)
        policies.rename(run_id, training_id, plain)
        return PolicyName(name=plain)

    @router.delete(_AT)
    def delete_policy(run_id: str, training_id: str) -> PolicyState:
        """Put a policy away; it can be brought back for a week."""
        training = found(run_id, training_id)
        if not training.is_ended:
            raise BadInputError("This policy is still learning. Stop it first, then delete it.")
        site.home.pull(run_id)
        place = marker(site.home.run(run_id), training.person, training_id)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
        site.home.push(run_id, SITE_PART)
        policies.put_away(run_id, training_id, datetime.now(UTC))
        return PolicyState(id=training_id, deleted=True)

    @router.post(f"{_AT}/restore")
    def restore_policy(run_id: str, training_id: str) -> PolicyState:
        """Bring a deleted policy back."""
        training = found(run_id, training_id)
        site.home.pull(run_id)
        marker(site.home.run(run_id), training.person, training_id).unlink(missing_ok=True)
        site.home.push(run_id, SITE_PART)
        policies.put_away(run_id, training_id, None)
        return PolicyState(id=training_id, deleted=False)

    @router.get(f"{_AT}/preview.webp", response_class=FileResponse)
    async def get_policy_preview(run_id: str, training_id: str) -> FileResponse:
        """A moving picture of the policy's latest performance: 24 pictures of 208 px side by side."""
        training = await run_in_threadpool(found, run_id, training_id)
        async with one_at_a_time:
            folder = await run_in_threadpool(site.home.run, run_id)  # which may have to be fetched
            kept = await run_in_threadpool(previews.of, folder, training.person, training_id)
        return FileResponse(kept, media_type="image/webp", headers={"cache-control": "private, max-age=86400"})

    return router
