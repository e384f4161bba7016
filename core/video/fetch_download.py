"""yt-dlp, told to fetch one whole video without sound and nothing else. Runs within the guarded process alone."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from yt_dlp import YoutubeDL
from yt_dlp.networking.common import Response
from yt_dlp.utils import DownloadCancelled, YoutubeDLError

_LIVE = ("is_live", "is_upcoming", "post_live")
_MANIFESTS = ("m3u8", "m3u8_native")
_MAX_PAGES = 20_000
_CHUNK = 1 << 18
_PICTURE_BYTES = 4_000_000
_PICTURE_WIDTH = 1300

Tell = Callable[..., None]


class Stop(DownloadCancelled):
    """Ends the work for a reason that is known; yt-dlp hands its base class through as it is."""

    def __init__(self, kind: str, message: str = "") -> None:
        super().__init__(message or kind)
        self.kind, self.message = kind, message


class Allowance:
    """Counts what is received for the link: every page, player, playlist and piece together."""

    def __init__(self, most: int) -> None:
        self.most, self.received, self.kind = most, 0, "page_too_large"

    def begin_video(self, most: int) -> None:
        """Count anew, for the video itself."""
        self.most, self.received, self.kind = most, 0, "too_large"

    def take(self, count: int) -> None:
        """Count bytes; `Stop` where there are too many."""
        self.received += count
        if self.received > self.most:
            raise Stop(self.kind)


def _count(response: Response, allowance: Allowance) -> Response:
    """Count an answer's body as it is read, whatever its headers promise and however far it unpacks."""
    read = response.read

    def taken(amount: int) -> bytes:
        piece = read(amount)
        allowance.take(len(piece))
        return piece

    def counted(amount: int | None = None) -> bytes:
        if amount is not None and amount >= 0:
            return taken(amount)
        return b"".join(iter(lambda: taken(_CHUNK), b""))

    response.read = counted
    return response


class _Log:
    """What yt-dlp says goes to the error output, hence to the run's log."""

    def debug(self, text: str) -> None:
        """Say nothing: there is a line for every page."""

    info = debug

    def warning(self, text: str) -> None:
        """Keep a warning."""
        print(f"yt-dlp: {text}", file=sys.stderr)

    error = warning


class _Downloader(YoutubeDL):
    """A YoutubeDL that counts what it receives and speaks HTTP alone."""

    def __init__(self, parameters: dict[str, Any], allowance: Allowance) -> None:
        super().__init__(parameters)
        self._allowance, self._requests = allowance, 0

    def urlopen(self, req: Any) -> Response:
        """Send a request."""
        url = req if isinstance(req, str) else getattr(req, "url", "") or req.full_url
        if not url.lower().startswith(("http://", "https://", "//", "data:")):
            raise Stop("forbidden", "only http and https are followed")
        self._requests += 1
        if self._requests > _MAX_PAGES:
            raise Stop("too_large")
        response = super().urlopen(req)
        # HTTP and no other protocol a redirect may have led to.
        if not response.url.lower().startswith(("http://", "https://", "data:")):
            raise Stop("forbidden", "only http and https are followed")
        return _count(response, self._allowance)


def fetch(link: str, folder: Path, limits: dict[str, Any], js_runtime: Path | None, tell: Tell) -> dict[str, Any]:
    """Fetch the video at `link` into `folder`; {"file": its name}.

    Raises `Stop` for what the limits refuse, and whatever yt-dlp raises for the rest.
    """
    allowance = Allowance(min(limits["max_page_bytes"], limits["max_bytes"]))
    with _Downloader(_parameters(folder, limits, js_runtime, tell), allowance) as ydl:
        found = _look_at_page(ydl, link, limits, tell)
        allowance.begin_video(limits["max_bytes"])
        result = ydl.process_ie_result(found, download=True)
    downloads = [each.get("filepath") for each in result.get("requested_downloads") or []]
    if len(downloads) != 1 or not downloads[0] or not Path(downloads[0]).is_file():
        raise Stop("too_large")  # the one thing that yt-dlp refuses without a word
    return {"file": Path(downloads[0]).name}


def look(link: str, folder: Path, limits: dict[str, Any], js_runtime: Path | None, tell: Tell) -> dict[str, Any]:
    """Tell what the page says of its video, and fetch the page's picture of it into `folder`; {"file": its name or ""}.

    Raises as `fetch` does where there is no video; a picture that cannot be had is simply not there.
    """
    allowance = Allowance(min(limits["max_page_bytes"], limits["max_bytes"]))
    with _Downloader(_parameters(folder, limits, js_runtime, tell), allowance) as ydl:
        found = _look_at_page(ydl, link, limits, tell)
        address = _picture_of(found)
        if not address:
            return {"file": ""}
        allowance.begin_video(_PICTURE_BYTES)
        try:
            with ydl.urlopen(address) as answer:
                (folder / "picture").write_bytes(answer.read())
        except (OSError, Stop, YoutubeDLError):  # the guard's refusals are among them
            return {"file": ""}
    return {"file": "picture"}


def _look_at_page(ydl: YoutubeDL, link: str, limits: dict[str, Any], tell: Tell) -> dict[str, Any]:
    tell(event="progress", fraction=0.0, message="looking at the page")
    found = _only_video(ydl, ydl.extract_info(link, download=False, process=False))
    _refuse(ydl, found, limits)
    tell(event="found", **_facts(found))
    return found


def _picture_of(found: dict[str, Any]) -> str:
    """The address of the page's picture: the largest up to a usual width, "" where there is none."""
    known = [each for each in found.get("thumbnails") or [] if each.get("url")]
    fitting = [each for each in known if (each.get("width") or 0) <= _PICTURE_WIDTH]
    best = max(fitting or known, key=lambda each: each.get("width") or 0, default=None)
    return str(found.get("thumbnail") or (best or {}).get("url") or "")


def _parameters(folder: Path, limits: dict[str, Any], js_runtime: Path | None, tell: Tell) -> dict[str, Any]:
    height = limits["max_height_px"]
    return {
        "quiet": True,
        "noprogress": True,
        "logger": _Log(),
        # Sound is not needed: then there is nothing to merge, hence no ffmpeg.
        "format": f"bv*[height<=?{height}]/bv*",
        "format_sort": [f"res:{height}", "vcodec:h264"],
        "noplaylist": True,
        "playlist_items": "1:2",
        "extract_flat": "in_playlist",
        "outtmpl": {"default": str(folder / "video.%(ext)s")},
        "updatetime": False,
        "cachedir": False,
        "proxy": "",
        "enable_file_urls": False,
        "socket_timeout": limits["socket_timeout_s"],
        "retries": 2,
        "fragment_retries": 2,
        "extractor_retries": 1,
        "file_access_retries": 0,
        "skip_unavailable_fragments": False,
        "hls_prefer_native": True,
        "external_downloader": {"default": "native"},
        "fixup": "never",
        "geo_bypass": False,
        "check_formats": False,
        "max_filesize": limits["max_bytes"],
        "js_runtimes": {"deno": {"path": str(js_runtime)}} if js_runtime else {},
        "remote_components": [],
        "progress_hooks": [lambda status: _report(status, tell)],
    }


def _report(status: dict[str, Any], tell: Tell) -> None:
    done = status.get("downloaded_bytes") or 0
    total = status.get("total_bytes") or status.get("total_bytes_estimate") or 0
    fraction = done / total if total else 0.0
    tell(event="progress", fraction=min(fraction, 0.99), message=_size(done, total))


def _size(done: float, total: float) -> str:
    return f"{done / 1e6:.1f} of {total / 1e6:.1f} MB" if total else f"{done / 1e6:.1f} MB"


def _only_video(ydl: YoutubeDL, found: dict[str, Any] | None) -> dict[str, Any]:
    """Follow what the page names until one video is found; `Stop` for a list of several and for none."""
    for _ in range(10):
        if not found:
            raise Stop("no_video")
        kind = found.get("_type", "video")
        if kind in ("url", "url_transparent"):
            outer = found
            found = ydl.extract_info(found["url"], ie_key=found.get("ie_key"), download=False, process=False)
            if kind == "url_transparent" and found:
                found = found | {
                    k: v for k, v in outer.items() if v is not None and k not in ("_type", "url", "ie_key")
                }
        elif kind in ("playlist", "multi_video", "compat_list"):
            entries = [each for each, _ in zip(found.get("entries") or (), range(2), strict=False)]
            if len(entries) > 1:
                raise Stop("playlist")
            found = entries[0] if entries else None
        else:
            return found
    raise Stop("no_video")


def _refuse(ydl: YoutubeDL, found: dict[str, Any], limits: dict[str, Any]) -> None:
    if found.get("is_live") or found.get("live_status") in _LIVE:
        raise Stop("live")
    duration = found.get("duration")
    if duration and duration > limits["max_seconds"]:
        raise Stop("too_long", f"{duration:.0f}")


def _facts(found: dict[str, Any]) -> dict[str, Any]:
    title = str(found.get("title") or "")
    if found.get("extractor_key") in (
        "Generic",
        "HTML5MediaEmbed",
    ):  # which number a page's videos, also one alone
        title = title.removesuffix(" (1)")
    return {
        "title": title[:300],
        "uploader": str(found.get("uploader") or found.get("channel") or "")[:200],
        "page": str(found.get("webpage_url") or found.get("original_url") or "")[:2048],
        "site": str(found.get("extractor_key") or found.get("extractor") or "")[:60],
        "licence": str(found.get("license") or "")[:200],
        "duration_s": found.get("duration"),
    }
