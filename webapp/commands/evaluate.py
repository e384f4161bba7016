"""`understudy evaluate`: predictions against ground truth, as a table and a picture."""

import json
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from core.errors import BadInputError
from webapp.commands.terminal import console, plain_errors, progress_bars


def evaluate(
    pred: Annotated[str, typer.Argument(help="A run's or person's folder, an .npz, a video, a picture or SAMPLE.")],
    ground_truth: Annotated[Path, typer.Argument(help="True joints: .npz, .trc or .xml.")],
    frame: Annotated[int | None, typer.Option(help="Compare this frame of the prediction alone (from 0).")] = None,
    offset: Annotated[
        float | None, typer.Option(help="Second of the truth at which the prediction begins (default: its window's).")
    ] = None,
    person: Annotated[int | None, typer.Option(help="Which person of a run.")] = None,
    start: Annotated[float, typer.Option(help="Start of the window of a video [s].")] = 0.0,
    end: Annotated[float | None, typer.Option(help="End of the window of a video [s].")] = None,
    picture: Annotated[Path | None, typer.Option(help="Write a picture (.png or .svg) of a frame here.")] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print all figures as JSON on standard output.")] = False,
) -> None:
    """Measure predictions against ground truth after Procrustes."""
    with plain_errors():
        from core.evaluation import read_truth
        from core.evaluation.report import report
        from core.notices import collecting

        if picture is not None and picture.suffix.lower() not in (".png", ".svg"):
            raise BadInputError(f"The picture should be a .png or an .svg, but is {picture.name}.")
        with collecting() as notes:
            truth = read_truth(ground_truth)
            predictions, begins = _predictions(pred, person, start, end)
            made = report(predictions, truth, frame, begins if offset is None else offset)
        if offset is None and begins and truth.times is not None:
            notes.append(f"The window begins at {begins:g} s of the video; the truth's clock is taken for the video's.")
        if picture is not None:
            _write_picture(made, picture, frame)
    for note in notes:
        console.print(f"[yellow]Note:[/] {escape(note)}")
    if json_output:
        print(json.dumps({"truth": str(ground_truth), **made.to_json(), "notes": notes}, indent=2, allow_nan=False))
    else:
        console.print(_table(made))
        for line in made.legend():
            console.print(escape(line), style="dim")


def _predictions(pred: str, person: int | None, start: float, end: float | None) -> tuple[list[Any], float]:
    """What is compared, and the second of the truth's clock at which it begins unless --offset says otherwise."""
    from core.evaluation import read_predictions, window_start
    from webapp.commands.run import source_path

    path = Path(pred)
    if path.is_dir() or path.suffix.lower() == ".npz":
        return read_predictions(path, person), window_start(path)
    return _run(source_path(pred), person or 0, start, end), start


def _run(source: Path, person: int, start: float, end: float | None) -> list[Any]:
    """Run the stages on a video or a picture, once with the tracked crop and once on the whole picture."""
    from core.evaluation import read_predictions
    from core.evaluation.whole_picture import whole_picture_landmarks
    from core.pipeline import Stage, run_all
    from core.run_folder import RunFolder
    from core.run_settings import RunSettings
    from core.video import load_clip
    from webapp.commands.run import prepare_folder

    settings = RunSettings(start_s=start, end_s=end, person=str(person), physics="none", video=False)
    with tempfile.TemporaryDirectory() as scratch, progress_bars() as bars:
        folder = RunFolder(prepare_folder(source, Path(scratch) / "run"))

        def bar(title: str):
            task = bars.add_task(title, total=1.0, message="")
            return lambda fraction, message="": bars.update(task, completed=fraction, message=message)

        def stage_bar(stage: Stage):
            return bar(stage.title)

        run_all(folder, settings, stage_bar)
        whole = whole_picture_landmarks(load_clip(folder.clip), progress=bar("Look without the crop"))
        first, *others = read_predictions(folder.root)
        return [whole, first, *others]


def _write_picture(made: Any, path: Path, frame: int | None) -> None:
    from core.arrays_on_disk import replacing
    from core.evaluation.picture import draw

    drawing = draw(made.comparisons, frame)
    with replacing(path) as temporary:
        if path.suffix.lower() == ".svg":
            temporary.write_text(drawing.svg("Predictions over the truth"), encoding="utf-8")
        else:
            temporary.write_bytes(drawing.png())
    console.print(f"The picture is in [bold]{escape(str(path))}[/]")


def _table(made: Any) -> Table:
    table = Table("", title="Predictions against the truth")
    for comparison in made.comparisons:
        table.add_column(escape(comparison.title), justify="right")
    for head, texts in made.rows():
        table.add_row(head, *texts)
    return table
