"""How a stage tells how far it is.

A stage takes a `Progress`: a callable of the fraction done in [0, 1] and a short message. The caller may raise
`core.errors.CancelledError` from it, which ends the stage at that point; stages therefore report often (at least about
twice a second) and hold nothing that an exception would leave half written.
"""

from collections.abc import Callable

Progress = Callable[[float, str], None]


def silent(fraction: float, message: str = "") -> None:
    """The progress callback of those who do not want to know."""


def part_of(progress: Progress, start: float, end: float) -> Progress:
    """A callback for a sub-stage that fills `progress` from `start` to `end` (fractions of the whole)."""

    def report(fraction: float, message: str = "") -> None:
        progress(start + (end - start) * min(max(fraction, 0.0), 1.0), message)

    return report
