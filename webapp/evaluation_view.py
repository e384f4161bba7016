"""What the evaluation page does and shows: a comparison of a run or a file with uploaded ground truth, as HTML."""

from dataclasses import dataclass
from html import escape
from pathlib import Path

from core.errors import BadInputError
from core.evaluation import Poses, read_predictions, read_truth, window_start
from core.evaluation.picture import draw
from core.evaluation.report import Report, report
from core.evaluation.whole_picture import whole_picture_landmarks
from core.notices import collecting
from core.run_folder import RunFolder
from core.video import load_clip
from webapp import fragments

INTRO = (
    "How far predicted joints are from true ones, over twelve limb joints, after the best rotation, translation and "
    "scale of each frame."
)
_FARTHEST_FRAME = 900
"""Without the crop one frame is looked at; the clip is decoded up to it while the page waits."""


@dataclass(frozen=True)
class Wish:
    """What a person chose: a run's `folder` and `person`, or an .npz `file`; a `stage` or "" for all; the truth.

    `frame` None compares all frames; `offset_s` None takes the window's start; `whole_picture` adds the landmark
    network without the crop, for a single frame.
    """

    truth: Path
    folder: Path | None = None
    person: int | None = None
    file: Path | None = None
    stage: str = ""
    frame: int | None = None
    offset_s: float | None = None
    whole_picture: bool = False


def evaluate(wish: Wish) -> str:
    """The table, what should be known about it, and the picture, as HTML; `UnderstudyError` for what is refused."""
    source = wish.file or wish.folder
    if source is None:
        raise BadInputError("A run or a file with a prediction is expected, but none was chosen. Choose one first.")
    with collecting() as notes:
        truth = read_truth(wish.truth)
        predictions = read_predictions(source, None if wish.file else wish.person)
        if wish.stage and not wish.file:
            predictions = [pred for pred in predictions if pred.name == wish.stage]
        if wish.whole_picture:
            predictions = [_without_crop(wish, truth), *predictions]
        begins = window_start(source)
        offset = begins if wish.offset_s is None else wish.offset_s
        made = report(predictions, truth, wish.frame, offset)
        picture = draw(made.comparisons, wish.frame).svg("Predictions over the truth", alone=False)
    if wish.offset_s is None and begins and truth.times is not None:
        notes.append(f"The window begins at {begins:g} s of the video; the truth's clock is taken for the video's.")
    return _table(made) + "".join(f'<p class="remark">{escape(note)}</p>' for note in notes) + _explained(made, picture)


def stages_of(folder: RunFolder, person: int) -> list[tuple[str, str]]:
    """(title, name) of what can be compared of a person."""
    return [(pred.title, pred.name) for pred in read_predictions(folder.person(person))]


def trouble(error: Exception) -> str:
    """A refusal, in a sentence."""
    return fragments.notice(str(error))


def _without_crop(wish: Wish, truth: Poses) -> Poses:
    if wish.folder is None or wish.file is not None:
        raise BadInputError(
            "Without the crop a run's video is looked at again, so a run is expected rather than a file."
        )
    clip = load_clip(RunFolder(wish.folder).clip)
    frame = 0 if len(clip) == 1 else wish.frame
    if frame is None or frame > _FARTHEST_FRAME:
        raise BadInputError(
            f"Without the crop the page looks at one frame, up to {_FARTHEST_FRAME}: give its number. `understudy "
            "evaluate` on the command line does whole videos."
        )
    return whole_picture_landmarks(clip, {frame})


def _table(made: Report) -> str:
    heads = "".join(f'<th scope="col">{escape(c.title)}</th>' for c in made.comparisons)
    rows = "".join(
        f'<tr><th scope="row">{escape(head)}</th>' + "".join(map(_cell, texts)) + "</tr>" for head, texts in made.rows()
    )
    return (
        '<h2 id="evaluation-title">Errors</h2><div class="sideways" tabindex="0" role="region" '
        'aria-labelledby="evaluation-title"><table class="figures"><thead><tr><th scope="col">Figure (unit)</th>'
        f"{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _cell(text: str) -> str:
    mark, _, number = text.rpartition(" ")
    if mark and not mark[0].isdecimal():
        return f'<td class="best"><span>{escape(mark)} best</span> {escape(number)}</td>'
    return f"<td>{escape(text)}</td>"


def _explained(made: Report, picture: str) -> str:
    lines = "".join(f"<li>{escape(line)}</li>" for line in made.legend())
    return (
        f'<details class="legend"><summary>What the figures mean</summary><ul>{lines}</ul></details>'
        '<h2 id="picture-title">Prediction over truth</h2><div class="sideways picture" tabindex="0" role="region" '
        f'aria-labelledby="picture-title">{picture}</div>'
    )
