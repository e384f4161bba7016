"""Does everything end, once, whatever is killed? The site, workers, and what computes for them, get SIGKILL.

    python -m benchmarks.soak [--kills 100] [--workers 2] [--trainings 1] [--sqlite] [--log soak.jsonl]

In rounds of ten kills, each with a PostgreSQL of its own (or on SQLite), a served site that takes the runs in, workers
beside it, runs of a pipeline that computes next to nothing, and small real trainings. Each round's line in the log
holds what came out; begun again with the same log, it goes on with the rounds that are missing. Prints
reliability.runs_lost (not done in the end, or taken in and not there), .runs_doubled (two processes at one stage at
once), .artifacts_damaged, .runs_tried_again (they ended with the reason that their process was killed again and again,
and were gone on with after the kills, as a person would), trainings counted as runs, and how many of what were killed.
"""

import argparse
import contextlib
import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.soak_round import Figures, Plan, soak
from core.jobs.home import Home
from tools.temporary_postgres import running_postgres

KILLS_A_ROUND = 10
_FIGURES = {
    "runs_lost": "lost",
    "runs_doubled": "doubled",
    "artifacts_damaged": "damaged",
    "runs_tried_again": "failed",
}


def rounds(given: argparse.Namespace) -> Iterator[tuple[str, Plan]]:
    """The rounds, each with the name by which the log knows it."""
    left = given.kills
    for i in range(-(-given.kills // KILLS_A_ROUND)):
        kills = min(left, KILLS_A_ROUND)
        left -= kills
        plan = Plan(kills, given.workers, given.runs_per_kill, given.trainings, seed=given.seed + i)
        yield f"{json.dumps(asdict(plan))}{' on SQLite' if given.sqlite else ''}", plan


def done_before(log: Path) -> dict[str, dict[str, Any]]:
    """What the log holds, by round; a line that was cut short counts for nothing."""
    found = {}
    for line in log.read_text().splitlines() if log.exists() else []:
        with contextlib.suppress(ValueError):
            content = json.loads(line)
            found[content["round"]] = content["figures"]
    return found


@contextlib.contextmanager
def _database(sqlite: bool, root: Path) -> Iterator[str]:
    if sqlite:
        yield Home(root).database_url
    else:
        with running_postgres() as url:
            yield url


def _perform(plan: Plan, sqlite: bool, kept: Path) -> Figures:
    with tempfile.TemporaryDirectory() as folder, _database(sqlite, Path(folder)) as url:
        figures = soak(url, Path(folder), plan)
        if figures.lost or figures.doubled or figures.damaged:  # what the processes said is the one trace of why
            kept.write_text((Path(folder) / "processes.log").read_text())
    return figures


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--runs-per-kill", type=int, default=2)
    parser.add_argument("--trainings", type=int, default=1, help="in each round of ten kills")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sqlite", action="store_true")
    parser.add_argument("--log", type=Path, default=Path("build/soak.jsonl"))
    given = parser.parse_args()
    given.log.parent.mkdir(parents=True, exist_ok=True)
    known, all_figures = done_before(given.log), []
    for name, plan in rounds(given):
        if name not in known:
            known[name] = asdict(_perform(plan, given.sqlite, given.log.with_suffix(f".{plan.seed}.log")))
            with given.log.open("a") as log:
                log.write(json.dumps({"round": name, "figures": known[name]}) + "\n")
        all_figures.append(known[name])
    killed: Counter[str] = Counter()
    for figures in all_figures:
        killed.update(figures["kills_of"])
    report("reliability.kills", killed.total(), "kills")
    for kind, count in sorted(killed.items()):
        report(f"reliability.kills_of_{kind}", count, "kills")
    report("reliability.runs", sum(figures["runs"] for figures in all_figures), "runs")
    report("reliability.trainings", sum(figures["trainings"] for figures in all_figures), "trainings")
    for figure, key in _FIGURES.items():
        report(f"reliability.{figure}", sum(len(figures[key]) for figures in all_figures), "runs")


if __name__ == "__main__":
    main()
