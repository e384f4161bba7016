"""Names, fields and headers that nobody expects, for the site's own routes and Gradio's."""

import base64
import random
from collections.abc import Iterator
from typing import Any

from benchmarks.hostile_inputs import TEXTS, Input, json_values

_FORM = ("start", "end", "physics", "sampling", "person", "sample", "link", "other")
_BODIES = {
    "/api/runs/{run}/again": ("person", "physics", "sampling", "corrections", "frame", "x", "other"),
    "/api/runs/{run}/trainings": ("person", "seconds", "samples", "engine", "task", "assist", "seed", "other"),
    "/api/runs/{run}/trainings/{run}/resume": ("more_seconds",),
    "/api/runs/{run}": ("name",),
}
_PATHS = (
    "/api/runs/{}", "/api/runs/{}/log", "/api/runs/{run}/files/{}", "/api/runs/{run}/people/{}/track.json",
    "/api/runs/{run}/people/{}/series.json", "/api/runs/{run}/trainings/{}/curve", "/api/samples/{}/poster.jpg",
    "/api/challenges/{}", "/api/challenges/deepmimic/cells/{}/0", "/api/challenges/deepmimic/cells/0/{}/policy.glb",
    "/viewer/{}", "/studio/{}", "/gradio_api/file={}", "/{}",
)  # fmt: skip
_QUERIES = ("search", "state", "kind", "page", "size")
_GRADIO = ("run_status", "run_files", "list_runs", "cancel_run", "start_run", "start_walker", "open_run", "none")


def names(run: str) -> Iterator[Input]:
    """Names of files and of runs."""
    for text in TEXTS:
        label = ascii(text[:30])
        yield Input("names", f"run {label}", "PATCH", f"/api/runs/{run}", {"json": {"name": text}})
        if text and "\r" not in text:
            file = {"file": (text[:60_000], b"no video")}
            yield Input("names", f"file {label}", "POST", "/api/runs", {"files": file})
    for raw in (b'filename="a\0b.mp4"', b"filename*=utf-7''+AAA-", b'filename="\xff\xfe.mp4"', b"filename=", b""):
        head = b'--b\r\nContent-Disposition: form-data; name="file"; ' + raw
        content = head + b"\r\nContent-Type: ../..\r\n\r\nx\r\n--b--\r\n"
        yield Input("names", f"part {raw[:20]!r}", "POST", "/api/runs", _multipart(content))


def _multipart(content: bytes, kind: str = "multipart/form-data; boundary=b") -> dict[str, Any]:
    return {"content": content, "headers": {"content-type": kind}}


def fields(run: str) -> Iterator[Input]:
    """Every field of every route with everything that it is not for; far more than 500."""
    for name in _FORM:
        for text in TEXTS:
            form = {"sample": "walker", "physics": "none"} | {name: text}
            yield Input("fields", f"form {name}={text[:20]!a}", "POST", "/api/runs", {"data": form})
    for path, known in _BODIES.items():
        method, json_type = "PATCH" if path == "/api/runs/{run}" else "POST", {"content-type": "application/json"}
        for label, value in json_values():
            for name in known:
                body = f'{{"{name}": {value}, "seconds": 1}}' if name == "engine" else f'{{"{name}": {value}}}'
                if name in ("frame", "x"):
                    body = f'{{"corrections": [{{"frame": 0, "x": 1, "y": 1, "person": 0, "{name}": {value}}}]}}'
                sent = {"content": body.encode(), "headers": json_type}
                yield Input("fields", f"{path} {name}={label}", method, path.replace("{run}", run), sent)
            sent = {"content": value.encode(), "headers": json_type}
            yield Input("fields", f"{path} {label}", method, path.replace("{run}", run), sent)
    for path in _PATHS:
        for text in TEXTS:
            at = path.replace("{run}", run).replace("{}", _quoted(text))[:8000]
            yield Input("fields", f"{path} {text[:20]!a}", "GET", at)
    for name in _QUERIES:
        for text in TEXTS:
            yield Input("fields", f"?{name}={text[:20]!a}", "GET", "/api/runs", {"params": {name: text[:5000]}})
    for name in _GRADIO:
        for label, value in json_values():
            body = f'{{"data": [{value}, {value}, {value}, {value}, {value}]}}'
            sent = {"content": body.encode(), "headers": {"content-type": "application/json"}}
            yield Input("fields", f"gradio {name} {label}", "POST", f"/gradio_api/run/{name}", sent)


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode("utf-8", "replace")[:2500]) or "%20"


