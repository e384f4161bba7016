"""Taking in a run: its source is copied into its folder and looked at, then it is stored and queued in one step."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from dbos import DBOSClient

from core.errors import BadInputError
from core.footage import footage_deleted
from core.jobs.heartbeat import is_served
from core.jobs.home import Home, new_run_id, safe_file_name
from core.jobs.queues import GPU, queue_of, stored_name
from core.jobs.records import RunRecord
from core.jobs.store import RunStore
from core.jobs.tables import Run
from core.jobs.workflow import APPLICATION_VERSION, WORKFLOW, workflow_id
from core.run_folder import RunFolder
from core.run_settings import FETCH
from core.video.fetch import check_link
from core.video.fetch_settings import fetch_settings
from core.video.link import read_link
from core.video.window import WindowSettings, check_source


class Submission:
    """Starts runs. `pipeline` is the module with STAGES and RunSettings (`core.pipeline`)."""

    def __init__(self, store: RunStore, home: Home, client: DBOSClient, pipeline: ModuleType) -> None:
        self.store, self.home, self._client, self._pipeline = store, home, client, pipeline

    def submit(
        self,
        source: Path,
        file_name: str,
        settings: dict[str, Any],
        name: str | None = None,
        people_from: RunFolder | None = None,
    ) -> RunRecord:
        """Start a run of `source`, which stays where it is, under the name that the person knows it by.

        `people_from` is an earlier run of the same window, whose people need not be looked for again. What can be
        refused at once is refused with `BadInputError`, and nothing is left behind: settings that make no sense, a file
        that is no video or picture, a window outside it.
        """
        chosen = self._pipeline.RunSettings.from_json(settings)
        run_id = new_run_id()
        folder = self.home.run(run_id).root
        kept = folder / "source" / safe_file_name(file_name)
        kept.parent.mkdir(parents=True)
        try:
            shutil.copyfile(source, kept)
            check_source(kept, WindowSettings(chosen.start_s, chosen.end_s, chosen.max_seconds))
            if people_from is not None:
                _copy_people(people_from, RunFolder(folder))
            self.home.push(run_id)
            return self._create(run_id, name or file_name, file_name, chosen.to_json())
        except BaseException:
            self.home.remove(run_id)
            raise

    def submit_link(
        self, link: str, settings: dict[str, Any], name: str | None = None, people_from: RunFolder | None = None
    ) -> RunRecord:
        """Start a run of the video behind a link, which its first stage fetches.

        `BadInputError` for what can be refused without asking anybody: no link, an address that is not public.
        """
        given = read_link(link)
        check_link(given, fetch_settings())
        chosen = self._pipeline.RunSettings.from_json(settings | {"link": given.url})
        run_id = new_run_id()
        folder = self.home.run(run_id).root
        folder.mkdir(parents=True)
        try:
            if people_from is not None:
                _copy_people(people_from, RunFolder(folder))
            self.home.push(run_id)
            return self._create(run_id, name or given.label, given.label, chosen.to_json(), all_stages=True)
        except BaseException:
            self.home.remove(run_id)
            raise

    def again(self, run_id: str, changes: dict[str, Any]) -> RunRecord:
        """Start another run of an earlier one's source with some settings changed; the earlier one stays as it is.

        Where the source is no longer there, or never came, it is fetched anew if the run is of a link.
        """
        earlier, folder = self.store.get(run_id), self.home.run(run_id)
        self.home.pull(run_id)  # what cannot be fetched now must not pass for what is gone
        settings = earlier.settings | changes
        if folder.has_source():
            return self.submit(folder.source(), earlier.source_name, settings, earlier.name, people_from=folder)
        if not settings.get("link"):
            raise BadInputError("The source of this run is not here any more. Start a new run with the video.")
        return self.submit_link(settings["link"], settings, earlier.name, people_from=folder)

    def retry(self, run_id: str) -> RunRecord:
        """Go on with a failed or cancelled run from its first stage that is not done."""
        if footage_deleted(self.home.run(run_id)):
            raise BadInputError("The footage of this run was deleted, so it cannot go on. Run it again instead.")
        again = new_run_id()[:6]
        return self.store.reopen(run_id, also=lambda connection: self._enqueue(connection, run_id, again))

    def _create(
        self, run_id: str, name: str, source_name: str, settings: dict[str, Any], all_stages: bool = False
    ) -> RunRecord:
        if queue_of(settings) == GPU and not is_served(self.store.engine, GPU):
            raise BadInputError("The run asks for a GPU, but no worker of this site has one. Take the device cpu.")
        stages = [stage for stage in self._pipeline.STAGES if all_stages or stage.name != FETCH]
        return self.store.create(
            run_id,
            name,
            source_name,
            settings,
            [(stage.name, stage.title) for stage in stages],
            also=lambda connection: self._enqueue(connection, run_id),
        )

    def queue_again(self, run_ids: Sequence[str]) -> None:
        """Queue runs that are waiting or were at work in a store that was copied here, without its queue."""
        with self.store.engine.begin() as connection:
            for run_id in run_ids:
                waiting = sa.update(Run).where(Run.id == run_id, Run.state == "running").values(state="queued")
                connection.execute(waiting)
                self._enqueue(connection, run_id, new_run_id()[:6])

    def _enqueue(self, connection: sa.Connection, run_id: str, again: str = "") -> None:
        turn, queue = connection.execute(sa.select(Run.turn, Run.queue).where(Run.id == run_id)).one()
        self._client.enqueue_in_transaction(
            connection,
            {
                "queue_name": stored_name(queue),
                "workflow_name": WORKFLOW,
                "workflow_id": workflow_id(run_id, again),
                "app_version": APPLICATION_VERSION,
                "priority": 1 + turn,  # lower ones first; 0 is for what was queued before there were turns
            },
            run_id,
        )


def _copy_people(earlier: RunFolder, new: RunFolder) -> None:
    # Without their pictures, which go with the footage, or with a file missing, they are found anew.
    if footage_deleted(earlier) or not earlier.has_found():
        return
    shutil.copyfile(earlier.people_record, new.people_record)
    shutil.copytree(earlier.found_track(0).parent, new.found_track(0).parent)
