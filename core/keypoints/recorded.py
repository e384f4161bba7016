"""Keypoints from elsewhere, brought to a clip: matched in time, scaled to its picture, people told apart."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.errors import BadInputError
from core.keypoints.association import follow
from core.keypoints.lifting import lifted
from core.keypoints.openpose import Recording, read_openpose
from core.keypoints.settings import KeypointSettings
from core.motion import Clip, Track
from core.notices import notice
from core.progress import Progress, silent
from core.video.decode import frame_times, probe

Array = np.ndarray

MAX_GAP_S = 0.25
"""Frames that OpenPose left out are filled linearly over at most this time [s]."""
SLACK = 2
"""By how many frames two programs may differ about the length of a video."""


def recorded_tracks(
    clip: Clip,
    path: Path,
    settings: KeypointSettings,
    progress: Progress = silent,
    source: Path | None = None,
    start_s: float = 0.0,
    time_scale: float = 1.0,
) -> list[Track]:
    """Everybody's track from OpenPose's JSON at `path`, largest first; depth comes from the picture (`lifted`).

    `source` is the video that the clip was cut out of, from `start_s` on, and plays `time_scale` times slower than the
    clip; None means that the clip is the source.
    Raises `BadInputError` where the frames are not as many as the video has, or lie outside of its picture.
    """
    of_source = clip.times if source is None else frame_times(source)
    recording = _numbered_from_zero(read_openpose(path), (len(of_source), len(clip)))
    times, wanted, scale = _matched(recording, clip, source, of_source, start_s, time_scale)
    numbers = sorted(number for number in recording.frames if number < len(times))
    seen = [[_scaled(points, scale) for points in recording.frames[number]] for number in numbers]
    _check_inside(seen, clip)
    people = follow(seen, [times[number] for number in numbers], settings.memory_s)
    spacing = float(np.median(np.diff(times))) if len(times) > 1 else 1.0
    at = np.array([times[number] for number in numbers])
    sampled = [sample(person.points, at, wanted, spacing) for person in people]
    return lifted(clip, sampled, settings, progress)


def _numbered_from_zero(recording: Recording, lengths: Sequence[int]) -> Recording:
    """The recording with 0 for its first frame where its files are numbered from 1.

    So they are where the numbers begin at 1 and, one lower, fit the first video of the `lengths` that they fit at all.
    Where some are missing the first may be too; then the last has to lie beyond the video's end.
    """
    if not recording.starts_at_one:
        return recording
    slack, count = _slack(recording), recording.length
    fitting = [n for n in lengths if min(abs(count - n), abs(count - 1 - n)) <= slack]
    if not fitting or abs(count - 1 - fitting[0]) > slack or not (recording.gapless or count > fitting[0]):
        return recording
    notice("The keypoints' frames are numbered from one; number 1 was taken for the video's first frame.")
    return recording.one_earlier()


def _slack(recording: Recording) -> int:
    """By how many frames a recording may be longer or shorter than its video."""
    return max(SLACK, recording.step)


def _matched(
    recording: Recording, clip: Clip, source: Path | None, of_source: Array, start_s: float, time_scale: float
) -> tuple[Array, Array, Array]:
    """(the time of each frame of the recording [s], the clip's frames on the same clock [T] s, the scale [2] that
    brings the recording's coordinates to the clip's px); `of_source` [N] s are the times of the source's frames."""
    scale = np.array([clip.width, clip.height], float) if recording.normalised else np.ones(2)
    slack = _slack(recording)
    if source is not None and abs(recording.length - len(of_source)) <= slack:
        if not recording.normalised:
            # Clips are scaled as a whole, and lose at most a row and a column to an even size.
            info = probe(source)
            scale *= min(1.0, max(clip.width / info.width, clip.height / info.height))
        return _stretched(of_source, recording.length), start_s + clip.times * time_scale, scale
    if abs(recording.length - len(clip)) <= slack:
        return _stretched(clip.times, recording.length), clip.times, scale
    raise BadInputError(
        f"The keypoints should have a frame for each of the {len(of_source)} frames of the video"
        f"{'' if source is None else f' (or of the {len(clip)} of the window)'}, but have {recording.length}. "
        "Are they of this video?"
    )


def _stretched(times: Array, count: int) -> Array:
    """The times with the last step repeated up to `count`."""
    step = times[-1] - times[-2] if len(times) > 1 else 1.0
    more = times[-1] + step * np.arange(1, max(count - len(times), 0) + 1)
    return np.concatenate([times, more])[:count]


def _scaled(points: Array, scale: Array) -> Array:
    made = points.copy()
    made[:, :2] *= scale
    return made


def _check_inside(seen: Sequence[Sequence[Array]], clip: Clip) -> None:
    points = [p[p[:, 2] > 0, :2] for frame in seen for p in frame]
    xy = np.concatenate(points) if points else np.zeros((0, 2))
    limit = np.array([clip.width, clip.height])
    outside = ((xy < -0.1 * limit) | (xy > 1.1 * limit)).any(axis=1)
    if len(xy) and outside.mean() > 0.2:
        raise BadInputError(
            f"The keypoints should lie in the picture of {clip.width} x {clip.height} px, but {outside.mean():.0%} of "
            "them lie outside. Are they of this video, in its own size and orientation?"
        )
    if not len(xy):
        notice("The keypoints file has nobody in this window.")


def sample(points: dict[int, Array], at: Array, wanted: Array, spacing: float) -> dict[int, Array]:
    """One person's points at the times `wanted` [T] s, by index; `points` [33,3] were seen at the times `at`[key].

    The nearest one within half of `spacing` [s], else between two at most `MAX_GAP_S` apart; else the person is absent.
    """
    keys = np.array(sorted(points))
    times = at[keys]
    made = {}
    for index, time in enumerate(wanted):
        after = int(np.searchsorted(times, time))
        near = min((k for k in (after - 1, after) if 0 <= k < len(keys)), key=lambda k: abs(times[k] - time))
        if abs(times[near] - time) <= 0.5 * spacing + 1e-6:
            made[index] = points[int(keys[near])]
        elif 0 < after < len(keys) and times[after] - times[after - 1] <= MAX_GAP_S:
            made[index] = _between(
                points[int(keys[after - 1])],
                points[int(keys[after])],
                float((time - times[after - 1]) / (times[after] - times[after - 1])),
            )
    return made


def _between(a: Array, b: Array, share: float) -> Array:
    made = (1 - share) * a + share * b
    made[:, 2] = np.minimum(a[:, 2], b[:, 2])
    made[made[:, 2] <= 0, :2] = 0
    return made
