"""Answers that are asked for again and again: sent whole only where they differ from what the browser has."""

import hashlib
import json
from typing import Any

from fastapi import Request, Response


def fresh_json(request: Request, content: Any) -> Response:
    """`content` as JSON with an entity tag, or 304 where the request names that tag (RFC 9110, 13.1.2)."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"etag": tag, "cache-control": "no-cache"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)
