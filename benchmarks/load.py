"""Many short runs of many users at once, through the site, on a PostgreSQL of its own with several workers.

    python -m benchmarks.load [--runs 200] [--users 20] [--workers 4]

The pipeline computes next to nothing (benchmarks/light_pipeline.py). Prints reliability.runs_lost, .runs_doubled, and,
over all requests made while the runs go through, .page_p95_ms (the page, and a run's JSON); .last_first_ratio says how
even the users fared: the time until the last user's first run was done, as a part of the time until all runs were.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from benchmarks import report
from core.jobs.database import make_engine
from core.jobs.home import Home
from core.jobs.store import RunStore
from tools.temporary_postgres import running_postgres

_WAIT_S = 1800.0


class Site:
    """A served site behind a pretended proxy, and workers beside it."""

    def __init__(self, url: str, home: Path, workers: int) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        more = {
            "UNDERSTUDY_DATABASE_URL": url,
            "UNDERSTUDY_HOME": str(home),
            "UNDERSTUDY_PIPELINE": "benchmarks.light_pipeline",
            "UNDERSTUDY_USER_HEADER": "X-User",
            "UNDERSTUDY_TRUSTED_PROXIES": "127.0.0.1",
            "UNDERSTUDY_STARTS_PER_MINUTE": "10000",
        }
        self._environment = os.environ | more
        self._log = (home / "processes.log").open("a")
        self._processes = [self._start("serve", "--port", str(self.port))]
        deadline = time.monotonic() + 120
        while not self._is_up() and time.monotonic() < deadline:
            time.sleep(0.2)
        self._processes += [self._start("worker", "--name", f"w{i}") for i in range(1, workers)]

    def ask(self, user: str, path: str, form: dict[str, str] | None = None) -> tuple[float, bytes]:
        """Seconds until the whole answer was there, and the answer."""
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, {"X-User": user})
        started = time.perf_counter()
        with urllib.request.urlopen(request, timeout=60) as answer:
            content = answer.read()
        return time.perf_counter() - started, content

    def stop(self) -> None:
        """End all processes in good order."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(timeout=60)
        self._log.close()

    def _start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "webapp", *arguments]
        return subprocess.Popen(command, env=self._environment, stdout=self._log, stderr=self._log)

    def _is_up(self) -> bool:
        try:
            return bool(self.ask("nobody", "/readyz")[1])
        except (urllib.error.URLError, ConnectionError):
            return False


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--workers", type=int, default=4)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_postgres() as url:
        site = Site(url, Path(folder), given.workers)
        try:
            times = _load(site, RunStore(make_engine(url)), given.runs, given.users)
        finally:
            site.stop()
        _judge(RunStore(make_engine(url)), Home(Path(folder)), given.runs)
    report("reliability.page_p95_ms", 1000 * statistics.quantiles(times, n=20)[-1], "ms")


def _load(site: Site, store: RunStore, runs: int, users: int) -> list[float]:
    """Start all runs, one user after the other, and ask for pages until all are done; the requests' times [s]."""
    times, ids = [], []
    for i in range(runs):  # each user brings all of theirs at once
        user = f"user{i * users // runs}"
        ids.append((user, json.loads(site.ask(user, "/api/runs", {"sample": "walker", "physics": "none"})[1])["id"]))
    deadline, i = time.monotonic() + _WAIT_S, 0
    while store.unfinished() and time.monotonic() < deadline:
        user, run_id = ids[i % len(ids)]
        times += [site.ask(user, "/")[0], site.ask(user, f"/api/runs/{run_id}")[0]]
        i += 7
        time.sleep(0.1)
    return times


def _judge(store: RunStore, home: Home, runs: int) -> None:
    found = store.recent(10 * runs)
    done = [run for run in found if run.state == "done"]
    doubled = [run for run in found if (home.run(run.id).root / "doubled").exists()]
    report("reliability.runs_lost", runs - len(done), "runs")
    report("reliability.runs_doubled", len(doubled) + max(0, len(found) - runs), "runs")
    ends = [run.finished.timestamp() for run in done if run.finished]
    firsts: dict[str, float] = {}
    for run in done:
        if run.finished:
            firsts[run.owner] = min(firsts.get(run.owner, float("inf")), run.finished.timestamp())
    begun = min(run.created.timestamp() for run in found)
    report("reliability.last_first_ratio", (max(firsts.values()) - begun) / (max(ends) - begun), "")


if __name__ == "__main__":
    main()
