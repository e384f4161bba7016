"""`understudy worker`."""

import re
import signal
import socket
import threading
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from webapp.commands.terminal import console, plain_errors

if TYPE_CHECKING:
    from sqlalchemy import Engine


def worker(
    name: Annotated[
        str | None,
        typer.Option(help="Its name, the same at every start and no other worker's (default: the machine's)."),
    ] = None,
    queues: Annotated[
        str | None,
        typer.Option(help="What it takes: cpu, gpu, train, with commas between (default: all that the machine can)."),
    ] = None,
    alive: Annotated[
        bool, typer.Option("--alive", help="Only say whether the worker of this name lives (status 1 if not).")
    ] = False,
) -> None:
    """Perform runs beside the site: one more worker on the same database and the same home."""
    from core.errors import BadInputError
    from core.jobs.database import make_engine
    from core.jobs.migrate import upgrade
    from core.jobs.queues import read_limits
    from core.jobs.worker import Worker
    from webapp.logs import set_up_logging
    from webapp.settings import read_settings

    ended = threading.Event()
    reasons: list[str] = []

    def lost(reason: str) -> None:
        reasons.append(reason)
        ended.set()

    with plain_errors():
        settings = read_settings(**({} if queues is None else {"queues": queues}))
        set_up_logging(settings.log_format)
        called = name or re.sub(r"[^A-Za-z0-9_-]", "-", socket.gethostname())[:40]
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", called):
            raise BadInputError(f"A worker's name should have 1 to 40 letters, digits, - or _, but is {called!r}.")
        if alive:
            raise typer.Exit(0 if _lives(make_engine(settings.database), called) else 1)
        served, limits = settings.served_queues, read_limits(settings.queue_limits)
        if not served:
            raise BadInputError("A worker should serve one queue or more. Name them with --queues cpu,gpu,train.")
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda number, frame: ended.set())
        engine = make_engine(settings.database)
        upgrade(engine, settings.places.backups)
        with Worker(engine, settings.places, called, settings.pipeline, on_lost=lost, queues=served, limits=limits):
            console.print(f"The worker [bold]{escape(called)}[/] takes runs: {', '.join(served)} (stop with Ctrl+C)")
            ended.wait()
    if reasons:
        console.print(f"[bold red]Ended:[/] {escape(reasons[0])}. Start it again.")
        raise typer.Exit(1)
    console.print("Stopped; what was running is in the queue again.")


def _lives(engine: "Engine", name: str) -> bool:
    from core.jobs.heartbeat import list_workers

    state = next((worker.state for worker in list_workers(engine) if worker.name == name), "unknown")
    console.print(f"The worker {escape(name)} is {state}.")
    return state == "alive"
