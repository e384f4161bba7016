"""`understudy recover`."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from webapp.commands.terminal import console, plain_errors


def recover(
    name: Annotated[
        str | None, typer.Argument(help="The worker that is gone; without it, all workers are listed.")
    ] = None,
) -> None:
    """Give the runs of a worker that is gone back to the queue, for the others."""
    from core.jobs import recovery
    from core.jobs.database import make_engine
    from core.jobs.heartbeat import list_workers
    from core.jobs.migrate import check_version
    from core.jobs.worker import make_client, prepare_queue
    from webapp.settings import read_settings

    with plain_errors():
        engine = make_engine(read_settings().database)
        check_version(engine)
        if name is None:
            table = Table("worker", "machine", "process", "queues", "state", "last sign")
            for each in list_workers(engine):
                sign = f"{each.silent_s:.0f} s ago"
                table.add_row(each.name, each.host, str(each.pid), ", ".join(each.queues), each.state, sign)
            console.print(table)
            return
        prepare_queue(engine)
        client = make_client(engine)
        try:
            runs = recovery.recover(engine, client, name)
        finally:
            client.destroy()
    told = f"{len(runs)} run{'s are' if len(runs) != 1 else ' is'} in the queue again: {', '.join(runs)}"
    console.print(escape(told if runs else f"The worker {name} left no run behind."))
