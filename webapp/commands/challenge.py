"""`understudy challenge`: policies against motions, each on each."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from core.errors import BadInputError
from webapp.commands.perform import new_folder
from webapp.commands.run import unused_folder
from webapp.commands.terminal import console, plain_errors, progress_bars


def challenge(
    policies: Annotated[
        list[str] | None, typer.Option("--policy", help="A policy; again for more (all that ship).")
    ] = None,
    motions: Annotated[list[str] | None, typer.Option("--motion", help="A clip or file; again for more (all).")] = None,
    seconds: Annotated[float, typer.Option(help="How long each rollout is.")] = 20.0,
    starts: Annotated[int, typer.Option(help="Starts of each, the first at the beginning.")] = 4,
    engine: Annotated[str, typer.Option(help="auto (where each policy learned), bullet or mujoco.")] = "auto",
    reward: Annotated[str, typer.Option(help="DeepMimic's reward as in its code, or as in the paper.")] = "code",
    seed: Annotated[int, typer.Option(help="Seed of the starts.")] = 0,
    processes: Annotated[int | None, typer.Option(help="Rollouts at a time (one a core).")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the artifacts (default: runs/challenge).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the matrix as JSON.")] = False,
) -> None:
    """Run policies on motions, each on each: a matrix of times to fall and returns, a picture, the rollouts."""
    from core.imitation.challenge import MOST_PROCESSES, ChallengeSettings
    from core.imitation.ppo.workers import cores
    from core.imitation.references import clip_names
    from core.imitation.rolling import RolloutSettings
    from core.imitation.shipped import known_policies
    from core.notices import collecting

    with plain_errors(), collecting() as notices:
        how = RolloutSettings(seconds=seconds, engine=engine, reward=reward, starts=starts, seed=seed)
        settings = ChallengeSettings(how, min(cores(), MOST_PROCESSES) if processes is None else processes)
        chosen, against = _named(policies or list(known_policies())), _named(motions or clip_names())
        target = new_folder(out or unused_folder("challenge"))
        matrix = _challenge(chosen, against, settings, target)
    for text in notices:
        console.print(f"[yellow]Note:[/] {escape(text)}")
    if as_json:
        print(json.dumps(matrix))
    console.print(f"Done. Everything is in [bold]{escape(str(target))}[/]")


def _named(given: list[str]) -> dict[str, str]:
    """Short name -> what was given; no two may share a name."""
    from core.imitation.naming import short_name

    named = {short_name(each): each for each in given}
    if len(named) != len(given):
        raise BadInputError(f"Policies and motions should have names of their own, but {', '.join(given)} have not.")
    return named


def _challenge(policies: dict[str, str], motions: dict[str, str], settings, out: Path) -> dict:
    from core.control.performing import boxes_under
    from core.imitation.challenge import challenge
    from core.imitation.challenge_folder import ChallengeFolder
    from core.imitation.naming import load_motion, load_policy

    loaded = {name: load_motion(what) for name, what in motions.items()}
    references = {name: reference for name, (reference, _) in loaded.items()}
    boxes = {name: boxes_under(shown, reference.scale) for name, (reference, shown) in loaded.items()}
    for what in policies.values():  # what is refused leaves no folder behind
        load_policy(what)
    folder = ChallengeFolder(out)
    folder.plan(list(policies), list(motions), settings)
    with progress_bars() as bars:
        task = bars.add_task("Challenge them", total=1.0, message="")

        def progress(fraction: float, message: str = "") -> None:
            bars.update(task, completed=fraction, message=message)

        matrix = challenge(policies, references, settings, folder.keep, progress, boxes)
    folder.write_matrix(matrix)
    return matrix.to_json()
