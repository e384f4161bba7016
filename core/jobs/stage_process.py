"""A run's child process, as its parent sees it.

The stages of a run are computed in one process of their own: the web server stays responsive, a crash of a native
library ends the run and not the site, and a cancelled stage stops at once. One process for all stages, since importing
the networks takes longer than some stages do.
"""

import contextlib
import json
import logging
import math
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from core.progress import Progress

_log = logging.getLogger(__name__)
_ROOT = Path(__file__).parents[2]
_LOOK_EVERY_S = 0.25


class StageProcess:
    """Starts at the first stage asked for; leaving the `with` block ends it, whatever it is doing."""

    def __init__(self, pipeline: str, folder: Path, settings: dict[str, Any], log: Path, niceness: int = 0) -> None:
        """`niceness`: how far the process stands back behind others where the cores do not suffice, 0 to 19."""
        self._opening = {"pipeline": pipeline, "folder": str(folder), "settings": settings}
        self._log, self._niceness = log, niceness
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[dict[str, Any] | None] = queue.Queue()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """End the process, whatever it is doing; the next stage asked for starts another."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        with contextlib.suppress(OSError):
            process.stdin.close()  # type: ignore[union-attr]

    def run(
        self, stage: str, progress: Progress, look: Callable[[], None], silence_s: float = math.inf
    ) -> dict[str, Any]:
        """Run one stage and return its last answer: "event" is done, skipped, failed, crashed, gone or hung.

        `progress` is called as the stage reports; `look` about four times a second, also while it does not, and may
        raise to break the stage off (the process is then of no more use). A stage that does not report for `silence_s`
        has hung.
        """
        look()
        self._start()
        if not self._send({"stage": stage}):
            return {"event": "gone", "message": ""}
        next_look = time.monotonic() + _LOOK_EVERY_S
        heard = time.monotonic()
        while True:
            if time.monotonic() - heard > silence_s:
                return {"event": "hung", "message": ""}
            if time.monotonic() >= next_look:
                look()
                next_look = time.monotonic() + _LOOK_EVERY_S
            try:
                answer = self._answers.get(timeout=_LOOK_EVERY_S)
            except queue.Empty:
                continue
            if answer is None:
                return {"event": "gone", "message": ""}
            if answer["event"] != "progress":
                return answer
            heard = time.monotonic()
            progress(answer["fraction"], answer["message"])

    def _start(self) -> None:
        if self._process is not None:
            return
        self._log.parent.mkdir(parents=True, exist_ok=True)
        path = os.pathsep.join(p for p in (str(_ROOT), os.environ.get("PYTHONPATH", "")) if p)
        with self._log.open("a") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "core.jobs.stage_server"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                env=os.environ | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1"},
                start_new_session=True,  # Ctrl-C is for the parent, which ends the child in its own way
            )
        self._process, self._answers = process, queue.Queue()  # which another thread may end from now on
        if self._niceness:
            with contextlib.suppress(ProcessLookupError):
                os.setpriority(os.PRIO_PROCESS, process.pid, self._niceness)
        threading.Thread(target=_read, args=(process, self._answers), daemon=True).start()
        self._send(self._opening)

    def _send(self, request: dict[str, Any]) -> bool:
        process = self._process
        if process is None or process.stdin is None:  # ended meanwhile, by another thread
            return False
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
        except (BrokenPipeError, ValueError):  # the second where it is closed
            return False
        return True


def _read(process: "subprocess.Popen[str]", answers: "queue.Queue[dict[str, Any] | None]") -> None:
    assert process.stdout is not None
    with process.stdout, contextlib.suppress(ValueError):  # half a line, of a process that was killed
        for line in process.stdout:
            answers.put(json.loads(line))
    answers.put(None)
