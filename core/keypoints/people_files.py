"""Everybody who was found, in a run's folder: all tracks as they were found, thumbnails, and people.json about them.

The later stages read `person-n/track.npz`, which is made from these for the people who were chosen, with the
corrections applied. So another choice or another correction needs no second look at the video.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from core.assets import sha256_of
from core.errors import BadInputError
from core.keypoints.corrections import Correction, corrected
from core.keypoints.thumbnails import write_thumbnails
from core.motion import Track
from core.notices import collecting, notice
from core.run_folder import RunFolder, read_json, write_json
from core.video import load_clip


def found_people(folder: RunFolder) -> list[Track]:
    """Everybody's track as it was found, largest person first; empty where the stage has not been run."""
    return [
        Track.load(folder.found_track(each["number"])) for each in read_json(folder.people_record).get("people", [])
    ]


def keep_people(folder: RunFolder, made_by: str, find: Callable[[], list[Track]]) -> list[Track]:
    """The people in the run's clip: from the folder where they were found before, else from `find`, and then stored.

    `made_by` names what finds them (the keypoint model). Another name or another clip means another search; notices
    given during the search are given again when its result is used again.
    """
    known, clip_sum = read_json(folder.people_record), sha256_of(folder.clip)
    if (known.get("made_by"), known.get("clip_sha256")) == (made_by, clip_sum) and folder.has_found():
        for text in known.get("notices", []):
            notice(text)
        return found_people(folder)
    with collecting() as said:
        tracks = find()
    for text in said:
        notice(text)
    for n, track in enumerate(tracks):
        track.save(folder.found_track(n))
    numbers = [{"number": n} for n in range(len(tracks))]
    write_json(folder.people_record, {"made_by": made_by, "clip_sha256": clip_sum, "notices": said, "people": numbers})
    return tracks


def choose_people(
    folder: RunFolder, tracks: Sequence[Track], person: str, corrections: Sequence[Correction] = ()
) -> None:
    """Write the chosen people's tracks, corrected, and everybody's thumbnail and entry in people.json.

    `person` is a number from 0 or "all". Raises `BadInputError` where there is no such person or a correction points
    at nobody.
    """
    tracks = corrected(tracks, corrections)
    if person != "all" and int(person) >= len(tracks):
        raise BadInputError(
            f"Person {person} was asked for, but the people found are numbered 0 to {len(tracks) - 1}. "
            f"Choose one of these."
        )
    paths = [folder.thumbnail(n) for n in range(len(tracks))]
    shown = write_thumbnails(load_clip(folder.clip), tracks, paths)
    entries = [
        _entry(n, track, frame, folder.thumbnail(n).relative_to(folder.root).as_posix())
        for n, (track, frame) in enumerate(zip(tracks, shown, strict=True))
    ]
    write_json(folder.people_record, read_json(folder.people_record) | {"people": entries})
    for n, track in enumerate(tracks):
        if person in ("all", str(n)):
            track.save(folder.person(n) / "track.npz")
        else:
            (folder.person(n) / "track.npz").unlink(missing_ok=True)


def _entry(number: int, track: Track, frame: int, thumbnail: str) -> dict[str, Any]:
    present = np.flatnonzero(track.present)
    heights = track.boxes[present, 3] - track.boxes[present, 1]
    return {
        "number": number,
        "thumbnail": thumbnail,
        "thumbnail_frame": frame,
        "frames": len(present),
        "first_frame": int(present[0]) if len(present) else None,
        "last_frame": int(present[-1]) if len(present) else None,
        "height_px": round(float(np.median(heights)), 1) if len(present) else 0.0,
    }
