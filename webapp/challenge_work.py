"""One challenge at work behind everything else, in a process of its own; it goes on when the site starts again."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from core.challenge_stages import STAGES, RunSettings
from core.errors import CancelledError, UnderstudyError
from core.imitation.challenge_folder import ChallengeFolder
from core.jobs.stage_process import StageProcess
from core.progress import silent

NICENESS = 15
WANTED = ".wanted"
"""The file that is in a challenge's folder from its start to its end."""
_SILENCE_S = 1800.0
_LOOK_EVERY_S = 0.25
_TROUBLE = "The challenge broke off. What was known by then is kept; start it again to go on."
_log = logging.getLogger(__name__)


class ChallengeWork:
    """A challenge in the folder `root`, cell by cell. Of those that share a `turn` one computes at a time."""

    def __init__(self, root: Path, settings: Callable[[], RunSettings], turn: threading.Lock) -> None:
        self.root, self.trouble = root, ""
        self._settings, self._turn = settings, turn
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    @property
    def is_running(self) -> bool:
        """Whether it is at work, or waits for its turn."""
        return self._thread is not None and self._thread.is_alive()

    def open(self) -> None:
        """Go on with what was broken off by the end of the site; forget what it has of policies that ship anew."""
        try:
            ChallengeFolder(self.root).forget_replaced()
        except (UnderstudyError, OSError):  # the site is opened nevertheless
            _log.exception("A challenge's cells of replaced policies could not be removed")
        if (self.root / WANTED).is_file():
            self.start()

    def start(self) -> None:
        """Start it, or go on with it; nothing if it is at work."""
        with self._lock:
            if self.is_running:
                return
            self.trouble = ""
            self.root.mkdir(parents=True, exist_ok=True)
            (self.root / WANTED).touch()
            self._stop.clear()
            self._thread = threading.Thread(target=self._work, name="challenge", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End it; what is known by now is kept."""
        (self.root / WANTED).unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """End it with the site; it goes on when the site is opened again."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def _work(self) -> None:
        while not self._turn.acquire(timeout=_LOOK_EVERY_S):
            if self._stop.is_set():
                return
        try:
            self._compute()
        finally:
            self._turn.release()

    def _compute(self) -> None:
        def look() -> None:
            if self._stop.is_set():
                raise CancelledError("The challenge was stopped.")

        try:
            settings, log = self._settings().to_json(), self.root / ".log.txt"
            with StageProcess("core.challenge_stages", self.root, settings, log, NICENESS) as process:
                answer = process.run(STAGES[0].name, silent, look, _SILENCE_S)
        except CancelledError:
            return
        except Exception:
            _log.exception("The challenge broke off")
            answer = {"event": "crashed", "message": ""}
        if answer["event"] != "done":
            _log.warning("The challenge ended: %s %s", answer["event"], answer["message"])
            self.trouble = answer["message"] if answer["event"] == "failed" else _TROUBLE
        (self.root / WANTED).unlink(missing_ok=True)
