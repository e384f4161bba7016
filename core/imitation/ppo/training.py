"""Training a policy into a folder: a new training, or one that goes on."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from core.errors import BadInputError
from core.imitation.ppo.checkpoints import has_checkpoint, save_checkpoint
from core.imitation.ppo.collecting import Collectors
from core.imitation.ppo.folder import REFERENCE, alone_in, state_to_go_on_from
from core.imitation.ppo.settings import TrainingSettings
from core.imitation.ppo.training_run import Trained, TrainingRun
from core.imitation.ppo.workers import Workers, cores
from core.motion import HumanoidMotion, Rollout
from core.notices import notice
from core.progress import Progress, silent


def train(
    reference: HumanoidMotion,
    settings: TrainingSettings,
    folder: Path,
    progress: Progress = silent,
    resume: bool = False,
    stop: Callable[[], bool] = lambda: False,
    on_evaluation: Callable[[Rollout, Path], None] = lambda rollout, path: None,
) -> Trained:
    """Train a policy for `reference` into `folder`: checkpoints, curve.jsonl, rollouts/*.npz, training.json.

    The same settings and seed give the same policy, on the same machine, also when it was broken off and resumed at a
    checkpoint. `stop` is asked between iterations (about once a second). `on_evaluation` gets each evaluation's rollout
    and the path that it lies at. `BadInputError`: the folder holds a training already (without `resume`), none (with
    it), one of another motion or with other settings, or is in use; or there is no cluster where one is named.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with alone_in(folder):
        state = state_to_go_on_from(folder, reference, settings) if resume else None
        if not resume and has_checkpoint(folder):
            raise BadInputError(f"{folder} holds a training already. Go on with --resume, or take another folder.")
        with (
            _collectors(reference, settings) as workers,
            _torch_threads(min(workers.count, cores())),
            contextlib.closing(TrainingRun(reference, settings, folder, workers)) as run,
        ):
            if state is None:
                reference.save(folder / REFERENCE)
            else:
                run.restore(state)
            if settings.guided is not None and not run.samples:
                from core.imitation.guided.head_start import begin  # which wants this package

                if state is None:  # a head start leaves nothing to go on from: who kills it can begin it anew
                    save_checkpoint(folder, run.state())
                else:
                    notice("The head start of this training had not come to its end: it begins anew.")
                begin(run, progress, stop)
                if run.samples:
                    save_checkpoint(folder, run.state())
            return run.until_spent(progress, stop, on_evaluation)


def _collectors(reference: HumanoidMotion, settings: TrainingSettings) -> Collectors:
    if not settings.cluster:
        return Workers(reference, settings)
    from core.imitation.ppo.cluster import ClusterWorkers  # which wants Ray

    return ClusterWorkers(reference, settings)


@contextlib.contextmanager
def _torch_threads(count: int) -> Iterator[None]:
    """While all wait for the update it may use all their cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


__all__ = ["Trained", "train"]
