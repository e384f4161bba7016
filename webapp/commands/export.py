"""`understudy export`: a motion, a rollout or a whole run in the format that another program opens."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from core.errors import BadInputError
from webapp.commands.terminal import console, plain_errors


def export(
    motion: Annotated[Path, typer.Argument(help="A motion or rollout (.npz, .txt), or a run's folder for zip.")],
    format: Annotated[str, typer.Option(help="glb, bvh, amass, deepmimic, usd, fbx; zip for a run.")] = "glb",
    out: Annotated[Path | None, typer.Option(help="The file to write (default: beside MOTION).")] = None,
    body: Annotated[str, typer.Option(help="Body shown: embedded, or your own SMPL file (.npz, .pkl).")] = "embedded",
) -> None:
    """Write a motion as GLB, BVH, AMASS npz, DeepMimic text, USD or FBX, or a whole run as one zip."""
    with plain_errors():
        written = _zip(motion, out) if format == "zip" else _motion(motion, format, out, body)
    console.print(f"Written: [bold]{escape(str(written))}[/]")


def _motion(source: Path, name: str, out: Path | None, body_choice: str) -> Path:
    from core.export.formats import FORMATS, export_file
    from core.notices import collecting

    if name not in FORMATS:
        raise BadInputError(f"The format should be one of {', '.join(FORMATS)} or zip, but is {name!r}.")
    if source.is_dir():
        raise BadInputError(_files_in(source))
    with collecting() as notices:
        target = out or source.with_name(source.name.split(".")[0] + FORMATS[name].suffix)
        if target.resolve() == source.resolve():
            raise BadInputError(f"{target} is the source itself. Give another file with --out.")
        export_file(source, name, target, body_choice)
    for text in notices:
        console.print(f"[yellow]Note:[/] {escape(text)}")
    return target


def _files_in(folder: Path) -> str:
    """What to say to somebody who named a folder where a file is wanted: the motions that lie in it."""
    names = ("hmr.npz", "motion.npz", "reference.txt", "rollouts/*.npz")
    persons = [folder, *sorted(folder.glob("person-*"))]
    found = [str(path) for person in persons for name in names for path in sorted(person.glob(name))]
    if not found:
        return f"A file of a motion is expected, but {folder} is a folder without one."
    return f"A file of a motion is expected, but {folder} is a folder. Name one of these: {', '.join(found)}."


def _zip(folder: Path, out: Path | None) -> Path:
    from core.export.bundle import write_bundle
    from core.run_folder import RunFolder

    target = out or folder.resolve().with_suffix(".zip")
    write_bundle(RunFolder(folder), target)
    return target
