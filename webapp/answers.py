"""What the routes answer with, for those who write programs: the models behind /openapi.json."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Refusal(BaseModel):
    """Why something was refused."""

    error: str = Field(description="One sentence: what was expected, what came, what to do.")


REFUSALS: dict[int | str, dict[str, Any]] = {
    code: {"model": Refusal, "description": words}
    for code, words in ((400, "Refused"), (404, "Not there, or not yours"), (422, "Not understood"))
}
"""What routes of runs refuse with, by status."""


class Started(BaseModel):
    """A run that was taken in."""

    id: str = Field(description="16 letters and digits: its place in every other address.")


class RunState(BaseModel):
    """A run and the state that it is in."""

    id: str
    state: str = Field(description="queued, running, done, failed, cancelled; deleted after a deletion")


class NamedRun(BaseModel):
    """A run and its name."""

    id: str
    name: str


class FreedBytes(BaseModel):
    """A run and what its deleted footage took."""

    id: str
    bytes: int


class StageAnswer(BaseModel):
    """How far a stage is."""

    model_config = ConfigDict(extra="forbid")
    name: str
    title: str
    state: str = Field(description="waiting, running, done, failed or skipped")
    fraction: float = Field(description="0 to 1")
    message: str
    seconds: float | None = Field(description="What it took, or has taken by now.")
    left_s: float | None = Field(description="A guess at what is left, in seconds.")


class ArtifactAnswer(BaseModel):
    """A file of a run."""

    model_config = ConfigDict(extra="forbid")
    path: str = Field(description="Within the run's folder.")
    url: str = Field(description="Where it can be had, from the site's root on.")
    bytes: int


class RunAnswer(BaseModel):
    """A run: what is known of it, and what it has made by now."""

    model_config = ConfigDict(extra="allow")
    id: str
    name: str
    state: str = Field(description="queued, running, done, failed or cancelled")
    ahead: int | None = Field(description="How many runs go before it, while it waits.")
    error: str | None = Field(description="What went wrong, in a sentence.")
    created: str = Field(description="ISO 8601, UTC.")
    settings: dict[str, Any]
    stages: list[StageAnswer]
    clip: dict[str, Any] | None = Field(description="The window as a video: url, fps, frames, width, height.")
    notices: list[str] = Field(description="What the stages wanted to be known although they went on.")
    found: list[dict[str, Any]] = Field(description="Everybody in the clip.")
    formats: list[dict[str, str]] = Field(description="What a motion can be had as: EXPORT_URL?format=NAME.")
    people: list[dict[str, Any]] = Field(description="Those of this run, with their motions and where these are.")
    metrics: dict[str, Any] | None = Field(description="person -> motion -> figure")
    artifacts: list[ArtifactAnswer]
