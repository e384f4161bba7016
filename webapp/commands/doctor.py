"""`understudy doctor`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from webapp.commands.terminal import console


def doctor(
    hmr: Annotated[
        Path | None, typer.Option(help="Also try the mesh-recovery network in this folder (docs/hmr-models.md).")
    ] = None,
) -> None:
    """Say what is installed, what is missing and how to get it."""
    from webapp.doctor import examine

    healthy = True
    for check in examine(hmr):
        mark = {"ok": "[green]ok[/]     ", "optional": "[yellow]absent[/] ", "broken": "[red]broken[/] "}[check.state]
        console.print(f"{mark} {escape(check.name):<22} {escape(check.detail)}")
        healthy &= check.state != "broken"
    raise typer.Exit(0 if healthy else 1)
