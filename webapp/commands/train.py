"""`understudy train`: a policy for a motion, by PPO."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from core.errors import BadInputError
from webapp.commands.run import unused_folder
from webapp.commands.terminal import console, plain_errors, progress_bars

if TYPE_CHECKING:
    from core.imitation.ppo import Trained, TrainingSettings
    from core.motion import HumanoidMotion

DEFAULT_SECONDS = 1800.0
_SETTLED = (
    "out", "way", "engine", "seed", "humanoids", "steps", "starts", "gamma", "hidden", "mirrored", "half_cycle",
    "beside", "task", "task_weight", "assist", "assist_samples",
)  # fmt: skip
"""What a training keeps for good: to give it anew with --resume is a mistake, not a wish."""


def train(
    context: typer.Context,
    motion: Annotated[
        str | None, typer.Argument(help="DeepMimic txt, a run's reference.txt or motion.npz, or a clip such as walk.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the training (default: runs/NAME-policy).")] = None,
    seconds: Annotated[float | None, typer.Option(help="Budget: seconds of training in all [s].")] = None,
    samples: Annotated[int | None, typer.Option(help="Budget: policy steps in all, over all humanoids.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Go on with the training in this folder.")] = None,
    way: Annotated[
        str, typer.Option(help="ppo, or guided: an expert and a network taught by it first (mujoco, no task).")
    ] = "ppo",
    engine: Annotated[str, typer.Option(help="Where it learns: mujoco or bullet.")] = "mujoco",
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    processes: Annotated[int, typer.Option(help="Processes that simulate; 0 takes all cores.")] = 0,
    cluster: Annotated[
        str, typer.Option(help="Simulate on a Ray cluster: its address (HOST:PORT), auto, or local to try it.")
    ] = "",
    humanoids: Annotated[int, typer.Option(help="Humanoids in all, over all processes; 0 takes 256 (bullet: 32).")] = 0,
    steps: Annotated[int, typer.Option(help="Policy steps of each between updates; 0 makes 4096 in all.")] = 0,
    starts: Annotated[
        str, typer.Option(help="Where episodes begin: reference (anywhere), adaptive (SFV's) or beginning.")
    ] = "reference",
    disturbed: Annotated[
        float | None,
        typer.Option(help="How far off episodes begin at most, more as few fail, in (0.1 rad, 0.3 m/s); 0 to 3 (1.5)."),
    ] = None,
    gamma: Annotated[
        float | None,
        typer.Option(help="Discount a policy step: how far ahead it looks (0.95; 0.97 with half a cycle)."),
    ] = None,
    hidden: Annotated[
        str, typer.Option(help="Units of the networks' hidden layers, by commas (128,128; with --beside 256,256).")
    ] = "",
    half_cycle: Annotated[
        bool | None,
        typer.Option(
            "--half-cycle/--no-half-cycle",
            help="Do every second half of the cycle in the mirror (where the motion is symmetric, as walk and run).",
        ),
    ] = None,
    mirrored: Annotated[
        bool, typer.Option("--mirrored", help="Learn from each sample in the mirror, too; for a symmetric motion.")
    ] = False,
    beside: Annotated[
        str,
        typer.Option(help="Other motions, by commas, for the same policy to track: it then does not see the phase."),
    ] = "",
    randomised: Annotated[
        float | None,
        typer.Option(help="How much masses, friction, muscles differ from humanoid to humanoid, 0 to 1 (0; mujoco)."),
    ] = None,
    task: Annotated[str, typer.Option(help="A goal beside imitation: heading or target.")] = "",
    task_weight: Annotated[float, typer.Option(help="Weight of the goal's reward beside imitation's.")] = 0.3,
    assist: Annotated[float, typer.Option(help="Root assist at the beginning (0 to 1), annealed to nothing.")] = 0.0,
    assist_samples: Annotated[int, typer.Option(help="The assist has gone after so many samples.")] = 1_000_000,
    checkpoint: Annotated[float | None, typer.Option(help="Seconds between checkpoints [s] (60).")] = None,
    with_parent: Annotated[
        bool, typer.Option("--with-parent", help="Stop, with a checkpoint, when the standard input ends.")
    ] = False,
) -> None:
    """Train a policy to perform a motion by its muscles alone; stop it with Ctrl+C, go on with --resume."""
    from core.notices import collecting

    with plain_errors(), collecting() as notices:
        from core.imitation.half_cycle import is_half_cycle
        from core.imitation.policy_bundle import export_policy
        from core.imitation.ppo import train
        from core.imitation.ppo.stopping import stopping
        from core.imitation.ppo.ways import settings_for
        from core.imitation.references import reference_called

        if resume is not None:
            _refuse_what_is_settled(context)
            folder, reference, settings = _as_it_was(
                resume, motion, seconds, samples, disturbed=disturbed, randomised=randomised,
                checkpoint_s=checkpoint, processes=processes, cluster=cluster,
            )  # fmt: skip
        else:
            if motion is None:
                raise BadInputError("A motion should be given: a file or the name of a clip. Or --resume a training.")
            reference = reference_called(motion)
            folder = _new_folder(out or unused_folder(f"{Path(motion).stem}-policy"))
            if seconds is None and samples is None:
                seconds = DEFAULT_SECONDS
            if half_cycle is None:
                elsewhere = bool(task or mirrored or beside) or way == "guided"
                half_cycle = not elsewhere and is_half_cycle(reference)
            chosen = {"gamma": gamma, "disturbed": disturbed, "hidden": _units(hidden)}
            settings = settings_for(
                way, samples=samples, seconds=seconds, engine=engine, seed=seed, processes=processes, cluster=cluster,
                humanoids=humanoids, steps=steps, starts=starts,
                mirrored=mirrored, half_cycle=half_cycle, randomised=randomised or 0.0,
                beside=tuple(each for each in beside.split(",") if each), task=task, task_weight=task_weight,
                assist=assist, assist_samples=assist_samples,
                checkpoint_s=60.0 if checkpoint is None else checkpoint,
                **{name: value for name, value in chosen.items() if value is not None},
            )  # fmt: skip
        folder.mkdir(parents=True, exist_ok=True)
        with stopping(folder, with_parent) as stop, progress_bars() as bars:
            bar = bars.add_task("Train the policy", total=1.0, message="")

            def report(fraction: float, message: str = "") -> None:
                bars.update(bar, completed=fraction, message=message)

            trained = train(reference, settings, folder, report, resume is not None, stop)
        export_policy(folder, folder / "policy", Path(motion).stem if motion else _name_before(folder))
    for text in notices:
        console.print(f"[yellow]Note:[/] {escape(text)}")
    _tell(trained, folder)


def _units(text: str) -> tuple[int, ...] | None:
    """Of hidden layers, as `TrainingSettings.hidden`; None where nothing is said."""
    parts = [part.strip() for part in text.split(",")] if text else []
    if not all(len(part) <= 4 and part.isdecimal() for part in parts):
        raise BadInputError(f"--hidden should be numbers of up to four digits, as in 128,128, but is {text!r}.")
    return tuple(int(part) for part in parts) or None


def _refuse_what_is_settled(context: typer.Context) -> None:
    given = [name for name in _SETTLED if getattr(context.get_parameter_source(name), "name", "") == "COMMANDLINE"]
    if given:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise BadInputError(f"A training keeps what it began with: leave out {options}, or begin a new one.")


def _as_it_was(
    folder: Path, motion: str | None, seconds: float | None, samples: int | None, **anew: Any
) -> "tuple[Path, HumanoidMotion, TrainingSettings]":
    """A training's folder, reference and settings, with the budget exchanged where a new one is given; `anew`:
    settings that may be new every time, None for as they were."""
    import dataclasses

    from core.imitation.ppo import TrainingSettings
    from core.imitation.ppo.checkpoints import load_checkpoint
    from core.imitation.ppo.folder import REFERENCE
    from core.imitation.references import reference_called

    settings = TrainingSettings.from_json(load_checkpoint(folder)["settings"])
    settings = dataclasses.replace(settings, **{name: value for name, value in anew.items() if value is not None})
    if seconds is not None or samples is not None:
        settings = dataclasses.replace(settings, seconds=seconds, samples=samples)
    return folder, reference_called(motion or str(folder / REFERENCE)), settings


def _name_before(folder: Path) -> str:
    """What the policy in a training's folder was called; the folder's own name where there is none."""
    from core.imitation.policy_file import OnnxPolicy

    try:
        return OnnxPolicy(folder / "policy").name
    except BadInputError:
        return folder.resolve().name


def _new_folder(out: Path) -> Path:
    if out.exists() and (not out.is_dir() or any(path.name != ".lock" for path in out.iterdir())):
        raise BadInputError(f"--out should be a new or empty folder, but {out} is not. Go on with --resume {out}?")
    return out


def _tell(trained: "Trained", folder: Path) -> None:
    evaluation = trained.evaluation
    assisted = f" with {evaluation.assist:.0%} of the root assist" if evaluation.assist else ", unassisted"
    console.print(
        f"{trained.samples:,} samples in {trained.seconds:.0f} s. The policy stays up {evaluation.seconds_up:.1f} of "
        f"{evaluation.horizon_s:.1f} s on average, return {evaluation.mean_return:.2f}{assisted}."
    )
    if not trained.finished:
        console.print(f"Stopped. Go on with: understudy train --resume {escape(str(folder))}")
    console.print(f"Done. Everything is in [bold]{escape(str(folder))}[/]")
