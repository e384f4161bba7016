"""Starting, stopping and resuming trainings of the motions of runs."""

from typing import Any

import sqlalchemy as sa
from dbos import DBOSClient

from core.errors import BadInputError
from core.imitation.ppo.curve import read_curve
from core.imitation.ppo.settings import TrainingSettings
from core.jobs.home import Home, new_run_id
from core.jobs.queues import TRAIN, stored_name
from core.jobs.store import RunStore
from core.jobs.training_workflow import TRAINING_WORKFLOW
from core.jobs.trainings import TrainingRecord, TrainingStore
from core.jobs.workflow import APPLICATION_VERSION, run_of, workflow_id
from core.training_folder import WORK, check_motion, training_folder
from core.training_stages import RunSettings, with_budget


class TrainingDesk:
    """What can be done with trainings. `runs` is asked for the run each time: another user's is not there."""

    def __init__(self, runs: RunStore, home: Home, client: DBOSClient) -> None:
        self.runs, self.home, self._client = runs, home, client
        self.store = TrainingStore(runs.engine, self._line)

    def start(self, run_id: str, person: int, training: TrainingSettings) -> TrainingRecord:
        """Queue a training for a person's motion; `BadInputError` where the run has none."""
        run, folder = self.runs.get(run_id), self.home.run(run_id)
        self.home.pull(run_id)
        check_motion(folder, person)
        number = len(self.store.of_run(run_id)) + 1
        settings = RunSettings(training, f"{run.name}, policy {number}", str(run.settings.get("body", "embedded")))
        training_id = new_run_id()
        return self.store.create(
            training_id,
            run_id,
            person,
            settings.to_json(),
            also=lambda connection, line: self._enqueue(connection, training_id, line),
        )

    def stop(self, run_id: str, training_id: str) -> TrainingRecord:
        """Ask for a training to end, with a checkpoint."""
        self.runs.get(run_id)
        return self.store.request_stop(run_id, training_id)

    def resume(self, run_id: str, training_id: str, more_seconds: float | None, most_seconds: float) -> TrainingRecord:
        """Go on with a training that has ended, to its budget, or for `more_seconds` than it has taken by now.

        `BadInputError` where nothing is left of its budget, all of it would be more than `most_seconds`, or nothing
        tells how long it took.
        """
        self.runs.get(run_id)
        training = self.store.get(run_id, training_id)
        settings = RunSettings.from_json(training.settings)
        if more_seconds is not None:
            taken = self._taken(training)
            if not 0 < more_seconds <= most_seconds - taken:
                raise BadInputError(
                    f"A training may take {most_seconds / 60:g} minutes in all, and this one has taken "
                    f"{taken / 60:.1f}; {more_seconds / 60:g} more cannot be given. Choose fewer, above none."
                )
            settings = with_budget(settings, taken + more_seconds, None)
        elif training.state == "done":
            raise BadInputError("The budget of this training is spent. Say how many more seconds it should take.")
        return self.store.reopen(
            run_id,
            training_id,
            settings.to_json(),
            also=lambda connection, line: self._enqueue(connection, training_id, line, new_run_id()[:6]),
        )

    def _taken(self, training: TrainingRecord) -> float:
        """How long a training took so far [s]; `BadInputError` where it began and left no curve that would tell."""
        self.home.pull(training.run_id)
        folder = training_folder(self.home.run(training.run_id), training.person, training.id)
        curve = read_curve(folder.root / WORK)
        if not curve and training.started is not None and training.is_ended:
            raise BadInputError(
                "The curve of this training should tell how long it took so far, but is not there. Try again in a "
                "moment if it ended just now; else resume it without more seconds, or start a new one."
            )
        return float(curve[-1]["seconds"]) if curve else 0.0

    def _line(self) -> list[str]:
        """Ids of the trainings that are computed or wait, in the order in which workers take them from the queue."""
        tries = self._client.list_workflows(
            queue_name=stored_name(TRAIN), status=["PENDING", "ENQUEUED"], load_input=False, load_output=False
        )
        # They come as they were made: of one that was stopped while it waited, and resumed, the last one counts.
        latest = {run_of(each.workflow_id): each.workflow_id for each in tries}
        tries.sort(key=lambda each: (each.status == "ENQUEUED", each.priority or 0, each.created_at or 0))
        return [training for each in tries if latest[training := run_of(each.workflow_id)] == each.workflow_id]

    def _enqueue(self, connection: sa.Connection, training_id: str, line: int, again: str = "") -> None:
        order: dict[str, Any] = {
            "queue_name": stored_name(TRAIN),
            "workflow_name": TRAINING_WORKFLOW,
            "workflow_id": workflow_id(training_id, again),
            "app_version": APPLICATION_VERSION,
            "priority": 1 + line,
        }
        self._client.enqueue_in_transaction(connection, order, training_id)  # type: ignore[arg-type]
