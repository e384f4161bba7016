"""What the commands share: where they write to a person, and how an error reads."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from core.errors import UnderstudyError

console = Console(stderr=True)
"""For people; standard output is for what a program may want to read."""


@contextmanager
def plain_errors() -> Iterator[None]:
    """Show the project's errors and the system's as one plain sentence and end with status 2; 130 after Ctrl+C."""
    try:
        yield
    except (UnderstudyError, OSError) as error:
        console.print(f"[bold red]Cannot do that.[/] {escape(str(error))}")
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        console.print("Cancelled; what was finished is kept.")
        raise typer.Exit(130) from None


def progress_bars() -> Progress:
    """Bars for the stages of a run, one below the other; brackets in what they say are brackets."""
    columns = (
        TextColumn("{task.description:<26}", markup=False),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[message]}", markup=False),
    )
    return Progress(*columns, console=console)
