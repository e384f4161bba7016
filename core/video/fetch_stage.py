"""The first stage of a run that was started with a link: its source comes into the run's folder, once."""

from datetime import UTC, datetime

from core.progress import Progress, silent
from core.run_folder import RunFolder, read_json, write_json
from core.video.fetch import Found, fetch_video
from core.video.fetch_settings import FetchSettings, fetch_settings
from core.video.link import read_link
from core.video.window import WindowSettings, check_source, check_window


def fetch_source(
    folder: RunFolder,
    link: str,
    window: WindowSettings,
    progress: Progress = silent,
    settings: FetchSettings | None = None,
) -> None:
    """Fetch the video at `link` to be the run's source, and note in run.json where it came from.

    A run that was killed and goes on does not fetch again what it has. A window outside the video is refused before the
    video is fetched, where its page tells how long it is. Raises `BadInputError`.
    """
    if folder.has_source():
        return

    def on_found(found: Found) -> None:
        if found.duration_s:
            check_window(found.duration_s, window)

    chosen = settings or fetch_settings()
    path, found = fetch_video(read_link(link), folder.root / "source", chosen, progress, on_found)
    facts = {
        "link": link,
        "page": found.page,
        "title": found.title,
        "uploader": found.uploader,
        "site": found.site,
        "licence": found.licence,
        "fetched": datetime.now(UTC).isoformat(timespec="seconds"),
        "bytes": path.stat().st_size,
    }
    write_json(folder.record, read_json(folder.record) | {"source": facts})
    check_source(path, window)
