"""What a worker does beside a training at work: look whether it is to end, save its checkpoints, tell how far it is."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

from core.errors import CancelledError, UnderstudyError
from core.jobs.mirror import MovedOnError
from core.jobs.patience import unless_away
from core.jobs.stage_files import break_off_if_taken_over
from core.jobs.stopping import WorkerStoppingError
from core.jobs.trainings import TrainingStore
from core.jobs.workflow import WorkerContext

_log = logging.getLogger(__name__)

STOP_WITHIN_S = 2.5
"""A training that is told to stop has so long [s] for one more checkpoint; then it is ended, and has its last one."""
SAVE_EVERY_S = 30.0
"""A checkpoint goes to the store of artifacts, where there is one, at most so often [s]."""


class Look:
    """Looks whether to end, asks the training for a last checkpoint, and loses patience with it.

    It also has new checkpoints and performances saved by `files` from time to time, for another machine to go on from,
    and then noted by `note`, so that lists promise nothing that cannot be had yet.
    """

    def __init__(
        self,
        context: WorkerContext,
        store: TrainingStore,
        training_id: str,
        work: Path,
        performance: Path,
        files: Callable[[], None],
        note: Callable[[], None],
    ) -> None:
        self.asked = ""
        self._context, self._store, self._id, self._work = context, store, training_id, work
        self._deadline = 0.0
        self._performance, self._files, self._note = performance, files, note
        self._saved, self._saved_at = self._times(), time.monotonic()

    def __call__(self) -> None:
        if not self.asked:
            with unless_away():
                if self._context.stopping.is_set():
                    self.asked = "worker"
                elif self._store.stop_requested(self._id):
                    self.asked = "person"
            if not self.asked:
                if self._times() != self._saved and time.monotonic() - self._saved_at > SAVE_EVERY_S:
                    self.save()
                return
            self._deadline = time.monotonic() + STOP_WITHIN_S
            self._work.mkdir(parents=True, exist_ok=True)
            (self._work / "stop").touch()  # `core.imitation.ppo.stopping`
        elif time.monotonic() > self._deadline:
            raise CancelledError("The training was stopped.")

    def save(self) -> None:
        """Have the files saved; where that is not possible now, the next checkpoint's are."""
        self._saved, self._saved_at = self._times(), time.monotonic()
        try:
            self._files()
            with unless_away():
                self._note()
        except MovedOnError as error:
            if self._context.stopping.is_set():
                raise WorkerStoppingError from error
            break_off_if_taken_over(error)
            raise
        except (UnderstudyError, OSError) as error:
            _log.warning("A checkpoint of training %s is on this machine alone: %s", self._id, error)

    def _times(self) -> tuple[int, int]:
        return written(self._work), _changed(self._performance)


def written(work: Path) -> int:
    """When a training's checkpoint was written [ns]; 0 before there is one."""
    return _changed(work / "checkpoint.npz")


def _changed(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


def throttled(store: TrainingStore, training_id: str) -> Callable[[float, str], None]:
    """Notes how far a training is, twice a second at most."""
    last = 0.0

    def progress(fraction: float, message: str = "") -> None:
        nonlocal last
        if (now := time.monotonic()) - last >= 0.5:
            last = now
            with unless_away():
                store.progress(training_id, fraction, message)

    return progress
