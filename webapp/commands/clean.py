"""`understudy clean`."""

from typing import Annotated

import typer
from rich.markup import escape

from webapp.commands.terminal import console, plain_errors


def clean(
    yes: Annotated[bool, typer.Option("--yes", help="Remove it; without this it is only listed.")] = False,
) -> None:
    """List the files that belong to no run, and policies deleted over a week ago, or remove them."""
    from core.errors import UnderstudyError
    from core.jobs.cleaning import Orphan, find_orphans
    from core.jobs.database import make_engine
    from core.jobs.migrate import check_version
    from core.notices import collecting, notice
    from webapp.settings import read_settings

    with plain_errors(), collecting() as troubles:
        settings = read_settings()
        engine = make_engine(settings.database)
        check_version(engine)
        orphans = find_orphans(engine, settings.places)
        kept: list[Orphan] = []
        for orphan in orphans:
            console.print(f"{orphan.bytes / 1e6:9.1f} MB  {escape(str(orphan.path))}: {orphan.why}")
            if yes:
                try:
                    orphan.remove()
                except UnderstudyError as error:
                    kept.append(orphan)
                    notice(f"{orphan.path} stays: {error}")
    size = sum(orphan.bytes for orphan in orphans if orphan not in kept) / 1e6
    if not orphans:
        console.print("There is nothing to remove.")
    elif yes:
        console.print(f"{size:.1f} MB are free again.")
    else:
        console.print(f"{size:.1f} MB would be freed. Add --yes to remove it.")
    for trouble in troubles:
        console.print(f"[red]{escape(trouble)}[/]")
    if troubles:
        raise typer.Exit(1)
