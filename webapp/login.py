"""The log-in page of a site with a password: a page without scripts, in the look of the others."""

from html import escape
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from webapp.access import user_of
from webapp.identity import COOKIE, SESSION_S, Identities

_ICON = (Path(__file__).parents[1] / "static" / "viewer" / "icon.svg").read_text(encoding="utf-8")
_PAGE = (Path(__file__).parent / "login.html").read_text(encoding="utf-8")
_WRONG = "That is not the password."
_TOO_OFTEN = "Too many wrong passwords came from your address. Wait five minutes and try again."


def make_login_router(identities: Identities) -> APIRouter:
    """The routes /login and /logout; on a site without a password the first leads home."""
    router = APIRouter(include_in_schema=False)

    @router.get("/login")
    def login_page(request: Request, next: str = "/") -> Response:
        """The form."""
        if not identities.by_password or user_of(request) is not None:
            return RedirectResponse(own_path(next), 303)
        return _page(next)

    @router.post("/login")
    def log_in(
        request: Request,
        password: Annotated[str, Form(max_length=1000)] = "",
        next: Annotated[str, Form(max_length=2000)] = "/",
    ) -> Response:
        """Take the password; on success the answer sets the session's cookie."""
        if not identities.by_password:
            return RedirectResponse("/", 303)
        if not identities.is_password(request.scope, password):
            too_often = identities.failures.is_exceeded(identities.client_address(request.scope))
            return _page(next, _TOO_OFTEN, 429) if too_often else _page(next, _WRONG, 401)
        answer = RedirectResponse(own_path(next), 303)
        secure = identities.is_secure(request.scope)
        answer.set_cookie(
            COOKIE, identities.new_session(), max_age=SESSION_S, httponly=True, samesite="lax", secure=secure
        )
        return answer

    @router.post("/logout")
    def log_out() -> Response:
        """Forget the session in this browser."""
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE, httponly=True, samesite="lax")
        return answer

    return router


def own_path(address: str) -> str:
    """An address to go on to, where it is a path of this site; else the first page."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "/"
    # Browsers take "///elsewhere" for an address of another site, too.
    is_path = address.startswith("/") and not address.startswith("//") and address.isprintable() and "\\" not in address
    return address if is_path and not parts.netloc and not parts.scheme else "/"


def _page(next: str, trouble: str = "", status: int = 200) -> HTMLResponse:
    told = f'<p class="trouble" role="alert">{escape(trouble)}</p>' if trouble else ""
    html = _PAGE.replace("{icon}", _ICON).replace("{trouble}", told).replace("{next}", escape(own_path(next)))
    return HTMLResponse(html, status, headers={"cache-control": "no-store"})
