"""`understudy run`: a video in, a folder of artifacts out."""

import itertools
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from core.errors import BadInputError
from webapp.commands.terminal import console, plain_errors, progress_bars

if TYPE_CHECKING:
    from core.pipeline import Stage
    from core.progress import Progress
    from core.run_settings import RunSettings
    from core.training_stages import RunSettings as TrainingOrder
    from core.training_stages import Stage as TrainingStage

SAMPLES = ("walker", "flip")


def run(
    source: Annotated[str, typer.Argument(help="A video or picture file, a link, or SAMPLE (also SAMPLE:flip).")],
    out: Annotated[Path | None, typer.Option(help="Folder for the artifacts (default: runs/NAME).")] = None,
    start: Annotated[str, typer.Option(help="Start of the window: 12.5 or 2:55, or both ends, 2:55-3:00.")] = "",
    end: Annotated[str, typer.Option(help="End of the window: 15 or 3:00.")] = "",
    person: Annotated[str, typer.Option(help='Which person: 0 is the largest on screen; "all" for everybody.')] = "0",
    keypoints: Annotated[
        str,
        typer.Option(
            help="blazepose, blazepose:full (faster, less sure), rtm, or OpenPose's JSON (folder, zip, file)."
        ),
    ] = "blazepose",
    hmr: Annotated[
        str, typer.Option(help="Mesh recovery: embedded, closed-form, or a folder with a network (docs/hmr-models.md).")
    ] = "embedded",
    physics: Annotated[str, typer.Option(help="assisted, sampling (unassisted; slower) or none.")] = "assisted",
    sampling: Annotated[
        str, typer.Option(help="With --physics sampling: quick, or refined (about three times as long).")
    ] = "quick",
    solver: Annotated[
        str, typer.Option(help="Reconstruction: gauss_newton, or adam (as published by SFV, slower, no contacts).")
    ] = "gauss_newton",
    train: Annotated[
        float | None, typer.Option(help="Then train a policy for the motion, for so long [s] (docs/training.md).")
    ] = None,
    height: Annotated[float | None, typer.Option(help="The person's height [m], which sets the scale.")] = None,
    time_scale: Annotated[float, typer.Option(help="How many times slower than life the video plays.")] = 1.0,
    loop: Annotated[bool, typer.Option("--loop", help="Find one cycle of the motion and close it.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    device: Annotated[str, typer.Option(help="Where networks are computed: cpu or gpu.")] = "cpu",
    body: Annotated[str, typer.Option(help="Body shown: embedded, or your own SMPL file (.npz, .pkl).")] = "embedded",
    video: Annotated[bool, typer.Option(help="Draw side_by_side.mp4 at the end.")] = True,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier run in --out.")] = False,
    delete_footage: Annotated[
        bool, typer.Option("--delete-footage", help="At the end, keep the motion but no copy or picture of the video.")
    ] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print the figures as JSON on standard output.")] = False,
) -> None:
    """Turn a video into keypoints, a recovered mesh, a motion and a performance under physics."""
    with plain_errors():
        from core.body.smpl_file import chosen_body
        from core.footage import delete_footage as delete_its_footage
        from core.pipeline import run_all
        from core.run_figures import read_figures
        from core.run_folder import RunFolder, read_json, write_json
        from core.run_settings import RunSettings
        from core.video.link import looks_like_link, read_link
        from core.video.times import window

        link = read_link(source) if looks_like_link(source) else None
        start_s, end_s = window(start, end)
        if link is not None:
            start_s, end_s = link.window(start_s, end_s)
        settings = RunSettings(
            start_s or 0.0, end_s, person, absolute_path(keypoints), physics, seed, hmr=absolute_path(hmr), video=video,
            solver=solver, height_m=height, time_scale=time_scale, loop=loop, body=absolute_path(body),
            sampling=sampling, device=device, link=link.url if link else "",
        )  # fmt: skip
        chosen_body(settings.body)
        training = _training(train, settings)
        if out is not None:
            check_out(out, overwrite)
        with progress_bars() as bars:

            def report(stage: "Stage | TrainingStage"):
                task = bars.add_task(stage.title, total=1.0, message="")
                return lambda fraction, message="": bars.update(task, completed=fraction, message=message)

            with source_of(source, settings, report) as (path, record):
                name = link.file_name if link else path.stem
                folder = RunFolder(prepare_folder(path, out or unused_folder(name), overwrite))
                if record:
                    write_json(folder.record, record)
            run_all(folder, settings, report)
            if training is not None:
                from core.training_stages import train_all

                for trained in train_all(folder, training, report):
                    console.print(f"A policy is in [bold]{escape(str(trained.root))}[/]")
        if delete_footage:
            delete_its_footage(folder)
    record = read_json(folder.record)
    for text in (text for texts in record["notices"].values() for text in texts):
        console.print(f"[yellow]Note:[/] {escape(text)}")
    console.print(f"Done. Everything is in [bold]{escape(str(folder.root))}[/]")
    if json_output:
        print(json.dumps({"folder": str(folder.root), "metrics": read_figures(folder), **record}, indent=2))


def _training(seconds: float | None, settings: "RunSettings") -> "TrainingOrder | None":
    """What --train asks for, looked at before anything long begins."""
    if seconds is None:
        return None
    from core.imitation.ppo.ways import settings_for
    from core.training_stages import RunSettings as TrainingOrder

    return TrainingOrder(settings_for(seconds=seconds, seed=settings.seed), "policy", settings.body)


def absolute_path(choice: str) -> str:
    """A choice that names something that exists as an absolute path, so that the record says which it was."""
    return str(Path(choice).absolute()) if choice and Path(choice).exists() else choice


@contextmanager
def source_of(
    source: str, settings: "RunSettings", report: "Callable[[Stage], Progress]"
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The file to run, looked at, and what run.json has of where it came from.

    A link is fetched beside, so that a run that would be replaced is there until the video is.
    """
    from core.pipeline import STAGES, run_stage
    from core.run_folder import RunFolder, read_json
    from core.video import WindowSettings, check_source

    if not settings.link:
        path = source_path(source)
        check_source(path, WindowSettings(settings.start_s, settings.end_s, settings.max_seconds))
        yield path, {}
        return
    with tempfile.TemporaryDirectory(prefix="understudy-") as scratch:
        folder = RunFolder(Path(scratch))
        stage = STAGES[0]
        run_stage(stage, folder, settings, report(stage))
        yield folder.source(), read_json(folder.record)


def source_path(source: str) -> Path:
    """The file that a SOURCE argument means; `BadInputError` where there is none."""
    if source == "SAMPLE" or source.startswith("SAMPLE:"):
        name = source.partition(":")[2] or SAMPLES[0]
        if name not in SAMPLES:
            raise BadInputError(f"The samples are {', '.join(SAMPLES)}; there is none called {name!r}.")
        from core.assets import asset_path

        return asset_path(f"samples/{name}.mp4")
    if "://" in source:
        raise BadInputError("A file is expected here, but a link came. Make a run of it first: understudy run LINK.")
    path = Path(source)
    if not path.is_file():
        raise BadInputError(f"A video or picture file is expected, but {source} does not exist.")
    return path


def unused_folder(name: str) -> Path:
    """runs/NAME, or runs/NAME-2, -3, ... where that is taken."""
    candidates = (Path("runs") / (name if n == 1 else f"{name}-{n}") for n in itertools.count(1))
    return next(path for path in candidates if not path.exists())


def check_out(out: Path, overwrite: bool) -> bool:
    """Whether there is an earlier run in `out` to replace; `BadInputError` where that, or other files, forbid it."""
    if out.exists() and not out.is_dir():
        raise BadInputError(f"--out should be a folder, but {out} is a file.")
    if not out.is_dir() or not any(out.iterdir()):
        return False
    # Of a run whose footage was deleted, the record tells.
    if not (out / "source").is_dir() and not (out / "run.json").is_file():
        raise BadInputError(f"--out should be a new folder or an earlier run's, but {out} holds other files.")
    if not overwrite:
        raise BadInputError(f"{out} already holds a run. Choose another folder, or replace it with --overwrite.")
    return True


def prepare_folder(source: Path, out: Path, overwrite: bool = False) -> Path:
    """Make a run's folder with a copy of the source in it.

    Nothing that was there before is lost: a folder with other files is refused, and so is one that holds an earlier
    run, unless `overwrite` asks for its replacement.
    """
    if check_out(out, overwrite) and source.resolve().is_relative_to(out.resolve()):
        raise BadInputError(f"The source lies in the run that would be replaced ({out}). Choose another folder.")
    for stale in [out / "source", out / "people", *out.glob("person-*")]:
        shutil.rmtree(stale, ignore_errors=True)
    for name in ("clip.mp4", "people.json", "metrics.json", "run.json"):
        (out / name).unlink(missing_ok=True)
    (out / "source").mkdir(parents=True)
    shutil.copyfile(source, out / "source" / source.name)
    return out
