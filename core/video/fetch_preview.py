"""What is behind a link, before it is fetched: title, length and the page's picture, by the same guarded process."""

import dataclasses
import tempfile
import time
from io import BytesIO
from pathlib import Path

from PIL import Image

from core.errors import BadInputError
from core.video.fetch import Found, answers_until, check_link, guarded_child, request_of, sentence_of
from core.video.fetch_errors import UNKNOWN
from core.video.fetch_settings import FetchSettings
from core.video.link import Link

TIME_LIMIT_S = 30.0
_WIDTH, _MOST_PX = 480, 40_000_000
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")


@dataclasses.dataclass(frozen=True)
class Preview:
    """What the page says of its video, and its picture as a JPEG at most 480 px wide; None where it has none."""

    found: Found
    picture: bytes | None


def preview_link(link: Link, settings: FetchSettings) -> Preview:
    """Look at what is behind a link; `BadInputError` says why there is nothing to fetch, as fetching would."""
    check_link(link, settings)
    limited = dataclasses.replace(settings, time_limit_s=min(settings.time_limit_s, TIME_LIMIT_S))
    with tempfile.TemporaryDirectory(prefix="understudy-preview-") as folder:
        request = request_of(link, Path(folder), limited) | {"preview": True}
        found = Found("", "", link.url, "", "", None)
        with guarded_child(request) as answers:
            for answer in answers_until(answers, time.monotonic() + limited.time_limit_s, lambda *_: None):
                event = answer.pop("event")
                if event == "found":
                    found = Found(**answer)
                elif event == "done":
                    file = answer["file"]
                    return Preview(found, small_picture(Path(folder) / Path(file).name) if file else None)
                elif event == "failed":
                    raise BadInputError(sentence_of(answer["kind"], answer["message"], limited))
    raise BadInputError(UNKNOWN)


def small_picture(path: Path) -> bytes | None:
    """A picture from elsewhere made small and plain; None where it is none of the usual, or far too large."""
    try:
        with Image.open(path, formats=_FORMATS) as picture:
            if picture.width * picture.height > _MOST_PX:
                return None
            picture.draft("RGB", (_WIDTH, _WIDTH))
            plain = picture.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    plain.thumbnail((_WIDTH, _WIDTH))
    data = BytesIO()
    plain.save(data, "JPEG", quality=80)
    return data.getvalue()
