"""Own modules and styles, sent packed: three.js is 2.1 MB of text, 0.5 MB of it packed."""

import gzip
import os
from functools import lru_cache
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

_PACKED = (".js", ".css", ".html", ".svg")
_LEAST = 1024  # bytes: less is not worth it


class PackedFiles(StaticFiles):
    """Static files, those of text with gzip where the browser takes it; each is packed once."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """The answer for a file that is there."""
        path, headers = Path(full_path), Headers(scope=scope)
        plain = super().file_response(full_path, stat_result, scope, status_code)
        if path.suffix not in _PACKED:
            return plain
        plain.headers["vary"] = "Accept-Encoding"
        plain.headers.setdefault("cache-control", "no-cache")  # asked for again each time, and mostly a 304
        takes = "gzip" in headers.get("accept-encoding", "")
        if isinstance(plain, NotModifiedResponse) or not takes or stat_result.st_size < _LEAST:
            return plain
        kept = {name: plain.headers[name] for name in ("etag", "last-modified", "vary", "cache-control")}
        content = _packed(path, stat_result.st_mtime_ns)
        return Response(content, status_code, kept | {"content-encoding": "gzip"}, plain.media_type)


@lru_cache(maxsize=256)
def _packed(path: Path, modified: int) -> bytes:
    return gzip.compress(path.read_bytes(), 6, mtime=0)
