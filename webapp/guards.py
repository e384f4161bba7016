"""What stands between the network and the site: headers, and limits on bodies (who gets in: `webapp.access`)."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webapp.access import PUBLIC

# Gradio compiles templates in the page (unsafe-eval) and starts with inline scripts; the viewer's importmap is inline.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' blob: data:",
        "worker-src 'self' blob:",
        "frame-src 'self'",
        "frame-ancestors 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
    )
)
HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
_FORM_OVERHEAD = 100_000
_MOST_TEXT = 2_000_000
_MOST_PUBLIC = 10_000
_COUNTED_BY_GRADIO = "/gradio_api/upload"  # file by file; a page may send several at once


class SecurityHeaders:
    """Adds `HEADERS` to every answer that does not have them already."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


class BodyLimit:
    """Refuses requests whose bodies are above the limit (413).

    Files go to the disk and may be large; everything else is read into memory, and what a stranger may send (the
    password) is small. A body is counted as it arrives, whatever its headers promise.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app, self.max_bytes = app, max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        reads = scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS")
        if reads or scope["path"].endswith(_COUNTED_BY_GRADIO):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        limit, too_large = self._limit(scope["path"], headers.get("content-type", ""))
        if _length(headers) > limit:
            await JSONResponse({"error": too_large}, 413)(scope, receive, send)
            return
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(413, too_large)
            return message

        await self.app(scope, receive_counted, send)

    def _limit(self, path: str, content_type: str) -> tuple[int, str]:
        """The most bytes, and what is said where there are more."""
        if path in PUBLIC:
            return _MOST_PUBLIC, f"At most {_MOST_PUBLIC:,} bytes are taken here."
        if path.startswith("/api/") and content_type.lower().startswith("multipart/"):
            most = self.max_bytes // 1_000_000
            words = f"A file should have at most {most} MB. Cut the video or make it smaller."
            return self.max_bytes + _FORM_OVERHEAD, words
        return _MOST_TEXT, f"A request without a file should have at most {_MOST_TEXT:,} bytes."


def _length(headers: Headers) -> int:
    """What the headers promise; 0 where they say nothing that can be read."""
    told = headers.get("content-length", "")
    return int(told) if told.isascii() and told.isdecimal() and len(told) < 20 else 0