def headers(port: int, run: str, dice: random.Random) -> Iterator[Input]:
    """Headers, and requests that are hardly any."""
    host = f"127.0.0.1:{port}"
    for value in (
        "",
        "evil.example",
        "127.0.0.1.evil.example",
        "[::1",
        "a" * 5000,
        "127.0.0.1:x",
        "::",
        "\xff",
        "127.0.0.1@evil",
    ):
        yield _raw(f"host {value[:20]!a}", f"GET /api/runs HTTP/1.1\r\nHost: {value}\r\n")
    for value in ("http://[", "null", "", "http://evil.example", f"http://{host}.evil", "\xff", "a" * 9000):
        for path in ("/api/runs", "/logout", "/gradio_api/run/start_walker"):
            more = {"origin": value.encode("latin-1"), "content-type": "application/json"}
            yield Input("headers", f"origin {value[:20]!a} {path}", "POST", path, {"headers": more, "content": b"{}"})
    for name in ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Real-IP", "X-User"):
        for value in ("127.0.0.1", "evil.example, 10.0.0.1", "\xff\xfe", "," * 3000):
            yield Input(
                "headers", f"{name} {value[:12]!a}", "GET", "/api/runs", {"headers": {name: value.encode("latin-1")}}
            )
    clip = f"/api/runs/{run}/files/clip.mp4"
    for value in (
        "bytes=5-1",
        "bytes=-99999999999",
        "bytes=99999999999-",
        "bytes=0-0,1-1," * 500,
        "x",
        "bytes=-",
        "bytes=a-b",
        "bytes=0-" + "9" * 5000,
    ):
        yield Input("headers", f"range {value[:20]}", "GET", clip, {"headers": {"range": value}})
    kinds = (
        "",
        "text/html",
        "application/json; charset=utf-32",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=" + "b" * 5000,
        "multipart/form-data; boundary=b; charset=unicode_escape",
        "application/x-www-form-urlencoded; charset=utf-7",
        "application/octet-stream",
        "x" * 5000,
    )
    for kind in kinds:
        for path in ("/api/runs", "/api/runs/import", f"/api/runs/{run}/again"):
            yield Input(
                "headers", f"content type {kind[:45]} {path[-6:]}", "POST", path, _multipart(dice.randbytes(300), kind)
            )
    for text in (
        "GET / HTTP/9.9\r\n",
        "NONSENSE\r\n",
        "GET http://evil.example/ HTTP/1.1\r\n",
        "TRACE / HTTP/1.1\r\n",
        "\x16\x03\x01\x02\x00",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n",
    ):
        yield _raw(f"line {text[:12]!r}", text if text[0] == "\x16" else f"{text}Host: {host}\r\n")
    for lines in (
        "Content-Length: -1",
        "Content-Length: x",
        "Content-Length: 99999999999999999999",
        "Content-Length: 5\r\nContent-Length: 6",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Transfer-Encoding: x",
        "Expect: nonsense",
        "Upgrade: websocket\r\nConnection: Upgrade",
        "Upgrade: h2c\r\nConnection: Upgrade",
        "Content-Encoding: gzip",
        "A: " + "b" * 200_000,
        "\r\n".join(f"H{i}: x" for i in range(2000)),
        "Accept-Encoding: " + "gzip;q=0," * 1000,
        "If-Range: x",
        "If-None-Match: " + '"' * 3000,
        " folded: x",
        ": none",
        "Null\0: x",
    ):
        yield _raw(f"header {lines[:30]!r}", f"POST /api/runs HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n")
    yield from _strangers(dice)


def _strangers(dice: random.Random) -> Iterator[Input]:
    """To a site with a password."""

    def ask(label: str, method: str = "GET", path: str = "/api/runs", **sent: Any) -> Input:
        return Input("headers", f"locked {label}", method, path, sent, locked=True)

    for value in (
        "Basic",
        "Basic !",
        "Basic " + "A" * 9000,
        "Bearer x",
        "Basic " + base64.b64encode(b"\xff:\xff").decode(),
        "Digest a=b",
        "basic Og==",
    ):
        yield ask(f"auth {value[:14]}", headers={"authorization": value})
    for value in (
        "understudy_session=",
        "understudy_session=x",
        "understudy_session=" + "A" * 9000,
        "understudy_session=e30.x.y",
        ";;;=;=",
        "understudy_session=.eJw.a.b",
        "x=" + "y" * 30_000,
    ):
        yield ask(f"cookie {value[:26]}", headers={"cookie": value})
    for path in (
        "//evil.example",
        "/%2e%2e/config",
        "/login/../config",
        "/login%2f..%2fconfig",
        "/LOGIN",
        "/healthz/../metrics",
        "/gradio_api/file=/etc/passwd",
        "/viewer/../webapp/app.py",
    ):
        yield ask(f"path {path}", path=path)
    for name in ("next", "password", "other"):
        for text in ("//evil.example", "javascript:alert(1)", "\ud7ff\x00", "a" * 3000, "a" * 100_000):
            yield ask(f"form {name}={text[:12]!a}", "POST", "/login", data={name: text})
    yield ask("file", "POST", "/login", files={"file": ("a", dice.randbytes(300_000))})
    yield ask("next", path="/login?next=" + "%0d%0aSet-Cookie:a=b" * 10)


def _raw(label: str, text: str) -> Input:
    return Input("headers", label, raw=text.encode("latin-1") + b"\r\n")
