"""`understudy serve` in a process of its own, for tests that need a real site."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
START_WITHIN_S = 120.0


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def served_site(home: Path, pipeline: str, modules: str, port: int | None = None) -> Iterator[str]:
    """The address of a site with the given home over the module `pipeline`, which lies in the folders `modules`."""
    address = f"http://127.0.0.1:{port or free_port()}"
    command = [sys.executable, "-m", "webapp", "serve", "--port", address.rpartition(":")[2]]
    settings = {"UNDERSTUDY_HOME": str(home), "UNDERSTUDY_PIPELINE": pipeline, "PYTHONPATH": modules}
    with (home / "serve.log").open("w") as log:
        server = subprocess.Popen(command, env={**os.environ, **settings}, cwd=ROOT, stdout=log, stderr=log)
    try:
        until = time.monotonic() + START_WITHIN_S
        while not _answers(address):
            assert server.poll() is None, (home / "serve.log").read_text()
            assert time.monotonic() < until, "The site did not start."
            time.sleep(0.2)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


def _answers(address: str) -> bool:
    try:
        return urllib.request.urlopen(f"{address}/healthz", timeout=2).status == 200
    except OSError:
        return False
