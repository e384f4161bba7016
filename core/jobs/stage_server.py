"""The child process that runs the stages of one run: `python -m core.jobs.stage_server`.

It reads one JSON object a line from its input and answers on its output. The first line opens the run, {"pipeline":
module, "folder": path, "settings": {...}}; every further line asks for a stage, {"stage": name}. Answers have an
"event": "progress" (fraction, message), then one of "done", "skipped", "failed" (message: for the person) or "crashed"
(the traceback goes to the error output). The end of its input means that the parent is gone, and ends the process at
once, in the midst of whatever it does.
"""

import errno
import fcntl
import importlib
import json
import os
import queue
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import IO, Any

from core.errors import UnderstudyError
from core.run_folder import RunFolder

DISK_FULL = (
    "The server's disk is full. Free some space (`understudy clean` says how much it can), then try the run again."
)
NO_MEMORY = "The server's memory does not suffice. Try a shorter window, or again when less is going on."
_REPORTS_PER_SECOND = 10


def main() -> None:
    """Serve requests until the input ends."""
    answers = _own_output()
    requests: queue.Queue[dict[str, Any]] = queue.Queue()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()
    opening = requests.get()
    folder = RunFolder(Path(opening["folder"]))
    held = _hold(folder)
    try:
        pipeline = importlib.import_module(opening["pipeline"])
        settings = pipeline.RunSettings.from_json(opening["settings"])
    except Exception as error:
        requests.get()
        _answer(answers, **_as_event(error))
        return
    while held:
        _perform(pipeline, requests.get()["stage"], folder, settings, answers)


def _hold(folder: RunFolder) -> IO[bytes]:
    """Lock the run's folder for this process, waiting for another that is still at it (a machine that was cut off)."""
    folder.root.mkdir(parents=True, exist_ok=True)
    lock = (folder.root / ".lock").open("ab")
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def _own_output() -> IO[str]:
    """Keep the output for answers alone; what libraries print, also from C, goes to the error output."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def _listen(requests: "queue.Queue[dict[str, Any]]") -> None:
    for line in sys.stdin:
        requests.put(json.loads(line))
    os._exit(0)


def _perform(pipeline: Any, name: str, folder: RunFolder, settings: Any, answers: IO[str]) -> None:
    last = 0.0

    def progress(fraction: float, message: str = "") -> None:
        nonlocal last
        if (now := time.monotonic()) - last >= 1 / _REPORTS_PER_SECOND:
            last = now
            _answer(answers, event="progress", fraction=float(fraction), message=str(message))

    try:
        stage = next(s for s in pipeline.STAGES if s.name == name)
        if pipeline.applies(stage, folder, settings):
            pipeline.run_stage(stage, folder, settings, progress)
            _answer(answers, event="done")
        else:
            _answer(answers, event="skipped")
    except Exception as error:
        _answer(answers, **_as_event(error))


def _as_event(error: Exception) -> dict[str, str]:
    if isinstance(error, UnderstudyError):
        return {"event": "failed", "message": str(error)}
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return {"event": "failed", "message": DISK_FULL}
    if isinstance(error, MemoryError):
        traceback.print_exception(error)
        return {"event": "failed", "message": NO_MEMORY}
    traceback.print_exception(error)
    return {"event": "crashed", "message": ""}


def _answer(answers: IO[str], **content: Any) -> None:
    answers.write(json.dumps(content) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
