"""The challenge: a page with the matrix as a heat map, and what its cells open in the viewer."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from core.imitation.challenge_folder import ChallengeFolder
from webapp.challenge_choice import Choices, Choosable
from webapp.challenge_desk import SHIPPED, ChallengeDesk
from webapp.challenge_view import ChallengeMatrix, Chosen, cell_glb, cell_view, matrix_of
from webapp.identity import current_user
from webapp.own_challenge import OWN
from webapp.own_page import own_page
from webapp.site import Site

SENTENCE = "Policies on motions that they did not learn: who falls, and when. A cell opens in the viewer."
MOST_POLICIES, MOST_MOTIONS = 12, 24
_CELL = "/api/challenges/{name}/cells/{row}/{column}"
_Key = Annotated[str, Field(min_length=1, max_length=80)]


class ChallengeChoice(BaseModel):
    """What a user's own challenge is of, by the keys of `GET /api/challenges/own/choices`."""

    model_config = ConfigDict(extra="forbid")
    policies: list[_Key] = Field(min_length=1, max_length=MOST_POLICIES)
    motions: list[_Key] = Field(min_length=1, max_length=MOST_MOTIONS)


class Choice(BaseModel):
    """A policy or a motion that can be challenged."""

    key: str
    name: str = Field(description="As the library calls it.")
    own: bool = Field(description="Whether it is the user's own; the others ship.")


class ChallengeChoices(BaseModel):
    """What can be challenged, the user's own first."""

    policies: list[Choice]
    motions: list[Choice]
    most_policies: int = MOST_POLICIES
    most_motions: int = MOST_MOTIONS
    chosen: list[str] = Field(description="What the user's own challenge is of now, as policy:KEY and motion:KEY.")


def make_challenge_router(site: Site, desk: ChallengeDesk) -> APIRouter:
    """The routes of one site."""
    router = APIRouter(tags=["Challenges"])
    one_at_a_time = asyncio.Semaphore(1)

    def found(name: str) -> tuple[ChallengeFolder, Chosen]:
        if name != OWN:
            return desk.folder(name), {}
        own = desk.own(current_user.get())
        return own.folder, own.chosen()

    def told(name: str) -> ChallengeMatrix:
        folder, chosen = found(name)
        own = desk.own(current_user.get())
        works = {SHIPPED: desk.shipped, OWN: own.work}
        running, trouble = (works[name].is_running, works[name].trouble) if name in works else (False, "")
        names = [*desk.names(), *([OWN] if own.is_chosen else [])]
        return matrix_of(folder, name, names, running, trouble, chosen)

    @router.get("/challenge", include_in_schema=False)
    def challenge_page() -> HTMLResponse:
        return own_page("challenge", "challenge", SENTENCE, "/challenge", site.settings.password is not None)

    @router.get("/api/challenges/{name}")
    def get_challenge(name: str) -> ChallengeMatrix:
        """A challenge's matrix as far as it is known; `deepmimic` is of what ships, `own` the user's own."""
        return told(name)

    @router.post(f"/api/challenges/{SHIPPED}/start")
    def start_challenge() -> ChallengeMatrix:
        """Run the policies that ship on DeepMimic's clips, or go on with that, behind everything else."""
        desk.shipped.start()
        return told(SHIPPED)

    @router.post(f"/api/challenges/{SHIPPED}/stop")
    def stop_challenge() -> ChallengeMatrix:
        """End it; what is known by now is kept."""
        desk.shipped.stop()
        return told(SHIPPED)

    @router.get(f"/api/challenges/{OWN}/choices")
    def get_choices() -> ChallengeChoices:
        """What the user may challenge: what ships, their own policies, the motions of their 100 latest runs."""
        user = current_user.get()
        own, known = desk.own(user), Choices(site.engine, site.home, user)
        policies, motions = ([_choice(each) for each in part] for part in (known.policies(), known.motions()))
        return ChallengeChoices(policies=policies, motions=motions, chosen=own.keys)

    @router.post(f"/api/challenges/{OWN}/start")
    def start_own_challenge(choice: ChallengeChoice | None = None) -> ChallengeMatrix:
        """Run chosen policies on chosen motions, or without a choice go on with the last one."""
        own = desk.own(current_user.get())
        if choice is None:
            own.go_on()
        else:
            own.start(list(dict.fromkeys(choice.policies)), list(dict.fromkeys(choice.motions)))
        return told(OWN)

    @router.post(f"/api/challenges/{OWN}/stop")
    def stop_own_challenge() -> ChallengeMatrix:
        """End it; what is known by now is kept."""
        desk.own(current_user.get()).work.stop()
        return told(OWN)

    @router.get(_CELL)
    def get_cell(name: str, row: int, column: int) -> JSONResponse:
        """The rollout of a cell's first start, told as a run is."""
        address = _CELL.format(name=name, row=row, column=column)
        folder, chosen = found(name)
        return JSONResponse(cell_view(folder, name, row, column, address, chosen))

    @router.get(_CELL + "/{which}.glb")
    async def get_cell_glb(
        name: str, row: int, column: int, which: Literal["reference", "policy", "humanoid"]
    ) -> Response:
        """The motion, the policy's performance of it, or the humanoid that performs, as a GLB."""

        def drawn() -> bytes:
            folder, chosen = found(name)
            return cell_glb(folder, row, column, which, chosen)

        async with one_at_a_time:
            content = await run_in_threadpool(drawn)
        return Response(content, media_type="model/gltf-binary", headers={"cache-control": "no-cache"})

    return router


def _choice(each: Choosable) -> Choice:
    return Choice(key=each.key, name=each.name, own=each.file is not None)
