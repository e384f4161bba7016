"""Does the site stand whatever comes? 700 hostile or broken inputs, sent to a really served one.

    python -m benchmarks.hostile [--inputs 700] [--seed 0] [--only TEXT] [--postgres] [--log FILE]

Files, links, names, fields and headers (benchmarks/hostile_*.py), on a run of the sample that was really computed. An
input has failed where the site's process ends, or answers with an error of its own (5xx) or not within 60 s, where a
traceback is in an answer or in what is said of a run, or a run that it starts says that something went wrong within
the site or does not end within 5 minutes. Links and playlists that lead to this machine are counted by servers that
listen there: .forbidden_requests. Prints reliability.hostile_inputs and .hostile_inputs_failed; each that failed goes
to the error output.
"""

import argparse
import contextlib
import json
import os
import random
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from benchmarks import report
from benchmarks.hostile_bundles import bundles
from benchmarks.hostile_files import files
from benchmarks.hostile_inputs import Input
from benchmarks.hostile_links import ALLOWED, Servers, links, servers
from benchmarks.hostile_requests import fields, headers, names
from benchmarks.serving import Crew
from tools.temporary_postgres import running_postgres

_ANSWER_S, _RUN_S, _SAMPLE_S = 60.0, 300.0, 900.0
_TRACES = ("Traceback (most recent", 'File "/', "/site-packages/", "sqlalchemy.exc", "psycopg.")
_OWN_FAULT = ("Something went wrong", "ended unexpectedly", "did nothing for half an hour", "within the site")
_SETTINGS = {
    "UNDERSTUDY_LINK_ALLOW": f"{ALLOWED}/32",
    "UNDERSTUDY_LINK_TIME_LIMIT": "30",
    "UNDERSTUDY_LINK_MAX_MB": "20",
    "UNDERSTUDY_MAX_UPLOAD_MB": "20",
    "UNDERSTUDY_RUNS_PER_USER": "1000",
    "UNDERSTUDY_RUNS_IN_TOTAL": "1000",
    "UNDERSTUDY_STARTS_PER_MINUTE": "100000",
}


class Trial:
    """Sends inputs to the site and judges what comes back."""

    def __init__(self, site: Crew, locked: Crew) -> None:
        self.site, self.locked = site, locked
        # A connection for each request: one that the site has closed would look like a crash.
        limits = httpx.Limits(max_keepalive_connections=0)
        self._client = httpx.Client(base_url=site.url, timeout=_ANSWER_S, limits=limits)
        self._stranger = httpx.Client(base_url=locked.url, timeout=_ANSWER_S, limits=limits)
        self.started: dict[str, Input] = {}

    def base_run(self) -> tuple[str, bytes]:
        """A run of the sample, really computed, and its zip."""
        run_id = str(
            self._client.post("/api/runs", data={"sample": "walker", "end": "2", "physics": "none"}).json()["id"]
        )
        state = self._ended(run_id, _SAMPLE_S)
        if state["state"] != "done":
            raise RuntimeError(f"The sample's run should be done, but is {state['state']}: {state['error']}")
        return run_id, self._client.get(f"/api/runs/{run_id}/bundle.zip").content

    def failure(self, given: Input) -> str:
        """What is wrong with the answer to an input; empty where nothing is."""
        crew = self.locked if given.locked else self.site
        try:
            status, text = self._raw(given.raw) if given.raw is not None else self._send(given)
        except httpx.TimeoutException:
            return f"no answer within {_ANSWER_S:.0f} s"
        except (httpx.InvalidURL, httpx.LocalProtocolError, UnicodeError):
            return ""  # that one cannot even be sent
        except (httpx.HTTPError, OSError) as error:
            return f"no answer: {error!r}"
        if (ended := crew.processes["site"].poll()) is not None:
            return f"the site ended with {ended}"
        told = _is_wrong(given, status, text)
        if not told and status == 201 and '"id"' in text:
            run_id = json.loads(text)["id"]
            if given.goes_on:
                self.started[run_id] = given
            else:
                self._client.delete(f"/api/runs/{run_id}")
        return told

    def run_failures(self) -> Iterator[tuple[Input, str]]:
        """What went wrong in the runs that the inputs started, and when they were looked at."""
        for run_id, given in self.started.items():
            run = self._ended(run_id, _RUN_S)
            error = run["error"] or ""
            if run["state"] not in ("done", "failed", "cancelled"):
                yield given, f"its run is still {run['state']}"
            elif any(word in error for word in (*_TRACES, *_OWN_FAULT)):
                yield given, f"its run says: {error}"
            elif wrong := self._looked_at(run):
                yield given, wrong

    def _looked_at(self, run: dict[str, Any]) -> str:
        at = f"/api/runs/{run['id']}"
        paths = [at, f"{at}/preview.webp", f"{at}/bundle.zip", f"{at}/log", f"{at}/trainings", "/api/runs"]
        for person in (0, 1):
            paths += [f"{at}/people/{person}/track.json", f"{at}/people/{person}/series.json"]
        paths += [each["url"] for each in run["artifacts"][:8]]
        for path in paths:
            wrong = self.failure(Input("files", "", "GET", path))
            if wrong and not path.endswith("/log"):  # which holds tracebacks, for its owner
                return f"{path}: {wrong}"
        return ""

    def _ended(self, run_id: str, within_s: float) -> dict[str, Any]:
        deadline = time.monotonic() + within_s
        while True:
            run: dict[str, Any] = self._client.get(f"/api/runs/{run_id}").json()
            if run["state"] in ("done", "failed", "cancelled") or time.monotonic() > deadline:
                return run
            time.sleep(0.3)

    def _send(self, given: Input) -> tuple[int, str]:
        client = self._stranger if given.locked else self._client
        answer = client.request(given.method, given.path, **given.sent)
        return answer.status_code, answer.text[:200_000]

    def _raw(self, content: bytes) -> tuple[int, str]:
        with socket.create_connection(("127.0.0.1", self.site.port), timeout=_ANSWER_S) as connection:
            with contextlib.suppress(ConnectionError):
                connection.sendall(content)
                connection.shutdown(socket.SHUT_WR)
            answer = b""
            with contextlib.suppress(ConnectionError):
                while piece := connection.recv(1 << 16):
                    answer += piece
        status = answer.split(b" ", 2)[1:2]
        return int(status[0]) if status and status[0].isdigit() else 400, answer.decode("latin-1")


