"""`understudy worker`."""

import re
import signal
import socket
import threading
from typing import Annotated

import typer
from rich.markup import escape

from webapp.commands.terminal import console, plain_errors


def worker(
    name: Annotated[
        str | None,
        typer.Option(help="Its name, the same at every start and no other worker's (default: the machine's)."),
    ] = None,
) -> None:
    """Perform runs beside the site: one more worker on the same database and the same home."""
    from core.errors import BadInputError
    from core.jobs.database import make_engine
    from core.jobs.migrate import upgrade
    from core.jobs.worker import Worker
    from webapp.logs import set_up_logging
    from webapp.settings import read_settings

    ended = threading.Event()
    reasons: list[str] = []

    def lost(reason: str) -> None:
        reasons.append(reason)
        ended.set()

    with plain_errors():
        settings = read_settings()
        set_up_logging(settings.log_format)
        called = name or re.sub(r"[^A-Za-z0-9_-]", "-", socket.gethostname())[:40]
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", called):
            raise BadInputError(f"A worker's name should have 1 to 40 letters, digits, - or _, but is {called!r}.")
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda number, frame: ended.set())
        engine = make_engine(settings.database)
        upgrade(engine, settings.places.backups)
        with Worker(engine, settings.places, called, settings.pipeline, on_lost=lost):
            console.print(f"The worker [bold]{escape(called)}[/] takes runs (stop with Ctrl+C)")
            ended.wait()
    if reasons:
        console.print(f"[bold red]Ended:[/] {escape(reasons[0])}. Start it again.")
        raise typer.Exit(1)
    console.print("Stopped; what was running is in the queue again.")
