"""`understudy import`: a run's zip opened as a folder."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from webapp.commands.run import unused_folder
from webapp.commands.terminal import console, plain_errors


def import_bundle(
    bundle: Annotated[Path, typer.Argument(help="A zip that `understudy export RUN --format zip` or the site made.")],
    out: Annotated[Path | None, typer.Option(help="The new folder (default: runs/NAME).")] = None,
) -> None:
    """Open a run's zip as a folder of artifacts."""
    with plain_errors():
        from core.export.bundle_opening import open_bundle
        from core.notices import collecting

        with collecting() as notices:
            folder = open_bundle(bundle, out or unused_folder(bundle.stem))
    for text in notices:
        console.print(f"[yellow]Note:[/] {escape(text)}")
    console.print(f"Opened. Everything is in [bold]{escape(str(folder.root))}[/]")
