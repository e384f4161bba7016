"""How a training is told to end early: a stop file, a signal, or the end of the standard input.

All of them let it write a last checkpoint; it then goes on with `--resume`.
"""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

STOP_FILE = "stop"
"""A file of this name in a training's folder ends it."""


@contextlib.contextmanager
def stopping(folder: Path, watch_input: bool = False) -> Iterator[Callable[[], bool]]:
    """Within the block the yielded function says whether to stop: SIGTERM or SIGINT came, `folder`/stop is there, or,
    with `watch_input`, the standard input has ended (whoever started this process is gone).

    Signals are caught in the main thread only, and are as before after the block.
    """
    asked = threading.Event()
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            before[number] = signal.signal(number, lambda *_: asked.set())
    if watch_input:
        threading.Thread(target=_wait_for_end, args=(asked,), daemon=True).start()
    (folder / STOP_FILE).unlink(missing_ok=True)  # of an earlier time
    try:
        yield lambda: asked.is_set() or (folder / STOP_FILE).exists()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _wait_for_end(asked: threading.Event) -> None:
    with contextlib.suppress(OSError):
        while os.read(sys.stdin.fileno(), 1024):
            pass
    asked.set()
