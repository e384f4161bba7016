"""Deleting a run's footage: everything that shows the video, while the motion that was made of it stays."""

import shutil
from datetime import UTC, datetime
from typing import Any

from core.errors import BadInputError
from core.run_folder import RunFolder, read_json, write_json
from core.video.window import load_clip


def delete_footage(folder: RunFolder) -> int:
    """Delete the source, the clip, the pictures of people and the side-by-side videos; returns the bytes freed.

    Tracks, motions, meshes and rollouts stay, with the clip's size and rate in run.json, so that keypoints can still be
    drawn. Doing it twice does no harm.
    """
    facts: dict[str, Any] = {"deleted": datetime.now(UTC).isoformat(timespec="seconds")}
    try:
        clip = load_clip(folder.clip)
        facts |= {"fps": clip.fps, "frames": len(clip), "width": clip.width, "height": clip.height}
    except (BadInputError, FileNotFoundError):
        pass
    record = read_json(folder.record)
    # First the word, then the deed: whoever reads between them is told why something is missing.
    write_json(folder.record, record | {"footage": record.get("footage", {}) | facts})
    pictures = [folder.clip, *folder.root.glob("people/*.jpg"), *folder.root.glob("person-*/side_by_side.mp4")]
    present = [path for path in (*pictures, *(folder.root / "source").rglob("*")) if path.is_file()]
    freed = sum(path.stat().st_size for path in present)
    for path in pictures:
        path.unlink(missing_ok=True)
    shutil.rmtree(folder.root / "source", ignore_errors=True)
    return freed


def footage_deleted(folder: RunFolder) -> bool:
    """Whether the run's footage was deleted, and not merely is not there yet."""
    return "deleted" in read_json(folder.record).get("footage", {})
