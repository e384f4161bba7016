"""Who asks: everybody alike on an open site, whoever knows the password, or the user whom a reverse proxy names."""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import Scope

from core.errors import UnderstudyError
from core.jobs.users import LOCAL_USER
from webapp.limits import RateLimit
from webapp.settings import Settings

COOKIE = "understudy_session"
SESSION_S = 14 * 24 * 3600
_LONGEST_USER = 200
_REFUSAL = (
    "The site is to listen on {host}, where others can reach it, but nobody is asked who they are. Do one of three: "
    "set UNDERSTUDY_PASSWORD to a password; or, behind a reverse proxy that logs people in, set UNDERSTUDY_USER_HEADER "
    "to the header that names the user and UNDERSTUDY_TRUSTED_PROXIES to the proxy's address; or listen on 127.0.0.1."
)

current_user: ContextVar[str | None] = ContextVar("current_user", default=None)
"""The user of the request that is being answered; None outside of one, which is nobody."""


class AccessSettingsError(UnderstudyError):
    """The settings would leave the site open to strangers, or contradict each other."""


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address that a server listens on."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


@dataclass
class Identities:
    """How users are told apart, as the settings say; raises `AccessSettingsError` where these are not safe."""

    settings: Settings
    failures: RateLimit = field(default_factory=lambda: RateLimit(limit=10, window_s=300.0))
    """Wrong passwords by address; the right one is not listened to either where there were too many."""

    def __post_init__(self) -> None:
        given = self.settings
        self.by_header = bool(given.user_header)
        self.by_password = given.password is not None and not self.by_header
        if given.password is not None and not given.password.get_secret_value():
            raise AccessSettingsError(
                "UNDERSTUDY_PASSWORD should hold a password, but is empty. Set it or leave it out."
            )
        if given.password is not None and self.by_header:
            raise AccessSettingsError(
                "Either UNDERSTUDY_PASSWORD or UNDERSTUDY_USER_HEADER should be set, but both are. Leave one out."
            )
        self._proxies = _networks(given.trusted_proxies)
        if self.by_header and not self._proxies:
            raise AccessSettingsError(
                "UNDERSTUDY_USER_HEADER needs UNDERSTUDY_TRUSTED_PROXIES, the addresses of the proxies that may set it "
                "(as in 10.0.0.2,172.16.0.0/12): from anybody else the header would be a lie."
            )
        if not self.is_asking and not is_loopback(given.host):
            raise AccessSettingsError(_REFUSAL.format(host=given.host))
        self._key = secrets.token_bytes(32)
        self._password = self._digest(given.password.get_secret_value()) if given.password is not None else b""
        self._sessions: URLSafeTimedSerializer | None = None

    @property
    def is_asking(self) -> bool:
        """Whether anybody is asked who they are."""
        return self.by_password or self.by_header

    def user_of(self, scope: Scope) -> str | None:
        """The user who sent a request, or None where that is not known."""
        if not self.is_asking:
            return LOCAL_USER
        headers = Headers(scope=scope)
        if self.by_header:
            return self._named_by_proxy(scope, headers)
        return self._by_session(headers) or self._by_authorization(scope, headers)

    def is_password(self, scope: Scope, given: str) -> bool:
        """Whether a password is the right one; after too many wrong ones from an address, none is for a while."""
        address = self.client_address(scope)
        if self.failures.is_exceeded(address):
            return False
        # Digests of equal length, compared in constant time: how long it takes tells nothing about the password.
        right = hmac.compare_digest(self._digest(given), self._password)
        if not right:
            self.failures.note(address)
        return right

    def new_session(self) -> str:
        """A signed value for the cookie of somebody who gave the password."""
        return str(self._serializer().dumps({"user": LOCAL_USER}))

    def client_address(self, scope: Scope) -> str:
        """The address of whoever sent a request, seen through proxies that are trusted; IPv6 by its network (/64)."""
        peer = _peer(scope)
        if self._is_proxy(peer):
            hops = [hop.strip() for hop in Headers(scope=scope).get("x-forwarded-for", "").split(",") if hop.strip()]
            peer = next((hop for hop in reversed(hops) if not self._is_proxy(hop)), peer)
        try:
            address = ip_address(peer)
        except ValueError:
            return peer[:64]
        return str(ip_network((address, 64), strict=False)) if address.version == 6 else peer

    def is_secure(self, scope: Scope) -> bool:
        """Whether the person's browser speaks https, to the site or to a trusted proxy before it."""
        forwarded = Headers(scope=scope).get("x-forwarded-proto", "")
        return scope.get("scheme") == "https" or (self._is_proxy(_peer(scope)) and forwarded == "https")

    def own_host(self, scope: Scope) -> str:
        """The host and port that the person's browser asked for."""
        headers = Headers(scope=scope)
        if self._is_proxy(_peer(scope)) and headers.get("x-forwarded-host"):
            return headers["x-forwarded-host"]
        return headers.get("host", "")

    def _named_by_proxy(self, scope: Scope, headers: Headers) -> str | None:
        if not self._is_proxy(_peer(scope)):
            return None
        named = headers.getlist(self.settings.user_header or "")
        if len(named) != 1 or not 0 < len(named[0].strip()) <= _LONGEST_USER or not named[0].isprintable():
            return None
        return named[0].strip()

    def _by_session(self, headers: Headers) -> str | None:
        value = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
        try:
            return str(self._serializer().loads(value, max_age=SESSION_S)["user"]) if value else None
        except (BadSignature, KeyError, TypeError):
            return None

    def _by_authorization(self, scope: Scope, headers: Headers) -> str | None:
        """HTTP's basic authentication, for programs: any name, the site's password."""
        kind, _, value = headers.get("authorization", "").partition(" ")
        if kind.lower() != "basic":
            return None
        try:
            password = base64.b64decode(value, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return None
        return LOCAL_USER if self.is_password(scope, password) else None

    def _is_proxy(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._proxies)

    def _digest(self, password: str) -> bytes:
        return hmac.new(self._key, password.encode(), hashlib.sha256).digest()

    def _serializer(self) -> URLSafeTimedSerializer:
        """Signs with the home's key and the password, so that a new password ends all sessions."""
        if self._sessions is None:
            assert self.settings.password is not None
            password = self.settings.password.get_secret_value().encode()
            key = hmac.new(_home_key(self.settings.home / "session.key"), password, hashlib.sha256).digest()
            self._sessions = URLSafeTimedSerializer(key, salt="understudy.session")
        return self._sessions


def _peer(scope: Scope) -> str:
    """The address that the connection comes from."""
    return (scope.get("client") or ("unknown", 0))[0]


def _networks(text: str) -> list[IPv4Network | IPv6Network]:
    try:
        return [ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip()]
    except ValueError as error:
        raise AccessSettingsError(
            f"UNDERSTUDY_TRUSTED_PROXIES should list addresses or networks, but {error}."
        ) from None


def _home_key(path: Path) -> bytes:
    """A random key that lasts as long as the home; readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # Whole or not at all, whatever is killed meanwhile; of several processes that start at once one has its way.
        fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        try:
            with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
                file.write(secrets.token_bytes(32))
            with suppress(FileExistsError):
                os.link(fresh, path)
        finally:
            fresh.unlink(missing_ok=True)
    key = path.read_bytes()
    if len(key) != 32:
        raise AccessSettingsError(
            f"{path} should hold a key of 32 bytes, but holds {len(key)}. Remove it; all log in anew."
        )
    return key
