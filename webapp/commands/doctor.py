"""`understudy doctor`."""

import typer
from rich.markup import escape

from webapp.commands.terminal import console


def doctor() -> None:
    """Say what is installed, what is missing and how to get it."""
    from webapp.doctor import examine

    healthy = True
    for check in examine():
        mark = {"ok": "[green]ok[/]     ", "optional": "[yellow]absent[/] ", "broken": "[red]broken[/] "}[check.state]
        console.print(f"{mark} {escape(check.name):<22} {escape(check.detail)}")
        healthy &= check.state != "broken"
    raise typer.Exit(0 if healthy else 1)