def _is_wrong(given: Input, status: int, text: str) -> str:
    if status < 400:  # pages and files may say anything
        return ""
    trace = next((word for word in _TRACES if word in text), "")
    if trace:
        return f"{status} with {trace!r}: {text[:200]}"
    tells = given.path.startswith(("/gradio_api", "/config", "/queue")) and '"error"' in text  # Gradio's refusals
    return f"{status}: {text[:200]}" if status >= 500 and not tells else ""


def inputs(trial: Trial, there: Servers, count: int, seed: int) -> list[Input]:
    """So many, evenly of all kinds; of the fields, which are far more, as many as are missing."""
    dice = random.Random(seed)
    run_id, zipped = trial.base_run()
    fixed = [*files(there.forbidden[0].root, dice), *bundles(zipped, dice), *links(there), *names(run_id)]
    fixed += headers(trial.site.port, run_id, dice)
    others = list(fields(run_id))
    if count > len(fixed) * 1.2:
        return fixed + dice.sample(others, min(count - len(fixed), len(others)))
    by_kind = [[each for each in fixed if each.kind == kind] for kind in ("files", "links", "names", "headers")]
    return [each for kind in (*by_kind, others) for each in dice.sample(kind, min(count // 5, len(kind)))]


def try_all(database: str | None, count: int, seed: int, only: str, log: Any) -> tuple[int, dict[str, str], int]:
    """How many inputs were sent, what was wrong with which, and the requests at forbidden servers."""
    failed: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder, servers() as there:
        homes = [Path(folder) / name for name in ("open", "locked")]
        for home in homes:
            home.mkdir()
        url = {"UNDERSTUDY_DATABASE_URL": database} if database else {}
        site = Crew(homes[0], _SETTINGS | url)
        locked = Crew(
            homes[1], {"UNDERSTUDY_PASSWORD": "open sesame", "UNDERSTUDY_PIPELINE": "benchmarks.light_pipeline"}
        )
        try:
            for crew in (site, locked):
                crew.start("site")
                crew.wait_until_up()
            trial = Trial(site, locked)
            chosen = [i for i in inputs(trial, there, count, seed) if only in f"{i.kind} {i.label}"]
            for i, given in enumerate(chosen):
                wrong = trial.failure(given)
                told = {"input": i, "kind": given.kind, "label": given.label, "failed": wrong}
                print(json.dumps(told), file=log, flush=True)
                if wrong:
                    failed[f"{given.kind} {given.label}"] = wrong
            for given, wrong in trial.run_failures():
                print(json.dumps({"kind": given.kind, "label": given.label, "failed": wrong}), file=log, flush=True)
                failed[f"{given.kind} {given.label}"] = wrong
            if not (site.is_up() and locked.is_up()):
                failed["site"] = "it does not answer any more"
            log.write((homes[0] / "processes.log").read_text())
        finally:
            site.stop(kill=True)
            locked.stop(kill=True)
        return len(chosen), failed, there.hits


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--inputs", type=int, default=700)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="of these, those with this text in their kind and label")
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--log", type=Path, help="a line of JSON for each input, and what the site logs")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        log = stack.enter_context((given.log or Path(os.devnull)).open("w"))
        database = stack.enter_context(running_postgres()) if given.postgres else None
        count, failed, hits = try_all(database, given.inputs, given.seed, given.only, log)
    for name, wrong in failed.items():
        print(f"{name}: {wrong}", file=sys.stderr)
    report("reliability.hostile_inputs", count, "inputs")
    report("reliability.hostile_inputs_failed", len(failed), "inputs")
    report("reliability.forbidden_requests", hits, "requests")


if __name__ == "__main__":
    main()
