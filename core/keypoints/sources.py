"""Where keypoints come from: BlazePose, RTMPose through rtmlib, or OpenPose's JSON."""

import hashlib
from pathlib import Path

from core.errors import BadInputError, MissingDependencyError
from core.keypoints import track_people
from core.keypoints.downloads import DownloadError
from core.keypoints.landmarks import NETWORKS
from core.keypoints.settings import KeypointSettings
from core.keypoints.sides import put_right
from core.motion import Clip, Track
from core.notices import notice
from core.progress import Progress, silent

RTM = "rtm"
NAMED = (*NETWORKS, RTM)


def check_source(spec: str) -> None:
    """`BadInputError` where `spec` is neither a named model nor something that exists."""
    if spec not in NAMED and not (spec and Path(spec).exists()):
        raise BadInputError(
            f"Keypoints should be {', '.join(NAMED)}, or a folder, zip or file of OpenPose's JSON that exists, but are "
            f"{spec!r}."
        )


def fingerprint(spec: str) -> str:
    """What tells one source from another: the name, or of files also their sizes and times of change."""
    if spec in NAMED:
        return spec
    path = Path(spec)
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    states = [(each.name, each.stat().st_size, each.stat().st_mtime_ns) for each in files]
    return f"{spec} {hashlib.sha256(repr(states).encode()).hexdigest()[:16]}"


def tracks_from(
    clip: Clip,
    settings: KeypointSettings,
    spec: str,
    progress: Progress = silent,
    source: Path | None = None,
    start_s: float = 0.0,
    time_scale: float = 1.0,
) -> list[Track]:
    """Everybody's track in a clip, largest first, from what `spec` names: a model, or a file of keypoints.

    Where RTMPose cannot be had, BlazePose takes its place and a notice says so. `source` is the video that the clip was
    cut out of, from `start_s` on, and plays `time_scale` times slower than the clip: keypoints from a file are matched
    to its frames. Raises `NoPersonError` where nobody is found and `BadInputError` where `spec` or its files cannot be
    used.
    """
    check_source(spec)
    if spec in NETWORKS:
        return track_people(clip, KeypointSettings(**{**vars(settings), "model": spec}), progress)
    if spec == RTM:
        from core.keypoints.rtm import rtm_tracks

        try:
            return put_right(rtm_tracks(clip, settings, progress))
        except (MissingDependencyError, DownloadError) as error:
            notice(f"RTMPose could not be used: {error}. BlazePose was used instead.")
            return track_people(clip, settings, progress)
    from core.keypoints.recorded import recorded_tracks

    return put_right(recorded_tracks(clip, Path(spec), settings, progress, source, start_s, time_scale))
