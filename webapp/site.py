"""What the routes and the page share: the store, the home, and starting and cancelling runs."""

import importlib
import logging
import os
import signal
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from dbos import DBOSClient

from core.assets import asset_path
from core.errors import BadInputError, RunNotFoundError, UnderstudyError
from core.export.bundle_opening import BundleLimits
from core.footage import delete_footage
from core.imitation.challenge_folder import forget_cells
from core.jobs.adoption import adopt_bundle
from core.jobs.database import make_engine
from core.jobs.home import safe_file_name
from core.jobs.migrate import upgrade
from core.jobs.object_store import StoreAwayError
from core.jobs.owned import OwnedRuns
from core.jobs.policies import deleted_policies, remove_policy
from core.jobs.policy_facts import note_missing_facts
from core.jobs.queues import read_limits
from core.jobs.records import RunRecord
from core.jobs.store import KEPT_AFTER_DELETION, RunStore
from core.jobs.submit import Submission
from core.jobs.training_desk import TrainingDesk
from core.jobs.worker import Worker, make_client, prepare_queue
from webapp.identity import current_user
from webapp.settings import Settings

SAMPLES = {"walker": "The walker", "flip": "The flip"}
_UNPACKED = 4  # times the largest upload: what a zip may hold
_LONGEST_NAME = 120
_NOT_NOW = "The site is starting or stopping. Try again in a moment."
_LOG_BYTES = 60_000
_HOUSEKEEPING_S = 3600.0
_ROOT = Path(__file__).parents[1]
_log = logging.getLogger(__name__)


