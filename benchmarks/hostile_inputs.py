"""What the parts of benchmarks.hostile have in common: an input, and values that nobody expects in any field."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Input:
    """One request. `raw`, where it is given, goes to the socket as it is; the others are made by httpx."""

    kind: str
    """files, links, names, fields or headers."""
    label: str
    method: str = "GET"
    path: str = "/"
    sent: dict[str, Any] = field(default_factory=dict)
    """Arguments of httpx: headers, params, data, files, json, content."""
    raw: bytes | None = None
    goes_on: bool = False
    """Whether a run that it starts is waited for; others are cancelled at once."""
    locked: bool = False
    """Whether it is sent to the site with a password."""


def upload(kind: str, label: str, name: str, content: bytes, path: str = "/api/runs", **more: Any) -> Input:
    """An input that is a file."""
    data = {"physics": "none"} if path == "/api/runs" else {}
    return Input(kind, label, "POST", path, {"files": {"file": (name, content)}, "data": data}, goes_on=True, **more)


TEXTS = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "\x1b[2J\x07\r\n",
    "\u202egpj.exe",
    "\ufeff\u200b\u2028",
    "\U0001f4a5" * 50,
    "a" * 300,
    "a" * 100_000,
    "../../../../etc/passwd",
    "..\\..\\windows\\system32",
    "/etc/passwd",
    "C:\\CON",
    "%2e%2e%2f%00",
    "-rf",
    ".htaccess",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' OR 1=1; DROP TABLE runs; --",
    "{{7*7}}${7*7}%s%n{0.__class__}",
    "$(touch /tmp/evil)`id`",
    "\r\nSet-Cookie: a=b",
    "NaN",
    "1e309",
    "-1",
    "9" * 5000,
    "\u0663",
    "file:///etc/passwd",
    "null",
)
"""Names and other texts."""


def json_values() -> Iterator[tuple[str, str]]:
    """(label, JSON text) of values that no field expects."""
    plain = ("null", "true", "-1", "0", "1.5", "1e308", "-1e308", "NaN", "Infinity", "-Infinity", "[]", "{}", "[[]]")
    yield from ((text, text) for text in plain)
    yield "a number of 400 digits", "1" + "0" * 400
    yield "a number of 5000 digits", "9" * 5000
    yield "half a surrogate", '"\\ud800"'
    yield "a null byte", '"\\u0000"'
    yield "a long text", '"' + "a" * 100_000 + '"'
    yield "a path", '"../../etc/passwd"'
    yield "lists in lists", "[" * 2000 + "]" * 2000
    yield "lists in lists without end", "[" * 100_000
    yield "objects in objects", '{"a":' * 900 + "1" + "}" * 900
    yield "many keys", "{" + ",".join(f'"k{i}":{i}' for i in range(5000)) + "}"
    yield "half an object", '{"a":'
