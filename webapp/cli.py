"""The command line: `understudy serve`, `run`, `doctor`."""

import itertools
import json
import os
import shutil
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from core.errors import BadInputError, UnderstudyError

app = typer.Typer(
    name="understudy",
    help="Paste a video. A simulated humanoid learns the part.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console(stderr=True)
SAMPLES = ("walker", "flip")


def _fail(error: Exception) -> typer.Exit:
    console.print(f"[bold red]Cannot do that.[/] {escape(str(error))}")
    return typer.Exit(2)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (default: 127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on (default: 7860).")] = None,
) -> None:
    """Serve the site, with an embedded worker that performs the runs."""
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    import uvicorn

    from webapp.app import create_app
    from webapp.settings import Settings

    given: dict[str, Any] = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    try:
        settings = Settings(**given)
        site = create_app(settings)
    except UnderstudyError as error:
        raise _fail(error) from None
    console.print(f"Understudy is at [bold]http://{settings.host}:{settings.port}[/] (stop with Ctrl+C)")
    uvicorn.run(site, host=settings.host, port=settings.port, log_level="warning")


@app.command()
def run(
    source: Annotated[str, typer.Argument(help="A video or picture file, or SAMPLE (also SAMPLE:flip).")],
    out: Annotated[Path | None, typer.Option(help="Folder for the artifacts (default: runs/NAME).")] = None,
    start: Annotated[float, typer.Option(help="Start of the window [s].")] = 0.0,
    end: Annotated[float | None, typer.Option(help="End of the window [s].")] = None,
    person: Annotated[str, typer.Option(help='Which person: 0 is the largest on screen; "all" for everybody.')] = "0",
    keypoints: Annotated[str, typer.Option(help="Keypoint model: blazepose.")] = "blazepose",
    physics: Annotated[str, typer.Option(help="assisted or none.")] = "assisted",
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier run in --out.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print the figures as JSON on standard output.")] = False,
) -> None:
    """Turn a video into keypoints, a recovered mesh, a motion and a performance under physics."""
    try:
        path = source_path(source)
        from core.pipeline import RunSettings, Stage, run_all
        from core.run_folder import RunFolder, read_json
        from core.video import probe

        settings = RunSettings(start, end, person, keypoints, physics, seed)
        probe(path)
        folder = RunFolder(prepare_folder(path, out or unused_folder(path.stem), overwrite))
        with _progress_bars() as bars:

            def report(stage: Stage):
                task: TaskID = bars.add_task(stage.title, total=1.0, message="")
                return lambda fraction, message="": bars.update(task, completed=fraction, message=message)

            run_all(folder, settings, report)
    except (UnderstudyError, OSError) as error:
        raise _fail(error) from None
    except KeyboardInterrupt:
        console.print("Cancelled; what was finished is kept.")
        raise typer.Exit(130) from None
    console.print(f"Done. Everything is in [bold]{escape(str(folder.root))}[/]")
    if json_output:
        record = read_json(folder.record)
        print(json.dumps({"folder": str(folder.root), "metrics": read_json(folder.metrics), **record}, indent=2))


def _progress_bars() -> Progress:
    columns = (
        TextColumn("{task.description:<26}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[message]}"),
    )
    return Progress(*columns, console=console)


def source_path(source: str) -> Path:
    """The file that a SOURCE argument means; `BadInputError` where there is none."""
    if source == "SAMPLE" or source.startswith("SAMPLE:"):
        name = source.partition(":")[2] or SAMPLES[0]
        if name not in SAMPLES:
            raise BadInputError(f"The samples are {', '.join(SAMPLES)}; there is none called {name!r}.")
        from core.assets import asset_path

        return asset_path(f"samples/{name}.mp4")
    if "://" in source:
        raise BadInputError("A file is expected, but a link came; download the video first and give its path.")
    path = Path(source)
    if not path.is_file():
        raise BadInputError(f"A video or picture file is expected, but {source} does not exist.")
    return path


def unused_folder(name: str) -> Path:
    """runs/NAME, or runs/NAME-2, -3, ... where that is taken."""
    candidates = (Path("runs") / (name if n == 1 else f"{name}-{n}") for n in itertools.count(1))
    return next(path for path in candidates if not path.exists())


def prepare_folder(source: Path, out: Path, overwrite: bool = False) -> Path:
    """Make a run's folder with a copy of the source in it.

    Nothing that was there before is lost: a folder with other files is refused, and so is one that holds an earlier
    run, unless `overwrite` asks for its replacement.
    """
    if out.exists() and not out.is_dir():
        raise BadInputError(f"--out should be a folder, but {out} is a file.")
    if out.is_dir() and any(out.iterdir()):
        if not (out / "source").is_dir():
            raise BadInputError(f"--out should be a new folder or an earlier run's, but {out} holds other files.")
        if not overwrite:
            raise BadInputError(f"{out} already holds a run. Choose another folder, or replace it with --overwrite.")
        if source.resolve().is_relative_to(out.resolve()):
            raise BadInputError(f"The source lies in the run that would be replaced ({out}). Choose another folder.")
    for stale in [out / "source", *out.glob("person-*")]:
        shutil.rmtree(stale, ignore_errors=True)
    for name in ("clip.mp4", "metrics.json", "run.json"):
        (out / name).unlink(missing_ok=True)
    (out / "source").mkdir(parents=True)
    shutil.copyfile(source, out / "source" / source.name)
    return out


@app.command()
def doctor() -> None:
    """Say what is installed, what is missing and how to get it."""
    from webapp.doctor import examine

    healthy = True
    for check in examine():
        mark = {"ok": "[green]ok[/]     ", "optional": "[yellow]absent[/] ", "broken": "[red]broken[/] "}[check.state]
        console.print(f"{mark} {escape(check.name):<22} {escape(check.detail)}")
        healthy &= check.state != "broken"
    raise typer.Exit(0 if healthy else 1)
