"""The challenge that the page can start: DeepMimic's policies on DeepMimic's clips, behind everything else."""

import logging
import re
import threading
from pathlib import Path

from core.challenge_stages import STAGES, RunSettings
from core.errors import CancelledError, RunNotFoundError
from core.imitation.challenge_folder import ChallengeFolder
from core.jobs.home import Home
from core.jobs.stage_process import StageProcess
from core.progress import silent

SHIPPED = "deepmimic"
"""The name of the one that the page can start."""
NICENESS = 15
_SILENCE_S = 1800.0
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_WANTED = ".wanted"
_TROUBLE = "The challenge broke off. What was known by then is kept; start it again to go on."
_log = logging.getLogger(__name__)


class ChallengeDesk:
    """Challenges in the home's folder challenges/; everybody on a site sees the same ones.

    The one that the page starts runs in a process of its own at a low priority, cell by cell. It goes on when the site
    starts again after it was stopped in the midst of it.
    """

    def __init__(self, home: Home, settings: RunSettings | None = None) -> None:
        self.root = home.root / "challenges"
        self.trouble = ""
        self._settings = settings or RunSettings()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def names(self) -> list[str]:
        """The challenges that are there or begun, the shipped one first."""
        found = (path.parent.name for path in self.root.glob("*/plan.json"))
        return sorted((name for name in found if _NAME.fullmatch(name)), key=lambda name: (name != SHIPPED, name))

    def folder(self, name: str) -> ChallengeFolder:
        """A challenge's folder; `RunNotFoundError` where there is none of this name."""
        if name != SHIPPED and name not in self.names():
            raise RunNotFoundError("There is no challenge of this name.")
        return ChallengeFolder(self.root / name)

    @property
    def is_running(self) -> bool:
        """Whether the shipped one is at work."""
        return self._thread is not None and self._thread.is_alive()

    def open(self) -> None:
        """Go on with what was broken off by the end of the site."""
        if self._wanted.is_file():
            self.start()

    def start(self) -> None:
        """Start the shipped one, or go on with it; nothing if it is at work."""
        with self._lock:
            if self.is_running:
                return
            self.trouble = ""
            self._wanted.parent.mkdir(parents=True, exist_ok=True)
            self._wanted.touch()
            self._stop.clear()
            self._thread = threading.Thread(target=self._work, name="challenge", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End it; what is known by now is kept."""
        self._wanted.unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """End it with the site; it goes on when the site is opened again."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    @property
    def _wanted(self) -> Path:
        return self.root / SHIPPED / _WANTED

    def _work(self) -> None:
        folder = self.root / SHIPPED

        def look() -> None:
            if self._stop.is_set():
                raise CancelledError("The challenge was stopped.")

        settings, log = self._settings.to_json(), folder / ".log.txt"
        try:
            with StageProcess("core.challenge_stages", folder, settings, log, NICENESS) as process:
                answer = process.run(STAGES[0].name, silent, look, _SILENCE_S)
        except CancelledError:
            return
        except Exception:
            _log.exception("The challenge broke off")
            answer = {"event": "crashed", "message": ""}
        if answer["event"] != "done":
            _log.warning("The challenge ended: %s %s", answer["event"], answer["message"])
            self.trouble = answer["message"] if answer["event"] == "failed" else _TROUBLE
        self._wanted.unlink(missing_ok=True)
