"""The process that fetches one video: `python -m core.video.fetch_child`.

It reads one JSON object from its input, {"link", "folder", "limits", "allow", "js_runtime", "preview"}
(`core.video.fetch`), and answers with JSON lines: "progress" (fraction, message), "found" (title, uploader, duration_s,
...), then "done" (file) or "failed" (kind, message). Of a preview the file is the page's picture, if it has one, and
the video stays where it is. The end of its input means that the parent is gone, or wants it to be.
"""

import contextlib
import errno
import ipaddress
import json
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from core.video.fetch_guard import ForbiddenActError, ForbiddenAddressError, Guard

_GRACE_S = 30
_MEMORY_BYTES = 3_000_000_000
# Clients that are not Python would pass the guard unseen; these two more ways are simply not needed.
_NOT_LOADED = ("curl_cffi", "requests", "websockets", "pycurl")


def main() -> None:
    """Fetch what the input asks for."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    request = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    limits = request["limits"]
    _limit_process(limits)
    for name in _NOT_LOADED:
        sys.modules[name] = None  # type: ignore[assignment]
    allow = tuple(ipaddress.ip_network(each) for each in request["allow"])
    runtime = Path(request["js_runtime"]) if request["js_runtime"] else None
    guard = Guard(allow, runtime)
    guard.install()
    # After the guard, so that nothing of it ever runs without.
    from core.video.fetch_download import Stop, fetch, look

    def tell(**content: Any) -> None:
        _answer(answers, content)

    try:
        work = look if request["preview"] else fetch
        tell(event="done", **work(request["link"], Path(request["folder"]), limits, runtime, tell))
    except Exception as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        kinds = [kind for each in _chain(error) if (kind := _kind(each, Stop))]
        tell(event="failed", kind=kinds[0] if kinds else "", message=str(error))


def _kind(error: BaseException, stop: type[Exception]) -> str:
    """The kind of a failure that is not yt-dlp's; "" where its message has to tell."""
    if isinstance(error, stop):
        return str(error.kind)  # type: ignore[attr-defined]
    if isinstance(error, ForbiddenAddressError):
        return "private_address"
    if isinstance(error, ForbiddenActError):
        return "forbidden"
    return "too_large" if isinstance(error, MemoryError) or getattr(error, "errno", 0) == errno.EFBIG else ""


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what led to it, which yt-dlp keeps in attributes of its own as well."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        each = waiting.pop(0)
        if not isinstance(each, BaseException) or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        inner = (getattr(each, "exc_info", None) or (None, None))[1]
        waiting += [getattr(each, "cause", None), inner, each.__cause__, each.__context__]


def _limit_process(limits: dict[str, Any]) -> None:
    """What the kernel holds to, whatever this process believes: file size, memory, processor time, time at all."""
    seconds = int(limits["time_limit_s"]) + _GRACE_S
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # writing beyond the limit is then an OSError
    _lower(resource.RLIMIT_FSIZE, int(limits["max_bytes"]) + 16_000_000)
    _lower(resource.RLIMIT_DATA, _MEMORY_BYTES)
    _lower(resource.RLIMIT_CPU, seconds)
    _lower(resource.RLIMIT_CORE, 0)
    signal.alarm(seconds)  # its default is to end the process, also in the midst of a regular expression


def _lower(what: int, limit: int) -> None:
    _, hard = resource.getrlimit(what)
    limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(what, (limit, limit))


def _end_with_the_parent() -> None:
    while sys.stdin.readline():
        pass
    with contextlib.suppress(ProcessLookupError):
        os.killpg(os.getpgrp(), signal.SIGKILL)  # with the JavaScript runtime, should it be at work


_last_progress = 0.0


def _answer(answers: IO[str], content: dict[str, Any]) -> None:
    global _last_progress
    if content["event"] == "progress":
        if (now := time.monotonic()) - _last_progress < 0.1:
            return
        _last_progress = now
    answers.write(json.dumps(content) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
