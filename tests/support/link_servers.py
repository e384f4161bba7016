"""Small web servers on loopback addresses for the tests of links: each path is answered by a function."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Site:
    """A server at work: its address, what it answers by path, and the paths that were asked for."""

    root: str
    answers: dict[str, Answer]
    asked: list[str] = field(default_factory=list)

    def __getitem__(self, path: str) -> str:
        """The address of a path."""
        return self.root + path


@contextlib.contextmanager
def serving(host: str = "127.0.0.1") -> Iterator[Site]:
    """Serve on a free port of `host` while the block lasts."""
    site = Site("", {})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            answer = site.answers.get(self.path.partition("?")[0], status(404))
            with contextlib.suppress(ConnectionError):
                answer(self)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *arguments: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        address_family = 10 if ":" in host else 2
        daemon_threads = True
        request_queue_size = 100

        def handle_error(self, request: object, address: object) -> None:
            pass

    with Server((host, 0), Handler) as server:
        name = f"[{host}]" if ":" in host else host
        site.root = f"http://{name}:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield site
        finally:
            server.shutdown()


def body(
    content: bytes, kind: str = "video/mp4", length: bool = True, pause: Callable[[], object] | None = None
) -> Answer:
    """Answer with `content`; `length` says whether its size is told before, `pause` is called between its pieces."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", kind)
        if length:
            handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        if handler.command == "HEAD":
            return
        size = 1 << 16 if pause is None else 256
        for start in range(0, len(content), size):
            handler.wfile.write(content[start : start + size])
            if pause is not None:
                pause()

    return answer


def endless(piece: bytes, kind: str = "video/mp4") -> Answer:
    """Answer with `piece` again and again until the other side has enough."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", kind)
        handler.end_headers()
        while handler.command != "HEAD":
            handler.wfile.write(piece)

    return answer


def redirect(to: str, code: int = 302) -> Answer:
    """Send the other side somewhere else."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        handler.send_header("Location", to)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def status(code: int) -> Answer:
    """Answer with a status alone."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer
