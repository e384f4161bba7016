"""The guard of the fetching process: an audit hook (PEP 578) through which every connection has to pass.

Links, redirects, playlists and answers of DNS are all the other side's word. The guard believes none of them: it looks
at the numeric address in the moment of connecting, when the name is already resolved, so that there is no later moment
in which it could come to mean another one. It cannot be taken off again. What it does not see is code that is not
Python; the fetching process therefore loads no such client and starts no program but the one named here.
"""

import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.video.fetch_addresses import is_own, literal, may_reach
from core.video.fetch_settings import Network

# How yt-dlp starts Deno, which computes YouTube's player challenges: script on its input, no permission of any kind.
_JS_OPTIONS = frozenset(
    (
        "--ext=js", "--no-code-cache", "--no-prompt", "--no-remote", "--no-lock", "--node-modules-dir=none",
        "--no-config", "--no-npm", "--cached-only",
    )
)  # fmt: skip
_NEVER = frozenset(("os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.forkpty", "pty.spawn", "os.startfile"))


class ForbiddenAddressError(OSError):
    """A link led to an address that is not public. An `OSError`, so that a host's next address is tried."""


class ForbiddenActError(PermissionError):
    """Something other than fetching was attempted: a program started, another kind of socket opened.

    An `OSError` too: to yt-dlp a program that may not be started is one that is not there (ffmpeg).
    """


class Guard:
    """Judges the audit events of this process; `refused` collects the addresses that were refused."""

    def __init__(self, allow: tuple[Network, ...], js_runtime: Path | None) -> None:
        self.refused: list[str] = []
        self._allow, self._js_runtime = allow, js_runtime
        self._asking = False
        self._rules: dict[str, Callable[..., None]] = {
            "socket.connect": self._connect,
            "socket.sendto": self._connect,
            "socket.sendmsg": self._sendmsg,
            "socket.bind": self._bind,
            "socket.__new__": self._new_socket,
            "subprocess.Popen": self._popen,
        }

    def install(self) -> None:
        """Stand guard from now on until the process ends."""
        sys.addaudithook(self._judge)

    def _judge(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in self._rules:
            self._rules[event](*arguments)
        elif event in _NEVER:
            raise ForbiddenActError(f"{event} is not allowed while a link is fetched.")

    def _connect(self, sock: socket.socket, where: Any) -> None:
        address = literal(where[0]) if isinstance(where, tuple) and where else None
        if address is None or not may_reach(address, self._allow) or self._is_own(address):
            self.refused.append(str(where[0] if isinstance(where, tuple) and where else where)[:100])
            raise ForbiddenAddressError(f"{self.refused[-1]} is not a public address.")

    def _sendmsg(self, sock: socket.socket, where: Any) -> None:
        if where is not None:
            self._connect(sock, where)

    def _is_own(self, address: Any) -> bool:
        if may_reach(address, ()) is False:  # allowed by name
            return False
        self._asking = True
        try:
            return is_own(address)
        finally:
            self._asking = False

    def _bind(self, sock: socket.socket, where: Any) -> None:
        if not self._asking:
            raise ForbiddenActError("Listening is not allowed while a link is fetched.")

    def _new_socket(self, sock: socket.socket, family: int, kind: int, protocol: int) -> None:
        # -1: a socket made from a file descriptor, which was judged when it was opened.
        if family not in (socket.AF_INET, socket.AF_INET6, -1) or (kind not in (socket.SOCK_STREAM, -1)):
            raise ForbiddenActError("Only TCP connections are allowed while a link is fetched.")

    def _popen(self, executable: Any, arguments: Any, folder: Any, environment: Any) -> None:
        given = [str(each) for each in arguments] if isinstance(arguments, list | tuple) else []
        known = self._js_runtime is not None and str(executable) == str(self._js_runtime) == (given or [""])[0]
        script = given[1:2] == ["run"] and given[-1:] == ["-"] and set(given[2:-1]) <= _JS_OPTIONS
        safe = {"--no-prompt", "--no-remote", "--no-config"} <= set(given)
        if not (known and (given[1:] == ["--version"] or (script and safe))):
            raise ForbiddenActError("No other program may be started while a link is fetched.")
