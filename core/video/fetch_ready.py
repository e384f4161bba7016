"""Whether videos can be fetched from links with what is installed."""

import importlib.metadata
import re
import subprocess
from pathlib import Path

from core.video.fetch import js_runtime

_UPDATE = "pip install -U yt-dlp yt-dlp-ejs deno, or `make setup` in the project's folder"


def link_parts() -> list[tuple[str, str, bool]]:
    """(part, version or what to do, whether it is good) for each part that links need."""
    return [_downloader(), _scripts(), _runtime(js_runtime())]


def _downloader() -> tuple[str, str, bool]:
    version = _version("yt-dlp")
    return ("yt-dlp", version or f"no videos from links; {_UPDATE}", bool(version))


def _scripts() -> tuple[str, str, bool]:
    """The scripts that solve YouTube's riddles have to be of the one version that yt-dlp names."""
    version, wanted = _version("yt-dlp-ejs"), scripts_version_wanted()
    if version and wanted in (None, version):
        return ("yt-dlp-ejs", version, True)
    came = f"is {version}" if version else "is not installed"
    return ("yt-dlp-ejs", f"no videos from YouTube: it should be {wanted}, but {came}; {_UPDATE}", False)


def scripts_version_wanted() -> str | None:
    """The version of yt-dlp-ejs that the installed yt-dlp asks for; None where it does not say."""
    try:
        requirements = importlib.metadata.requires("yt-dlp") or []
    except importlib.metadata.PackageNotFoundError:
        return None
    found = (re.match(r"yt-dlp-ejs==([\w.]+)", each) for each in requirements)
    return next((each[1] for each in found if each), None)


def _runtime(path: Path | None) -> tuple[str, str, bool]:
    if path is None:
        return ("deno", f"no videos from YouTube; {_UPDATE}", False)
    try:
        answer = subprocess.run([str(path), "--version"], capture_output=True, text=True, timeout=20, check=True)
        return ("deno", answer.stdout.split("\n")[0], True)
    except (OSError, subprocess.SubprocessError) as error:
        return ("deno", f"no videos from YouTube: it does not start ({error}); {_UPDATE}", False)


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
