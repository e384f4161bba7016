"""What a stage wants a person to know although it went on: "rtmlib could not be reached, BlazePose was used instead".

A stage calls `notice`; whoever runs it collects with `collecting` (the pipeline writes them to run.json, the page and
the command line show them). Without a collector a notice goes to the log.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_log = logging.getLogger(__name__)
_collector: ContextVar[list[str] | None] = ContextVar("notices", default=None)


def notice(text: str) -> None:
    """Tell the person one plain sentence; the same one twice is told once."""
    collected = _collector.get()
    if collected is None:
        _log.warning("%s", text)
    elif text not in collected:
        collected.append(text)


@contextmanager
def collecting() -> Iterator[list[str]]:
    """Collect the notices given within the block (in this thread) into the list that it yields."""
    collected: list[str] = []
    token = _collector.set(collected)
    try:
        yield collected
    finally:
        _collector.reset(token)
