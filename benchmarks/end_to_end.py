"""The main job on the sample: from file to all artifacts, and from submit to the first mesh on the page.

    python -m benchmarks.end_to_end [--repeat N]

Both are measured from outside, as a person meets them: whole processes, imports included. Medians over the repeats.
"""

import argparse
import json
import os
import resource
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

TIMEOUT_S = 300.0


def command_line_seconds(folder: Path) -> float:
    """Wall seconds of `understudy run SAMPLE --physics assisted`, start of the process to its end."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "webapp", "run", "SAMPLE", "--physics", "assisted", "--out", str(folder)]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def first_mesh_seconds(home: Path) -> float:
    """Seconds from submitting the sample to a served site until the recovered mesh can be fetched from it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    site = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "UNDERSTUDY_HOME": str(home)}
    command = [sys.executable, "-m", "webapp", "serve", "--port", str(port)]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(lambda: urllib.request.urlopen(f"{site}/healthz").status == 200)
        form = urllib.parse.urlencode({"sample": "walker", "physics": "assisted"}).encode()
        started = time.perf_counter()
        run = json.load(urllib.request.urlopen(f"{site}/api/runs", data=form))
        _wait_for(lambda: _mesh_is_served(site, run["id"]))
        return time.perf_counter() - started
    finally:
        server.terminate()
        server.wait(timeout=30)


def _mesh_is_served(site: str, run: str) -> bool:
    state = json.load(urllib.request.urlopen(f"{site}/api/runs/{run}"))
    if state["state"] in ("failed", "cancelled"):
        raise RuntimeError(f"The run {state['state']}: {state['error']}")
    urls = [m["url"] for person in state["people"] for m in person["motions"] if m["name"] == "hmr"]
    return bool(urls) and urllib.request.urlopen(urllib.parse.urljoin(site, urls[0])).status == 200


def _wait_for(condition) -> None:
    until = time.perf_counter() + TIMEOUT_S
    while time.perf_counter() < until:
        try:
            if condition():
                return
        except (urllib.error.URLError, ConnectionError):
            pass
        time.sleep(0.1)
    raise TimeoutError(f"Nothing came within {TIMEOUT_S:g} s.")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    repeats = range(parser.parse_args().repeat)
    with tempfile.TemporaryDirectory() as scratch:
        seconds = [command_line_seconds(Path(scratch) / f"run-{i}") for i in repeats]
        report("end_to_end.seconds", statistics.median(seconds), "s")
        peak_kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        report("end_to_end.peak_memory_gb", peak_kib * 1024 / 1e9, "GB")
        meshes = [first_mesh_seconds(Path(scratch) / f"home-{i}") for i in repeats]
        report("end_to_end.first_mesh_seconds", statistics.median(meshes), "s")


if __name__ == "__main__":
    main()
