"""Which run a thread is at, for the log."""

from contextvars import ContextVar

current_run: ContextVar[str] = ContextVar("current_run", default="")
"""The id of the run that this thread performs; empty outside of runs."""
