"""Many short runs of many users at once, through the site, on a PostgreSQL of its own with several workers.

    python -m benchmarks.load [--runs 200] [--users 20] [--workers 4] [--log FILE]

The pipeline computes next to nothing (benchmarks/light_pipeline.py). Each user brings all of theirs at once, one user
after the other. Prints reliability.load_runs_lost, .load_runs_doubled (a stage of theirs began twice, or there are more
runs than were brought), and, over all requests made while the runs go through, .page_p95_ms (the page, the library's
list and a run's JSON by turns). .last_first_ratio says how even the users fared: the time until the last user's first
run was done, as a part of the time until all runs were.
"""

import argparse
import itertools
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from benchmarks import report
from benchmarks.light_pipeline import each_stage_once, is_whole
from benchmarks.serving import Crew
from core.jobs.database import make_engine
from core.jobs.home import Home
from core.jobs.store import RunStore
from tools.temporary_postgres import running_postgres

_WAIT_S = 1800.0
_BEHIND_A_PROXY = {
    "UNDERSTUDY_PIPELINE": "benchmarks.light_pipeline",
    "UNDERSTUDY_USER_HEADER": "X-User",
    "UNDERSTUDY_TRUSTED_PROXIES": "127.0.0.1",
    "UNDERSTUDY_STARTS_PER_MINUTE": "10000",
}


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--workers", type=int, default=4, help="the site's own among them")
    parser.add_argument("--log", type=Path, default=Path(os.devnull), help="a line of JSON for each request")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_postgres() as url, given.log.open("w") as log:
        crew = Crew(Path(folder), _BEHIND_A_PROXY | {"UNDERSTUDY_DATABASE_URL": url})
        store = RunStore(make_engine(url))
        try:
            crew.start("site")
            crew.wait_until_up()
            for i in range(1, given.workers):
                crew.start(f"w{i}")
            times = _load(crew, store, given.runs, given.users, log)
        finally:
            crew.stop()
        _judge(store, Home(Path(folder)), given.runs)
    report("reliability.page_p95_ms", 1000 * statistics.quantiles(times, n=20)[-1], "ms")
    report("reliability.pages", len(times), "requests")


def _load(crew: Crew, store: RunStore, runs: int, users: int, log: Any) -> list[float]:
    """Start all runs and ask for pages until all are done; how long the requests took [s]."""
    times: list[float] = []
    with httpx.Client(base_url=crew.url, timeout=60) as client:

        def ask(user: str, path: str, form: dict[str, str] | None = None) -> httpx.Response:
            started = time.perf_counter()
            answer = client.request("POST" if form else "GET", path, data=form, headers={"X-User": user})
            taken = time.perf_counter() - started
            answer.raise_for_status()
            print(json.dumps({"path": path, "user": user, "seconds": round(taken, 4)}), file=log, flush=True)
            if form is None:
                times.append(taken)
            return answer

        ids = []
        for i in range(runs):
            user = f"user{i * users // runs}"
            ids.append((user, ask(user, "/api/runs", {"sample": "walker", "physics": "none"}).json()["id"]))
        deadline = time.monotonic() + _WAIT_S
        for i in itertools.count(0, 7):
            if not store.unfinished() or time.monotonic() > deadline:
                return times
            user, run_id = ids[i % len(ids)]
            for path in ("/", "/api/runs", f"/api/runs/{run_id}"):
                ask(user, path)
            time.sleep(0.1)
    return times


def _judge(store: RunStore, home: Home, runs: int) -> None:
    found = store.recent(10 * runs)
    done = [run for run in found if run.state == "done" and is_whole(home.run(run.id))]
    doubled = [run for run in done if not each_stage_once(home.run(run.id))]
    report("reliability.load_runs", len(found), "runs")
    report("reliability.load_runs_lost", runs - len(done), "runs")
    report("reliability.load_runs_doubled", len(doubled) + max(0, len(found) - runs), "runs")
    ends = [run.finished.timestamp() for run in done if run.finished]
    firsts: dict[str, float] = {}
    for run in done:
        if run.finished:
            firsts[run.owner] = min(firsts.get(run.owner, float("inf")), run.finished.timestamp())
    begun = min(run.created.timestamp() for run in found)
    report("reliability.last_first_ratio", (max(firsts.values()) - begun) / (max(ends) - begun), "")


if __name__ == "__main__":
    main()
