"""Links that lead where no link may lead, and servers that lead there."""

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.hostile_inputs import Input
from tests.support.link_servers import Site, body, endless, redirect, serving

ALLOWED = "127.0.0.2"
"""Stands for the public internet: the site is told to let links lead there."""


@dataclass(frozen=True)
class Servers:
    """`forbidden` count who asks; `outside` may be asked."""

    forbidden: tuple[Site, ...]
    outside: Site

    @property
    def hits(self) -> int:
        """Requests that reached a forbidden server."""
        return sum(len(each.asked) for each in self.forbidden)


@contextlib.contextmanager
def servers() -> Iterator[Servers]:
    """Forbidden servers on the loopback addresses and on this machine's own, and one outside that leads there."""
    with contextlib.ExitStack() as stack:
        found = []
        for host in ("127.0.0.1", "::1", _own_address()):
            with contextlib.suppress(OSError):
                found.append(stack.enter_context(serving(host)))
        outside = stack.enter_context(serving(ALLOWED))
        _lead(outside, found[0].root)
        yield Servers(tuple(found), outside)


def _own_address() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there:
        with contextlib.suppress(OSError):
            there.connect(("198.51.100.1", 9))  # nothing is sent
        return str(there.getsockname()[0])


def _lead(outside: Site, forbidden: str) -> None:
    port = forbidden.rpartition(":")[2]
    for code in (301, 302, 303, 307, 308):
        outside.answers[f"/redirect-{code}.mp4"] = redirect(f"{forbidden}/v.mp4", code)
    targets = {
        "decimal": f"http://2130706433:{port}/v.mp4",
        "name": f"http://localhost:{port}/v.mp4",
        "mapped": f"http://[::ffff:127.0.0.1]:{port}/v.mp4",
        "file": "file:///etc/passwd",
        "ftp": f"ftp://127.0.0.1:{port}/v.mp4",
        "data": "data:video/mp4;base64,AAAA",
        "gopher": f"gopher://127.0.0.1:{port}/_x",
        "itself": f"{outside.root}/redirect-itself.mp4",
        "long": f"{outside.root}/" + "x" * 50_000,
    }
    for name, target in targets.items():
        outside.answers[f"/redirect-{name}.mp4"] = redirect(target)
    outside.answers["/redirect-twice.mp4"] = redirect(f"{outside.root}/redirect-302.mp4")
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{forbidden}/a.ts\n#EXT-X-ENDLIST\n"
    key = f'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{forbidden}/key"\n#EXTINF:5,\n/a.ts\n#EXT-X-ENDLIST\n'
    local = "#EXTM3U\n#EXTINF:5,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
    for name, text in {"pieces": playlist, "key": key, "local": local}.items():
        outside.answers[f"/{name}.m3u8"] = body(text.encode(), "application/vnd.apple.mpegurl")
    page = f'<html><video src="{forbidden}/v.mp4"></video><iframe src="{forbidden}/x"></iframe></html>'
    outside.answers["/page"] = body(page.encode(), "text/html")
    outside.answers["/refresh"] = body(
        f'<meta http-equiv="refresh" content="0;url={forbidden}/">'.encode(), "text/html"
    )
    outside.answers["/playlist"] = body(
        f"<rss><channel><item><enclosure url='{forbidden}/v'/></item></channel></rss>".encode(), "application/rss+xml"
    )
    outside.answers["/garbage.mp4"] = body(bytes(range(256)) * 400)
    outside.answers["/empty.mp4"] = body(b"")
    outside.answers["/endless.mp4"] = endless(b"\0" * 65536)
    outside.answers["/endless.html"] = endless(b"<p>" * 20000, "text/html")
    outside.answers["/text.mp4"] = body(b"#!/bin/sh\nid\n")


def links(there: Servers) -> Iterator[Input]:
    """All of them, as forms of /api/runs."""
    port = there.forbidden[0].root.rpartition(":")[2]
    hosts = (
        "127.0.0.1", "127.1", "127.0.1", "0.0.0.0", "0", "2130706433", "0x7f000001", "0x7f.0x0.0x0.0x1", "0177.0.0.1",
        "017700000001", "127.0.0.1.", "localhost", "localhost.", "LOCALHOST", "ip6-localhost", "localhost.localdomain",
        "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]",
        "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]", "[fe80::1%25lo]", "①②⑦.⓪.⓪.①", "127。0。0。1",
        "169.254.169.254", "10.0.0.1", "192.168.0.1", "172.16.0.1", "100.64.0.1", "255.255.255.255", "224.0.0.1",
        there.forbidden[-1].root.partition("//")[2].rpartition(":")[0],
    )  # fmt: skip
    for host in hosts:
        yield _link(f"host {host}", f"http://{host}:{port}/v.mp4")
    for path in there.outside.answers:
        yield _link(f"outside {path[:40]}", there.outside[path])
    odd = {
        "user": f"http://example.org@127.0.0.1:{port}/",
        "password": f"https://a:b@127.0.0.1:{port}/v.mp4",
        "fragment": f"http://127.0.0.1:{port}#@example.org/",
        "backslash": f"http://example.org\\@127.0.0.1:{port}/",
        "line break": f"http://127.0.0.1:{port}/\r\nHost: evil",
        "no host": "http:///v.mp4",
        "port": "http://127.0.0.1:99999/",
        "port 0": "http://127.0.0.1:0/",
        "bracket": "http://[::1/",
        "long": "https://example.org/" + "a" * 200_000,
        "many": "\n".join(["https://example.org/v"] * 500),
        "long host": "http://" + "a." * 200 + "org/",
        "idna": "http://xn--/",
        "nothing": "",
        "null": "http://127.0.0.1\x00.example.org/",
        "search": "ytsearch10:cats",
        "relative": "//127.0.0.1/v.mp4",
    }
    for scheme in ("file", "ftp", "gopher", "data", "javascript", "rtmp", "concat", "subfile", "pipe", "HTTP+unix"):
        odd[scheme] = f"{scheme}://127.0.0.1:{port}/v.mp4"
    for name, link in odd.items():
        yield _link(name, link)


def _link(label: str, link: str) -> Input:
    sent = {"data": {"link": link, "physics": "none"}}
    return Input("links", label, "POST", "/api/runs", sent, goes_on=True)
