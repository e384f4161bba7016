"""The one check before everything that the site serves: own routes, the viewer's files, and all of Gradio's."""

from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from webapp.identity import Identities, current_user, is_loopback

PUBLIC = ("/healthz", "/readyz", "/login")
"""What is answered whoever asks: that the site lives, and the page that asks who one is."""
USER = "understudy.user"
"""Key of the connection's scope that holds its user."""
_SAFE = ("GET", "HEAD", "OPTIONS")


class AccessGuard:
    """Lets requests through that come from somebody the site knows, from its own pages, and for its own name.

    401 for a stranger (or the way to the log-in page, where a browser asks for a page), 403 for a write that a page of
    another site sent, 421 for a name that is not the site's. It stands before the whole application, so no route has to
    remember it and none can forget it.
    """

    def __init__(self, app: ASGIApp, identities: Identities) -> None:
        self.app, self._identities = app, identities
        given = identities.settings
        self._hosts = {host.strip().lower() for host in given.allowed_hosts.split(",") if host.strip()}
        # Without a log-in a page elsewhere could have its own name lead here (DNS rebinding) and read everything.
        self._only_loopback = not identities.is_asking

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        user = None
        refusal = self._refusal(scope)
        if refusal is None:
            user = self._identities.user_of(scope)
            if user is None and scope["path"] not in PUBLIC:
                refusal = self._to_log_in(scope)
        if refusal is not None:
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            else:
                await refusal(scope, receive, send)
            return
        token = current_user.set(user)
        try:
            await self.app({**scope, USER: user}, receive, send)
        finally:
            current_user.reset(token)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if not self._is_own_name(headers.get("host", "")):
            return JSONResponse(
                {"error": "The site is not known by this name. Its owner can add it to UNDERSTUDY_ALLOWED_HOSTS."}, 421
            )
        if scope["type"] == "websocket" or scope["method"] not in _SAFE:
            origin = headers.get("origin")
            foreign = origin is not None and _place(origin) != self._identities.own_host(scope)
            if foreign or headers.get("sec-fetch-site") == "cross-site":
                return JSONResponse({"error": "This is taken only from the site's own pages."}, 403)
        return None

    def _is_own_name(self, host: str) -> bool:
        try:
            name = (urlsplit(f"//{host}").hostname or "").lower()
        except ValueError:
            return False
        if name in self._hosts:
            return True
        return is_loopback(name) if self._only_loopback else not self._hosts or is_loopback(name)

    def _to_log_in(self, scope: Scope) -> Response:
        if self._identities.by_header:
            return JSONResponse({"error": "The proxy before this site should say who you are, but did not."}, 401)
        wants_page = "text/html" in Headers(scope=scope).get("accept", "")
        if wants_page and scope["type"] == "http" and scope["method"] == "GET":
            query = scope.get("query_string", b"").decode("latin-1")
            return RedirectResponse("/login?next=" + quote(scope["path"] + (f"?{query}" if query else "")), 303)
        # Not to scripts of the page, for which a browser would open a window of its own.
        is_program = "sec-fetch-mode" not in Headers(scope=scope)
        challenge = {"www-authenticate": 'Basic realm="Understudy", charset="UTF-8"'} if is_program else None
        return JSONResponse({"error": "Log in first."}, 401, headers=challenge)


def _place(origin: str) -> str | None:
    """The host and port of an `Origin`; None where it names none, or cannot be read."""
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None


def user_of(request: Request) -> str | None:
    """The user of a request that passed the guard: what Gradio's routes ask as their `auth_dependency`, too."""
    user: str | None = request.scope.get(USER)
    return user
