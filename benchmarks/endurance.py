"""Does the site's memory stay what it is while runs go through for hours?

    python -m benchmarks.endurance [--minutes 120] [--postgres] [--log build/endurance.jsonl]

One served site with its worker; two runs of a pipeline that computes next to nothing are always in the queue, and the
page, the library and a run are asked for all the while. Every half a minute the memory that the site's process alone
holds (USS: private pages, by /proc/PID/smaps_rollup) goes to the log. .memory_growth_percent compares the median of the
last fifth of the time with that of the second fifth; the first is left out, in which everything is loaded and caches
fill.
"""

import argparse
import contextlib
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from benchmarks import report
from benchmarks.serving import Crew
from core.jobs.database import make_engine
from core.jobs.home import Home
from core.jobs.store import RunStore
from tools.temporary_postgres import running_postgres

_WAITING = 2
_LOOKS = 300  # of which even a short try has enough for its fifths
_LONGEST_PAUSE_S = 30.0
_SETTINGS = {
    "UNDERSTUDY_PIPELINE": "benchmarks.light_pipeline",
    "UNDERSTUDY_STARTS_PER_MINUTE": "10000",
    "UNDERSTUDY_KEEP_DAYS": "0.01",
}


def private_bytes(pid: int) -> int:
    """The memory [bytes] that nobody but this process holds."""
    fields = (line.split() for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    return sum(1024 * int(field[1]) for field in fields if field[0] in ("Private_Clean:", "Private_Dirty:"))


def growth_percent(memory: list[int]) -> float:
    """How far the median of the last fifth lies above that of the second."""
    fifth = max(1, len(memory) // 5)
    return 100 * (statistics.median(memory[-fifth:]) / statistics.median(memory[fifth : 2 * fifth]) - 1)


def endure(crew: Crew, store: RunStore, seconds: float, log: Any) -> tuple[list[int], int]:
    """Keep the site busy for so long; its memory at every look, and how many runs were brought."""
    pid, memory, brought = crew.processes["site"].pid, [], 0
    pause, end = min(_LONGEST_PAUSE_S, seconds / _LOOKS), time.monotonic() + seconds
    next_look, newest = time.monotonic() + pause, ""
    with httpx.Client(base_url=crew.url, timeout=60) as client:
        while time.monotonic() < end:
            for _ in range(_WAITING - len(store.unfinished())):
                answer = client.post("/api/runs", data={"sample": "walker", "physics": "none"})
                newest, brought = answer.raise_for_status().json()["id"], brought + 1
            for path in ("/", "/api/runs", f"/api/runs/{newest}", "/metrics"):
                client.get(path).raise_for_status()
            if time.monotonic() >= next_look:
                memory.append(private_bytes(pid))
                told = {"left_s": round(end - time.monotonic()), "bytes": memory[-1], "runs": brought}
                print(json.dumps(told), file=log, flush=True)
                next_look += pause
            time.sleep(0.2)
    return memory, brought


@contextlib.contextmanager
def _database(postgres: bool, root: Path) -> Iterator[str]:
    if postgres:
        with running_postgres() as url:
            yield url
    else:
        yield Home(root).database_url


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=120.0)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--log", type=Path, default=Path("build/endurance.jsonl"))
    given = parser.parse_args()
    given.log.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(_database(given.postgres, root))
        log = stack.enter_context(given.log.open("w"))
        crew, store = Crew(root, _SETTINGS | {"UNDERSTUDY_DATABASE_URL": url}), RunStore(make_engine(url))
        try:
            crew.start("site")
            crew.wait_until_up()
            memory, brought = endure(crew, store, 60 * given.minutes, log)
        finally:
            crew.stop()
        runs = store.recent(10 * brought + 10)
    report("reliability.endurance_minutes", given.minutes, "min")
    report("reliability.endurance_runs", brought, "runs")
    report("reliability.endurance_runs_failed", sum(run.state == "failed" for run in runs), "runs")
    report("reliability.memory_mb", memory[-1] / 1e6, "MB")
    report("reliability.memory_growth_percent", growth_percent(memory), "%")


if __name__ == "__main__":
    main()
