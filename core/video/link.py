"""A link as a person pastes it: checked, tidied, and read for the time that it may name."""

import re
import socket
import unicodedata
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import parse_qs, urlsplit, urlunsplit

from core.errors import BadInputError

MAX_LENGTH = 2048
_WANTED = "a link to one video, beginning with https:// or http://"
_CLOCK = re.compile(r"(?:(\d{1,3})h)?(?:(\d{1,5})m)?(?:(\d{1,6}(?:\.\d{1,3})?)s?)?", re.ASCII)
_NUMBERED = re.compile(r"(?:\d{1,3}:){0,2}\d{1,6}(?:\.\d{1,3})?", re.ASCII)


@dataclass(frozen=True)
class Link:
    """A link that is worth trying."""

    url: str
    """The address: http or https, its host in ASCII, no user, no fragment."""
    start_s: float | None = None
    """The start that the link itself names (?t=175, #t=2:55) [s]."""
    end_s: float | None = None
    """The end that the link itself names (#t=175,180) [s]."""

    def window(self, start_s: float | None, end_s: float | None) -> tuple[float, float | None]:
        """The window [s] by what was asked for, and by the link's own times where nothing was."""
        if start_s is not None:
            return start_s, end_s
        own = self.start_s or 0.0
        if end_s is None:
            return own, self.end_s
        return (own if own < end_s else 0.0), end_s

    @property
    def label(self) -> str:
        """What a run is called until its title is known: host and path, shortened."""
        parts = urlsplit(self.url)
        text = (parts.hostname or "").removeprefix("www.") + parts.path.rstrip("/")
        if parts.query and len(parts.query) < 40:
            text += "?" + parts.query
        return text if len(text) <= 80 else text[:79] + "…"

    @property
    def file_name(self) -> str:
        """A plain name for files and folders: the last of the host and path, youtube's id."""
        query = parse_qs(urlsplit(self.url).query)
        last = (query.get("v") or [urlsplit(self.url).path.rstrip("/").rsplit("/", 1)[-1]])[0]
        return re.sub(r"[^A-Za-z0-9_-]+", "-", last.partition(".")[0]).strip("-")[:60] or "video"

    @property
    def address(self) -> IPv4Address | IPv6Address | None:
        """The IP address where the host is one in any spelling (127.1, 0x7f000001, [::1]); None for a name."""
        return address_in(urlsplit(self.url).hostname or "")


def looks_like_link(text: str) -> bool:
    """Whether somebody who typed this meant a link and no file."""
    return bool(re.match(r"\s*(?:[A-Za-z][A-Za-z0-9+.-]*:/|www\.|youtu\.be/|(?:m\.)?youtube\.com/)", text))


def read_link(text: str) -> Link:
    """The link in what a person pasted; `BadInputError` says what is wrong with it.

    Nothing is asked of the network here: where a name leads is judged when it is connected to (`fetch_guard`).
    """
    given = text.strip()
    if not given:
        raise BadInputError(f"Expected {_WANTED}, but nothing was given.")
    _refuse_several(given)
    if len(given) > MAX_LENGTH:
        raise BadInputError(f"A link should have at most {MAX_LENGTH} characters, but this one has {len(given)}.")
    if any(c.isspace() or unicodedata.category(c)[0] == "C" for c in given) or "\\" in given:
        raise BadInputError(
            "A link should have no spaces, line breaks or backslashes within it, but this one has. Copy it again from "
            "the browser's address line."
        )
    if "://" not in given and looks_like_link(given):
        given = "https://" + given
    return _checked(given)


def _refuse_several(given: str) -> None:
    count = len(re.findall(r"(?i)(?:https?://|(?<=\s)www\.|^www\.)", given))
    # Two in one word may be an archive's address of a page; a field of one line glues pasted lines together.
    if count > 2 or (count > 1 and len(given.split()) > 1):
        raise BadInputError(f"One link is expected, but {count} came. Start a run for each of them.")


def _checked(given: str) -> Link:
    try:
        parts = urlsplit(given)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise BadInputError(f"Expected {_WANTED}, but this one cannot be read. Copy it again.") from None
    if parts.scheme not in ("http", "https"):
        scheme = parts.scheme[:20] or "no scheme"
        raise BadInputError(f"Expected {_WANTED}, but this one has {scheme!r}. Files are uploaded instead.")
    if parts.username is not None or parts.password is not None:
        raise BadInputError(
            "A link should not carry a user name or password (everything before an @), but this one does. Download the "
            "video yourself and upload the file."
        )
    if not host:
        raise BadInputError(f"Expected {_WANTED}, but this one names no site.")
    if port == 0:
        raise BadInputError(f"Expected {_WANTED}, but this one names port 0.")
    plain = _ascii_host(host)
    netloc = (f"[{plain}]" if ":" in plain else plain) + (f":{port}" if port is not None else "")
    start, end = _named_window(parts.query, parts.fragment)
    return Link(urlunsplit((parts.scheme, netloc, parts.path or "/", parts.query, "")), start, end)


def _ascii_host(host: str) -> str:
    """The host as DNS knows it. Full-width digits and dots become plain ones here, so that an address stays one."""
    host = unicodedata.normalize("NFKC", host).rstrip(".").lower()
    if ":" in host:
        try:
            return str(IPv6Address(host))
        except ValueError:
            raise BadInputError(f"Expected {_WANTED}, but {host[:60]!r} is no address of a site.") from None
    try:
        plain = host.encode("idna").decode("ascii") if not host.isascii() else host
    except UnicodeError:
        plain = ""
    if not re.fullmatch(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_][a-z0-9_-]{0,62})*", plain):
        raise BadInputError(f"Expected {_WANTED}, but {host[:60]!r} is no name of a site.")
    return plain


def address_in(host: str) -> IPv4Address | IPv6Address | None:
    """The address that a host's text spells, also in the ways that the C library takes (0x7f.1, 017700000001)."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    if not re.fullmatch(r"[0-9a-fx.]+", host):
        return None
    try:
        return IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def _named_window(query: str, fragment: str) -> tuple[float | None, float | None]:
    """The seconds in t=, start= or time_continue= of the query, or in the fragment's t= (W3C: "start,end")."""
    try:
        asked, after = parse_qs(query, max_num_fields=100), parse_qs(fragment, max_num_fields=100)
    except ValueError:
        return None, None
    for text in (*(asked.get(key, [""])[0] for key in ("t", "start", "time_continue")), after.get("t", [""])[0]):
        start, _, end = text.removeprefix("npt:").partition(",")
        if (first := _clock(start)) is not None:
            last = _clock(end)
            return first, last if last is not None and last > first else None
    return None, None


def _clock(text: str) -> float | None:
    """175, 175s, 2m55s, 1h2m3s, 2:55 in seconds; None for anything else, which a link may well carry."""
    if not text:
        return None
    if _NUMBERED.fullmatch(text):
        total = 0.0
        for part in text.split(":"):
            total = total * 60 + float(part)
        return total
    if found := _CLOCK.fullmatch(text):
        hours, minutes, rest = (float(part or 0) for part in found.groups())
        return 3600 * hours + 60 * minutes + rest
    return None