class Site:
    """A site between `open` and `close`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.home = settings.looking_places
        self.engine = make_engine(settings.database)
        self.store = OwnedRuns(self.engine, current_user.get, settings.intake)
        self.pipeline: ModuleType = importlib.import_module(settings.pipeline)
        self._worker = _own_worker(self.engine, settings)
        self._closing = threading.Event()
        self._client: DBOSClient | None = None

    def prepare(self) -> None:
        """Migrate the database and take the worker's name; errors are for the person who starts the site."""
        upgrade(self.engine, self.home.backups)
        if self._worker is not None:
            self._worker.take_name()

    def open(self) -> None:
        """Start the worker, if the site has one of its own, and connect to the queue."""
        self.prepare()
        self.purge()
        if self._worker is None:
            prepare_queue(self.engine)
        else:
            self._worker.start()
        self._client = make_client(self.engine)
        self._closing.clear()
        threading.Thread(target=self._keep_house, name="housekeeping", daemon=True).start()

    def close(self) -> None:
        """Stop the worker; what is running is continued at the next start, or by another worker."""
        self._closing.set()
        if self._client is not None:
            self._client.destroy()
            self._client = None
        if self._worker is not None:
            self._worker.stop()
        self.engine.dispose()

    def start_run(self, source: Path, file_name: str, choices: dict[str, Any], name: str | None = None) -> RunRecord:
        """Start a run of a file with what the person chose; `BadInputError` for what is refused at once."""
        if source.is_file() and source.stat().st_size > self.settings.max_upload_bytes:
            raise BadInputError(
                f"A file should have at most {self.settings.max_upload_mb} MB, but {file_name} has "
                f"{source.stat().st_size / 1e6:.0f} MB. Cut the video or make it smaller."
            )
        return self._submission().submit(source, file_name, self._usual() | choices, name)

    def start_link(self, link: str, choices: dict[str, Any], name: str | None = None) -> RunRecord:
        """Start a run of the video behind a link; `BadInputError` for what is refused without asking anybody."""
        return self._submission().submit_link(link, self._usual() | choices, name)

    def delete_footage(self, run_id: str) -> int:
        """Delete all that shows the video of a finished run, and keep what was made of it; returns the bytes freed."""
        run = self.store.get(run_id)
        if not run.is_finished:
            raise BadInputError("The run still needs its footage. Wait until it is done, or cancel it first.")
        self.home.pull(run_id)
        freed = delete_footage(self.home.run(run_id))
        self.home.push(run_id)
        return freed

    def start_again(self, run_id: str, changes: dict[str, Any]) -> RunRecord:
        """Start another run of an earlier one's source with some settings changed."""
        return self._submission().again(run_id, changes)

    def retry(self, run_id: str) -> RunRecord:
        """Go on with a failed or cancelled run where it ended; what was done stays."""
        return self._submission().retry(run_id)

    def open_bundle(self, bundle: Path, file_name: str) -> RunRecord:
        """Open a run's zip as a finished run; `BadInputError` for what is none, or is a trap."""
        limit = BundleLimits(max_bytes=_UNPACKED * self.settings.max_upload_bytes)
        name = Path(safe_file_name(file_name)).stem
        return adopt_bundle(self.store, self.home, self.pipeline, bundle, name, self._usual(), limit)

    def _usual(self) -> dict[str, Any]:
        """What a run is started with unless it says otherwise."""
        return {"max_seconds": self.settings.max_seconds, "device": self.settings.device}

    def rename(self, run_id: str, name: str) -> None:
        """Call a run otherwise; `BadInputError` where nothing is left to call it by."""
        self.store.rename(run_id, plain_name(name))

    def purge(self) -> None:
        """Delete runs older than they are kept; remove runs and policies that were deleted long enough ago."""
        store, now = RunStore(self.engine), datetime.now(UTC)
        if self.settings.keep_days:
            for run_id in store.finished_before(now - timedelta(days=self.settings.keep_days)):
                with suppress(RunNotFoundError):  # another site on this database was first
                    store.delete(run_id)
        for run_id in store.deleted_before(now - KEPT_AFTER_DELETION):
            try:
                self.home.remove(run_id)
            except StoreAwayError as error:  # then in an hour
                _log.warning("The files of run %s could not be removed: %s", run_id, error)
                continue
            forget_cells(self.home.challenges, run_id)
            with suppress(RunNotFoundError):
                store.purge(run_id)
        for place in deleted_policies(self.engine, now - KEPT_AFTER_DELETION):
            try:
                remove_policy(self.engine, self.home, place)
            except (UnderstudyError, OSError) as error:
                _log.warning("The files of policy %s could not be removed: %s", place.training_id, error)

    def _keep_house(self) -> None:
        self._look_at_earlier_policies()
        try:
            self.home.push_missing()
        except (UnderstudyError, OSError) as error:
            _log.warning("Runs of before are on this machine alone; that is looked after at the next start: %s", error)
        while not self._closing.wait(_HOUSEKEEPING_S):
            self._look_at_earlier_policies()
            try:
                self.purge()
            except Exception:
                _log.exception("Old runs could not be removed; that is tried again in an hour")

    def _look_at_earlier_policies(self) -> None:
        try:
            note_missing_facts(self.engine, self.home)
        except Exception:
            _log.exception("Policies of earlier versions are listed without figures; that is tried again in an hour")

    def log(self, run_id: str) -> str:
        """The end of what the stages wrote to their log, without the paths of this machine."""
        self.store.get(run_id)
        path = self.home.log(run_id)
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _LOG_BYTES))
            text = file.read().decode(errors="replace")
        return text.replace(str(self.home.root), "HOME").replace(str(_ROOT), "...")

    def trainings(self) -> TrainingDesk:
        """What can be done with trainings of the motions of runs."""
        if self._client is None:
            raise BadInputError(_NOT_NOW)
        return TrainingDesk(self.store, self.home, self._client)

    def _submission(self) -> Submission:
        if self._client is None:
            raise BadInputError(_NOT_NOW)
        return Submission(self.store, self.home, self._client, self.pipeline)

    def start_sample(self, sample: str, choices: dict[str, Any]) -> RunRecord:
        """Start a run of a clip that ships with the project."""
        return self.start_run(sample_path(sample), f"{sample}.mp4", choices, SAMPLES[sample])


def plain_name(name: str) -> str:
    """A name that a person gave, on one line and not too long; `BadInputError` where nothing is left of it."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in name).split())[:_LONGEST_NAME]
    if not plain:
        raise BadInputError("A name with at least one letter is expected, but it is empty.")
    return plain


def _own_worker(engine: sa.Engine, settings: Settings) -> Worker | None:
    queues, limits = settings.served_queues, read_limits(settings.queue_limits)
    if not queues:
        return None
    return Worker(
        engine, settings.places, settings.worker_name, settings.pipeline,
        on_lost=_end_process, queues=queues, limits=limits,
    )  # fmt: skip


def _end_process(reason: str) -> None:
    """Stop in good order; who supervises the site starts it anew, with a worker that may work."""
    os.kill(os.getpid(), signal.SIGTERM)


def sample_path(sample: str) -> Path:
    """The file of a sample; `BadInputError` where there is none of this name."""
    if sample not in SAMPLES:
        raise BadInputError(f"The sample should be one of {', '.join(SAMPLES)}, but is {sample!r}.")
    return asset_path(f"samples/{sample}.mp4")
