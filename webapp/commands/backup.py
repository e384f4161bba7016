"""`understudy backup` and `understudy restore`."""

import importlib
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from webapp.commands.terminal import console, plain_errors


def backup(file: Annotated[Path, typer.Argument(help="The new file, a zip.")]) -> None:
    """Write all runs and their files into one file; the site may be at work meanwhile."""
    from core.jobs.backup import back_up
    from core.jobs.database import make_engine
    from webapp.settings import read_settings

    with plain_errors():
        settings = read_settings()
        report = back_up(make_engine(settings.database), settings.places, file)
    size = f"{report.bytes / 1e6:.0f} MB"
    console.print(f"{report.runs} runs, {report.files} files ({size}) are in [bold]{escape(str(file))}[/]")


def restore(file: Annotated[Path, typer.Argument(help="What `understudy backup` wrote.")]) -> None:
    """Fill an empty home and database from a backup, of this version or an earlier one."""
    from core.jobs import backup as backups
    from core.jobs.database import make_engine
    from core.jobs.store import RunStore
    from core.jobs.submit import Submission
    from core.jobs.worker import make_client, prepare_queue
    from webapp.settings import read_settings

    with plain_errors():
        settings = read_settings()
        engine = make_engine(settings.database)
        report = backups.restore(engine, settings.places, file)
        if report.unfinished:
            prepare_queue(engine)
            client = make_client(engine)
            try:
                pipeline = importlib.import_module(settings.pipeline)
                Submission(RunStore(engine), settings.places, client, pipeline).queue_again(report.unfinished)
            finally:
                client.destroy()
    console.print(
        f"{report.runs} runs, {report.files} files are in [bold]{escape(str(settings.home))}[/]; "
        f"{len(report.unfinished)} of them wait in the queue."
    )
