"""`understudy perform`: a motion file in, a performance under physics out."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from core.errors import BadInputError
from webapp.commands.run import unused_folder
from webapp.commands.terminal import console, plain_errors, progress_bars


def perform(
    motion: Annotated[Path, typer.Argument(help="AMASS npz, DeepMimic txt, or a motion.npz of a run.")],
    out: Annotated[Path | None, typer.Option(help="Folder for the artifacts (default: runs/NAME).")] = None,
    physics: Annotated[str, typer.Option(help="sampling (unassisted) or assisted.")] = "sampling",
    setting: Annotated[str, typer.Option(help="quick or refined (about three times as long).")] = "quick",
    engine: Annotated[str, typer.Option(help="Where it is sampled: mujoco, or bullet, which is slower.")] = "mujoco",
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
) -> None:
    """Perform a motion file under physics: by sampling, with muscles alone, or assisted."""
    from core.notices import collecting

    with plain_errors(), collecting() as notices:
        if physics not in ("sampling", "assisted"):
            raise BadInputError(f"Physics should be sampling or assisted, but is {physics!r}.")
        target = new_folder(out or unused_folder(motion.name.split(".")[0]))
        _perform(motion, target, physics, setting, engine, seed)
    for text in notices:
        console.print(f"[yellow]Note:[/] {escape(text)}")
    console.print(f"Done. Everything is in [bold]{escape(str(target))}[/]")


def new_folder(out: Path) -> Path:
    """`out`, if nothing lies in it yet."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BadInputError(f"--out should be a new or empty folder, but {out} is not.")
    return out


def _perform(source: Path, out: Path, physics: str, setting: str, engine: str, seed: int) -> None:
    from core.control.assisted import assisted
    from core.control.performing import reference_from_file, sampling_settings
    from core.control.sampling import perform_sampling
    from core.export.rollout_files import write_rollout
    from core.motion import Rollout

    reference, motion = reference_from_file(source)
    settings = sampling_settings(setting, seed, motion, reference.scale, engine)

    def keep(rollout: Rollout) -> None:
        write_rollout(out, physics, rollout, reference, motion)

    with progress_bars() as bars:
        task = bars.add_task("Perform it", total=1.0, message="")

        def progress(fraction: float, message: str = "") -> None:
            bars.update(task, completed=fraction, message=message)

        if physics == "assisted":
            keep(assisted(reference, progress=progress))
        else:
            perform_sampling(reference, settings, progress, on_best=keep)  # tells the last one, too
