"""What pages that watch runs at work cost the server.

Twenty clients do what twenty browsers with a run's page do while it is at work, at the same cadence, over connections
that are kept open: each asks for its own run (as the viewer does) and for the parts of its page (as live_run.js of
static/studio does), a second after the last answer, naming the entity tag that it has. The runs have the files of a
finished one and go on meanwhile, told twice a second, as a worker would. No real browsers: twenty of them would take
the machine.
"""

import http.client
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

from core.jobs.database import make_engine
from core.jobs.home import Home, new_run_id
from core.jobs.store import RunStore

BROWSERS = 20
PERIOD_S = 1.0
"""static/viewer/run_feed.js and static/studio/live_run.js."""
_TOLD_EVERY_S = 0.5
_STAGES = [("clip", "Cut the window"), ("keypoints", "Find people"), ("sampling", "Perform it unassisted")]


def polling_share(site: str, home: Path, like: str, cpu_seconds: Callable[[], float], seconds: float) -> float:
    """The share of one core that the server takes while `BROWSERS` pages watch runs; `like` is a run to copy."""
    runs = _runs_at_work(home, like)
    stop = threading.Event()
    threads = [threading.Thread(target=_go_on, args=(home, runs, stop), daemon=True)]
    for i, run in enumerate(runs):
        for path in (f"/api/runs/{run}", f"/api/runs/{run}/page"):
            threads.append(threading.Thread(target=_watch, args=(site, path, i / BROWSERS, stop), daemon=True))
    for thread in threads:
        thread.start()
    time.sleep(3 * PERIOD_S)
    before, started = cpu_seconds(), time.monotonic()
    time.sleep(seconds)
    share = (cpu_seconds() - before) / (time.monotonic() - started)
    stop.set()
    for thread in threads:
        thread.join()
    return share


def _runs_at_work(home: Path, like: str) -> list[str]:
    places = Home(home)
    engine = make_engine(places.database_url)
    store, runs = RunStore(engine), [new_run_id() for _ in range(BROWSERS)]
    for run in runs:
        shutil.copytree(places.run(like).root, places.run(run).root)
        store.create(run, "A walk", "walk.mp4", {"physics": "sampling"}, _STAGES)
        store.begin(run)
        for stage, _ in _STAGES[:-1]:
            store.stage_finished(run, stage, "done")
        store.stage_started(run, _STAGES[-1][0])
    engine.dispose()
    return runs


def _go_on(home: Path, runs: list[str], stop: threading.Event) -> None:
    """Tell how far the runs are, until it is over; then end them."""
    engine = make_engine(Home(home).database_url)
    store, step = RunStore(engine), 0
    while not stop.wait(_TOLD_EVERY_S):
        step += 1
        for run in runs:
            store.stage_progress(run, _STAGES[-1][0], step % 1000 / 1000, f"step {step}")
    for run in runs:
        store.finish(run, "done")
    engine.dispose()


def _watch(site: str, path: str, after: float, stop: threading.Event) -> None:
    connection = http.client.HTTPConnection(site.rpartition("/")[2], timeout=30)
    tag = ""
    stop.wait(after)
    while not stop.wait(PERIOD_S):
        connection.request("GET", path, headers={"Accept": "application/json", "If-None-Match": tag})
        answer = connection.getresponse()
        answer.read()
        if answer.status not in (200, 304):
            raise RuntimeError(f"{path} was answered with {answer.status}.")
        tag = answer.headers.get("etag") or ""
    connection.close()
