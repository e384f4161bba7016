"""Looking through many runs: by name, state and kind, a page at a time."""

from dataclasses import dataclass

import sqlalchemy as sa

from core.errors import BadInputError
from core.jobs.tables import Run

STATES = ("at work", "done", "failed", "cancelled", "deleted")
"""What can be asked for by state; "at work" is queued or running."""
KINDS = ("video", "picture", "link")
MOST_AT_ONCE = 100
_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")


@dataclass(frozen=True)
class RunSearch:
    """Which runs are wanted, and which part of them.

    `text` is looked for in the name, without regard to case. `state` is one of STATES, "" for all that are not deleted;
    `kind` one of KINDS, what the run was made of, "" for any. The newest come first; `first` are left out, and at most
    `count` told.
    """

    text: str = ""
    state: str = ""
    kind: str = ""
    first: int = 0
    count: int = 24

    def __post_init__(self) -> None:
        for name, given, known in (("state", self.state, STATES), ("kind", self.kind, KINDS)):
            if given and given not in known:
                raise BadInputError(f"The {name} should be one of {', '.join(known)}, but is {given!r}.")
        if self.first < 0 or not 1 <= self.count <= MOST_AT_ONCE:
            raise BadInputError(f"1 to {MOST_AT_ONCE} runs can be asked for at once, from the first on.")


def matching(search: RunSearch, owner: str | None) -> list[sa.ColumnElement[bool]]:
    """The conditions on `Run` that a search stands for; of `owner` alone if one is named."""
    conditions: list[sa.ColumnElement[bool]] = [
        Run.deleted.is_not(None) if search.state == "deleted" else Run.deleted.is_(None)
    ]
    if owner is not None:
        conditions.append(Run.owner == owner)
    if search.text.strip():
        conditions.append(Run.name.icontains(search.text.strip(), autoescape=True))
    if search.state == "at work":
        conditions.append(Run.state.in_(("queued", "running")))
    elif search.state not in ("", "deleted"):
        conditions.append(Run.state == search.state)
    if search.kind:
        conditions.append(_kind(search.kind))
    return conditions


def kind_of(source_name: str, link: str) -> str:
    """What a run was made of: one of KINDS."""
    if link:
        return "link"
    return "picture" if source_name.lower().endswith(_PICTURES) else "video"


def _kind(kind: str) -> sa.ColumnElement[bool]:
    is_link = sa.func.coalesce(Run.settings["link"].as_string(), "") != ""
    is_picture = sa.or_(*(Run.source_name.iendswith(suffix) for suffix in _PICTURES))
    if kind == "link":
        return is_link
    return sa.and_(sa.not_(is_link), is_picture if kind == "picture" else sa.not_(is_picture))
