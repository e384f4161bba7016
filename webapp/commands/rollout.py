"""`understudy rollout`: a policy on a motion, under physics."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from core.errors import BadInputError
from webapp.commands.perform import new_folder
from webapp.commands.run import unused_folder
from webapp.commands.terminal import console, plain_errors, progress_bars


def rollout(
    policy: Annotated[
        str, typer.Argument(help="walk, walk_COMenabled, jump, backflip, spinkick, understudy_walk, or a policy.onnx.")
    ],
    motion: Annotated[str, typer.Option(help="A clip of DeepMimic's by name, or a motion file.")],
    seconds: Annotated[float, typer.Option(help="How long; a motion that does not loop ends earlier.")] = 20.0,
    engine: Annotated[str, typer.Option(help="auto (where the policy learned), bullet or mujoco.")] = "auto",
    heading: Annotated[
        float | None, typer.Option(help="For a policy of this task: degrees to the left of straight ahead.")
    ] = None,
    target: Annotated[
        str | None, typer.Option(help="For a policy of this task: AHEAD,RIGHT of where it begins [m].")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the goals of a task, where none is given.")] = 0,
    reward: Annotated[str, typer.Option(help="DeepMimic's reward as in its code, or as in the paper.")] = "code",
    out: Annotated[Path | None, typer.Option(help="Folder for the artifacts (default: runs/NAME).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Let a policy perform a motion, its own or another's, and say when it fell and what it earned."""
    from core.imitation.naming import short_name
    from core.notices import collecting

    with plain_errors(), collecting() as notices:
        folder = new_folder(out or unused_folder(f"{short_name(policy)}-on-{short_name(motion)}"))
        figures = _roll_out(
            policy, motion, folder, seconds=seconds, engine=engine, reward=reward, seed=seed, heading_deg=heading,
            target=_place(target),
        )  # fmt: skip
    for text in notices:
        console.print(f"[yellow]Note:[/] {escape(text)}")
    if as_json:
        print(json.dumps({"out": str(folder), **figures}))
    fell = figures["time_to_fall_s"]
    end = "It stayed up." if fell is None else f"It fell after {fell:.1f} s."
    off = f" Off its goal by {figures['goal_error']:.2f} (rad or m) on average." if "goal_error" in figures else ""
    console.print(f"{end} Return {figures['return']:.2f}.{off}")
    console.print(f"Done. Everything is in [bold]{escape(str(folder))}[/]")


def _place(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    try:
        ahead, right = (float(part) for part in text.split(","))
    except ValueError:
        raise BadInputError(
            f"A target should be given as AHEAD,RIGHT in metres, such as 3,-1, but is {text!r}."
        ) from None
    return ahead, right


def _roll_out(policy: str, motion: str, out: Path, **how: Any) -> dict[str, Any]:
    from core.control.performing import boxes_under
    from core.export.rollout_files import write_rollout
    from core.imitation.naming import load_motion, load_policy
    from core.imitation.rolling import RolloutSettings, roll_out
    from core.jobs.home import safe_file_name
    from core.metrics import rollout_figures

    reference, shown = load_motion(motion)
    boxes = boxes_under(shown, reference.scale)
    settings = RolloutSettings(supports=boxes, **how)
    chosen = load_policy(policy)
    with progress_bars() as bars:
        task = bars.add_task(f"Roll out {chosen.name}", total=1.0, message="")

        def progress(fraction: float, message: str = "") -> None:
            bars.update(task, completed=fraction, message=message)

        done = roll_out(chosen, reference, settings, progress)
    # A policy's name comes out of its file, from whoever made it.
    write_rollout(out, f"policy-{safe_file_name(chosen.name)}", done, reference, shown)
    return rollout_figures(done)
