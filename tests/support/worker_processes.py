"""Workers as processes of their own, which can be killed."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@contextmanager
def worker_processes(code: str) -> Iterator[Callable[..., "subprocess.Popen[bytes]"]]:
    """A function that starts a worker by `code`, with its arguments and more for `Popen`, and waits until it prints
    "up"; what lives at the end is killed."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: Any, **more: Any) -> "subprocess.Popen[bytes]":
        path = os.pathsep.join([str(ROOT), str(ROOT / "tests" / "jobs")])
        command = [sys.executable, "-c", code, *map(str, arguments)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": path}, **more)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        return process

    try:
        yield start
    finally:
        for process in started:
            process.kill()
            process.wait()
            for end in (process.stdin, process.stdout):
                if end is not None:
                    end.close()
