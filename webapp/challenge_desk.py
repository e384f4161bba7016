"""The challenges of a site: the one that ships, those that the command line left in the home, every user's own one."""

import re
import threading
from collections.abc import Callable

from core.challenge_stages import RunSettings
from core.errors import RunNotFoundError
from core.imitation.challenge_folder import ChallengeFolder
from core.jobs.home import Home
from webapp.challenge_choice import Choices
from webapp.challenge_work import ChallengeWork
from webapp.own_challenge import OWN, OwnChallenge, owners

SHIPPED = "deepmimic"
"""The one of the policies and clips that ship; everybody on a site sees the same."""
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class ChallengeDesk:
    """Challenges in the home's folder challenges/; those that the site starts take turns.

    They run in a process at a low priority, and go on when the site starts again after it was stopped in their midst.
    `choices` gives what a user may choose; without it nobody has a challenge of their own.
    """

    def __init__(
        self, home: Home, settings: RunSettings | None = None, choices: Callable[[str], Choices] | None = None
    ) -> None:
        self.root = home.challenges
        self._turn, self._choices = threading.Lock(), choices
        self.shipped = ChallengeWork(self.root / SHIPPED, lambda: settings or RunSettings(), self._turn)
        self._own: dict[str, OwnChallenge] = {}
        self._lock = threading.Lock()

    def names(self) -> list[str]:
        """The challenges that are there or begun, the shipped one first; users' own ones are not among them."""
        found = (path.parent.name for path in self.root.glob("*/plan.json"))
        named = (name for name in found if _NAME.fullmatch(name) and name != OWN)
        return sorted(named, key=lambda name: (name != SHIPPED, name))

    def folder(self, name: str) -> ChallengeFolder:
        """A challenge's folder; `RunNotFoundError` where there is none of this name."""
        if name != SHIPPED and name not in self.names():
            raise RunNotFoundError("There is no challenge of this name.")
        return ChallengeFolder(self.root / name)

    def own(self, owner: str | None) -> OwnChallenge:
        """The challenge of a user; `RunNotFoundError` for nobody."""
        if owner is None or self._choices is None:
            raise RunNotFoundError("There is no challenge of this name.")
        with self._lock:
            if owner not in self._own:
                self._own[owner] = OwnChallenge(self.root, owner, self._choices, self._turn)
            return self._own[owner]

    def open(self) -> None:
        """Go on with what was broken off by the end of the site."""
        self.shipped.open()
        for owner in owners(self.root) if self._choices else ():
            self.own(owner).work.open()

    def close(self) -> None:
        """End all with the site; they go on when the site is opened again."""
        for work in (self.shipped, *(each.work for each in self._own.values())):
            work.close()
