"""`understudy serve` and `understudy worker` in processes of their own, for measurements from outside."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

_UP_WITHIN_S = 180.0


def free_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


class Crew:
    """Processes of one site by name: "site" serves, all others are workers. `settings` are environment variables."""

    def __init__(self, home: Path, settings: dict[str, str]) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.home = home
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._environment = os.environ | {"UNDERSTUDY_HOME": str(home)} | settings
        self._log = (home / "processes.log").open("a")

    def start(self, name: str) -> None:
        """Start one, in the place of the one of this name that has ended."""
        how = ["serve", "--port", str(self.port)] if name == "site" else ["worker", "--name", name]
        command = [sys.executable, "-m", "webapp", *how]
        self.processes[name] = subprocess.Popen(command, env=self._environment, stdout=self._log, stderr=self._log)

    def kill(self, name: str) -> None:
        """SIGKILL."""
        self.processes[name].kill()
        self.processes[name].wait()

    def is_up(self, path: str = "/healthz") -> bool:
        """Whether the site answers."""
        try:
            return httpx.get(self.url + path, timeout=10).status_code == 200
        except httpx.HTTPError:
            return False

    def wait_until_up(self) -> None:
        """Return when the site answers; `TimeoutError` where it does not."""
        deadline = time.monotonic() + _UP_WITHIN_S
        while not self.is_up():
            if time.monotonic() > deadline:
                raise TimeoutError(f"The site did not start; {self.home / 'processes.log'} says why.")
            time.sleep(0.2)

    def stop(self, kill: bool = False) -> None:
        """End all of them, in good order or by SIGKILL."""
        for process in self.processes.values():
            process.kill() if kill else process.terminate()
        for process in self.processes.values():
            process.wait(timeout=60)
        self._log.close()
