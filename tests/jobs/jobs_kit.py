"""What the tests of jobs share: a home with a migrated database, submitting without looking at the source, waiting."""

import time
from pathlib import Path
from typing import Any

import fake_pipeline
import sqlalchemy as sa

from core.jobs.database import make_engine
from core.jobs.home import Home, new_run_id
from core.jobs.migrate import upgrade
from core.jobs.queues import queue_of, stored_name
from core.jobs.records import RunRecord
from core.jobs.store import RunStore
from core.jobs.workflow import APPLICATION_VERSION, WORKFLOW


def make_home(root: Path) -> tuple[Home, sa.Engine, RunStore]:
    home = Home(root)
    engine = make_engine(home.database_url)
    upgrade(engine)
    return home, engine, RunStore(engine)


def enqueue(client: Any, home: Home, store: RunStore, **settings: Any) -> str:
    run_id = new_run_id()
    source = home.run(run_id).root / "source" / "a.mp4"
    source.parent.mkdir(parents=True)
    source.write_bytes(b"a video")
    home.push(run_id)
    options = {
        "queue_name": stored_name(queue_of(settings)),
        "workflow_name": WORKFLOW,
        "workflow_id": run_id,
        "app_version": APPLICATION_VERSION,
    }
    stages = [(stage.name, stage.title) for stage in fake_pipeline.STAGES]
    chosen = fake_pipeline.RunSettings(**settings).to_json()
    store.create(run_id, "a", "a.mp4", chosen, stages, also=lambda c: client.enqueue_in_transaction(c, options, run_id))
    return run_id


def wait_for(condition: Any, seconds: float = 60.0) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("It did not happen in time.")


def wait_until_finished(store: RunStore, run_id: str, seconds: float = 60.0) -> RunRecord:
    return wait_for(lambda: (run := store.get(run_id)).is_finished and run, seconds)


def calls(home: Home, run_id: str) -> list[str]:
    path = home.run(run_id).root / "calls.txt"
    return path.read_text().split() if path.exists() else []
