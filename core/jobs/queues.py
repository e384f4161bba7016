"""The queues: runs that want processors alone, runs that want a GPU, trainings; who serves them, and their limits."""

from typing import Any

from core.accelerator import has_gpu
from core.errors import BadInputError

CPU, GPU, TRAIN = "cpu", "gpu", "train"
QUEUES = (CPU, GPU, TRAIN)
NONE = "none"
"""Said in the place of queues by a site that has no worker of its own."""
_STORED = {CPU: "runs"}  # what it was called before there were others: runs that wait since then are not lost


def stored_name(queue: str) -> str:
    """What DBOS calls a queue."""
    return _STORED.get(queue, queue)


def queue_of(settings: dict[str, Any]) -> str:
    """The queue of a run with these settings."""
    return GPU if settings.get("device") == GPU else CPU


def usual_queues() -> tuple[str, ...]:
    """Those that this machine can serve."""
    return QUEUES if has_gpu() else (CPU, TRAIN)


def read_queues(text: str) -> tuple[str, ...]:
    """Queues by their names with commas between; what the machine can serve where `text` is empty; none for "none"."""
    if text.strip() == NONE:
        return ()
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        _check(name)
    return tuple(queue for queue in QUEUES if queue in names) or usual_queues()


def read_limits(text: str) -> dict[str, int]:
    """How many of each queue are computed at once, by all workers together: "cpu=8, gpu=1"; others have no limit."""
    limits = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, number = (each.strip() for each in part.partition("="))
        _check(name)
        if not number.isdecimal() or int(number) < 1:
            raise BadInputError(f"A queue's limit should be like {name}=2, from 1 on, but is {part!r}.")
        limits[name] = int(number)
    return limits


def _check(name: str) -> None:
    if name not in QUEUES:
        raise BadInputError(f"A queue should be one of {', '.join(QUEUES)}, but is {name!r}.")
