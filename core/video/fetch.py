"""Fetching the video behind a link into a folder: the parent's side of the guarded process (`fetch_child`)."""

import contextlib
import dataclasses
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import BadInputError
from core.progress import Progress, silent
from core.video.decode import probe
from core.video.fetch_addresses import may_reach
from core.video.fetch_errors import NO_SUCH_PLACE, UNKNOWN, UPLOAD, plain_sentence
from core.video.fetch_settings import FetchSettings
from core.video.link import Link
from core.video.remux import as_readable_video

_ROOT = Path(__file__).parents[2]
_LOOK_EVERY_S = 0.2
_UNFINISHED = ".fetching"


@dataclass(frozen=True)
class Found:
    """What the page says of its video; empty texts and None where it does not say."""

    title: str
    uploader: str
    page: str
    """The address of the page that the video belongs to."""
    site: str
    """The part of yt-dlp that knew the page ("Youtube", "Generic")."""
    licence: str
    duration_s: float | None


def check_link(link: Link, settings: FetchSettings) -> None:
    """`BadInputError` for a link that need not be tried: links are off, or it spells an address that is not public."""
    if not settings.enabled:
        raise BadInputError(f"Links are switched off on this site. {UPLOAD}")
    address = link.address
    if address is not None and not may_reach(address, settings.allow):
        raise BadInputError(NO_SUCH_PLACE)


def fetch_video(
    link: Link,
    folder: Path,
    settings: FetchSettings,
    progress: Progress = silent,
    on_found: Callable[[Found], None] = lambda found: None,
) -> tuple[Path, Found]:
    """Fetch the video at `link` into `folder`, as a file that appears when it is whole; its path and its page's words.

    `on_found` is told of the video before it is fetched and may raise to leave it. `BadInputError` says why there is
    none, in a sentence with a way out. An exception from `progress` (cancelling) ends the process, and nothing is left
    behind.
    """
    check_link(link, settings)
    scratch = folder / _UNFINISHED
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        file, found = _fetch(link, scratch, settings, progress, on_found)
        whole = as_readable_video(scratch / file)
        _check_length(whole, settings)
        kept = folder / f"video{whole.suffix}"
        whole.replace(kept)
        return kept, found
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def js_runtime() -> Path | None:
    """The Deno that came with the installation; None where there is none, and YouTube's videos cannot be had."""
    try:
        from deno import find_deno_bin

        return Path(find_deno_bin())
    except (ImportError, OSError):
        return None


def _fetch(
    link: Link, folder: Path, settings: FetchSettings, progress: Progress, on_found: Callable[[Found], None]
) -> tuple[str, Found]:
    request = request_of(link, folder, settings)
    found = Found("", "", link.url, "", "", None)
    with guarded_child(request) as answers:
        for answer in answers_until(answers, time.monotonic() + settings.time_limit_s, progress):
            event = answer.pop("event")
            if event == "progress":
                progress(answer["fraction"], answer["message"])
            elif event == "found":
                found = Found(**answer)
                on_found(found)
            elif event == "done":
                return answer["file"], found
            else:
                raise BadInputError(sentence_of(answer["kind"], answer["message"], settings))
    raise BadInputError(UNKNOWN)


def request_of(link: Link, folder: Path, settings: FetchSettings) -> dict[str, Any]:
    """What the child reads from its input (`fetch_child`)."""
    runtime = js_runtime()
    limits = {k: v for k, v in dataclasses.asdict(settings).items() if k not in ("allow", "enabled")}
    return {
        "link": link.url,
        "folder": str(folder),
        "limits": limits,
        "allow": [str(network) for network in settings.allow],
        "js_runtime": str(runtime) if runtime else None,
        "preview": False,
    }


@contextmanager
def guarded_child(request: dict[str, Any]) -> Iterator["queue.Queue[dict[str, Any] | None]"]:
    """The process, at work; what it answers, None at its end. Leaving the block ends it with all that it started."""
    with tempfile.TemporaryDirectory(prefix="understudy-fetch-") as home:
        process = subprocess.Popen(
            [sys.executable, "-m", "core.video.fetch_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            cwd=home,
            env=_environment(home),
            start_new_session=True,
        )
        assert process.stdin is not None
        try:
            answers: queue.Queue[dict[str, Any] | None] = queue.Queue()
            threading.Thread(target=_read, args=(process, answers), daemon=True).start()
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(json.dumps(request) + "\n")
                process.stdin.flush()
            yield answers
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            with contextlib.suppress(OSError):
                process.stdin.close()


def _environment(home: str) -> dict[str, str]:
    """No more than is needed: none of the site's secrets, no proxy that would connect for it, no plug-ins."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "SSL_CERT_FILE") if name in os.environ}
    return kept | {
        "HOME": home,
        "TMPDIR": home,
        "DENO_DIR": home,
        "DENO_NO_UPDATE_CHECK": "1",
        "PYTHONPATH": str(_ROOT),
        "PYTHONSAFEPATH": "1",
        "PYTHONUNBUFFERED": "1",
        "YTDLP_NO_PLUGINS": "1",
    }


def _read(process: "subprocess.Popen[str]", answers: "queue.Queue[dict[str, Any] | None]") -> None:
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            answers.put(json.loads(line))
    answers.put(None)


def answers_until(
    answers: "queue.Queue[dict[str, Any] | None]", deadline: float, progress: Progress
) -> Iterator[dict[str, Any]]:
    """The answers as they come; between them the last progress is told again, so that cancelling is never late."""
    last: tuple[float, str] = (0.0, "")
    while time.monotonic() < deadline:
        try:
            answer = answers.get(timeout=_LOOK_EVERY_S)
        except queue.Empty:
            progress(*last)
            continue
        if answer is None:
            raise BadInputError(UNKNOWN)
        if answer["event"] == "progress":
            last = (answer["fraction"], answer["message"])
        yield answer
    raise BadInputError(f"Fetching the video took too long, and was given up. {UPLOAD}")


def sentence_of(kind: str, message: str, settings: FetchSettings) -> str:
    """What a person is told of a failure of the child: its kind, or else its message, made plain."""
    megabytes, minutes = settings.max_bytes / 1e6, settings.max_seconds / 60
    part = "Cut out the part you want and upload that."
    known = {
        "too_large": f"The video has more than {megabytes:g} MB, the limit for links. {part}",
        "page_too_large": f"The page behind the link is far too large to look for a video in it. {UPLOAD}",
        "too_long": f"The video is longer than {minutes:g} minutes, the limit for links. {part}",
        "live": plain_sentence("is upcoming")[1],
        "no_video": plain_sentence("Unsupported URL")[1],
        "playlist": "The link leads to a list of several videos. Open the one you want and paste its own link.",
        "private_address": NO_SUCH_PLACE,
        "forbidden": f"The video would have to be fetched by other means than HTTP, which is not done. {UPLOAD}",
    }
    return known[kind] if kind in known else plain_sentence(message)[1]


def _check_length(video: Path, settings: FetchSettings) -> None:
    if probe(video).duration_s > settings.max_seconds:
        raise BadInputError(sentence_of("too_long", "", settings))
