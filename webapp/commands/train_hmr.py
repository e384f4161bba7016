"""`understudy train-hmr`: make the embedded regressor anew, from synthetic people, on a processor."""

from pathlib import Path
from typing import Annotated

import typer

from core.errors import BadInputError
from webapp.commands.terminal import console, plain_errors, progress_bars


def train_hmr(
    out: Annotated[Path, typer.Option(help="Folder for model.onnx, manifest.json, regressor.pt and curves.json.")],
    steps: Annotated[int, typer.Option(min=1, help="Steps of gradient.")] = 6000,
    seconds: Annotated[float | None, typer.Option(min=1, help="A budget of time instead of steps [s].")] = None,
    batch: Annotated[int, typer.Option(min=1, help="People a step.")] = 128,
    seed: Annotated[int, typer.Option(min=0, help="Seed of people, noise and initial weights.")] = 0,
    threads: Annotated[int, typer.Option(min=1, help="Threads of the layers; people are drawn on one more.")] = 1,
    no_adversary: Annotated[bool, typer.Option("--no-adversary", help="Leave out L_adv (for an ablation).")] = False,
    no_3d: Annotated[bool, typer.Option("--no-3d", help="Leave out L_3D (for an ablation).")] = False,
) -> None:
    """Train the keypoint regressor by HMR's loss and export it as a model folder (docs/regressor.md)."""
    with plain_errors():
        try:
            import onnx  # noqa: F401
            import torch
        except ImportError as error:
            raise BadInputError(
                f"Training needs torch and onnx, but {error.name} is not installed; install requirements-smpl.txt and "
                "requirements-dev.txt."
            ) from None
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise BadInputError(f"--out should be a new or empty folder, but {out} is not. Choose another.")
        from core.mesh_recovery.training.export import export
        from core.mesh_recovery.training.losses import LossWeights
        from core.mesh_recovery.training.train import TrainingSettings, save, train

        torch.set_num_threads(threads)
        weights = LossWeights(adversary=0.0 if no_adversary else LossWeights().adversary, three_d=not no_3d)
        settings = TrainingSettings(steps=steps, seconds=seconds, batch=batch, seed=seed, weights=weights)
        with progress_bars() as bars:
            task = bars.add_task("Train the regressor", total=1.0, message="")

            def report(fraction: float, message: str) -> None:
                bars.update(task, completed=fraction, message=message)

            trained = train(settings, report)
        save(trained, settings, out)
        export(trained.regressor, out)
    console.print(f"Done: `understudy run VIDEO --hmr {out}` uses it.")
