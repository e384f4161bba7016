"""A user's own challenge: what they chose of what ships and of their own policies and motions; nobody else sees it."""

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path

from core.challenge_stages import RunSettings, plan
from core.errors import BadInputError
from core.imitation.challenge_folder import ChallengeFolder
from core.run_folder import read_json, write_json
from webapp.challenge_choice import Choices, Choosable
from webapp.challenge_work import ChallengeWork

OWN = "own"
"""The name by which everybody asks for their own one."""
FOLDER = ".own"
_CHOICE = "choice.json"
_KINDS = {"policy": "policies", "motion": "motions"}


class OwnChallenge:
    """The challenge of `owner`, in a folder of their own below `root`; each start may be of another choice."""

    def __init__(self, root: Path, owner: str, choices: Callable[[str], Choices], turn: threading.Lock) -> None:
        self.folder = ChallengeFolder(root / FOLDER / hashlib.sha256(owner.encode()).hexdigest()[:32])
        self._owner, self._choices = owner, choices(owner)
        self.work = ChallengeWork(self.folder.root, self._settings, turn)

    @property
    def is_chosen(self) -> bool:
        """Whether there is one at all."""
        return bool(self._kept())

    @property
    def keys(self) -> list[str]:
        """Policies as "policy:KEY" and motions as "motion:KEY" of the choice."""
        return [f"{kind}:{key}" for kind in _KINDS for key in self._kept().get(_KINDS[kind], [])]

    def start(self, policies: list[str], motions: list[str]) -> None:
        """Run these on these, by their keys, instead of what was chosen before; cells that are still right are kept.

        `BadInputError` where one of them cannot be had.
        """
        rows, columns = self._found(policies, motions)
        for each in (*rows, *columns):
            if each.problem:
                raise BadInputError(f"{each.problem} Choose again: {each.name} cannot be challenged.")
        self.work.close()
        write_json(self.folder.root / _CHOICE, {"owner": self._owner, "policies": policies, "motions": motions})
        self.folder.keep_only([(a.key, b.key) for a in rows for b in columns if self._is_fresh(a, b)])
        plan(self.folder, self._settings())
        self.work.start()

    def go_on(self) -> None:
        """Go on with what was chosen before; `BadInputError` where nothing was."""
        kept = self._kept()
        if not kept:
            raise BadInputError("At least one policy and one motion should be chosen, but none was yet.")
        self.work.start()

    def chosen(self) -> dict[str, Choosable]:
        """Key -> what is to be said of it now, for every policy and motion of the choice."""
        kept = self._kept()
        rows, columns = self._found(kept.get("policies", []), kept.get("motions", []))
        return {each.key: each for each in (*columns, *rows)}

    def _settings(self) -> RunSettings:
        kept = self._kept()
        files = {
            # Where there is a problem now, nothing is run, though the file may be there still.
            key: str(self.folder.root / "gone" if each.problem or each.file is None else each.file)
            for key, each in self.chosen().items()
            if each.file is not None or each.problem
        }
        return RunSettings(tuple(kept.get("policies", ())), tuple(kept.get("motions", ())), files)

    def _found(self, policies: list[str], motions: list[str]) -> tuple[list[Choosable], list[Choosable]]:
        return [self._choices.policy(key) for key in policies], [self._choices.motion(key) for key in motions]

    def _kept(self) -> dict:
        return read_json(self.folder.root / _CHOICE)

    def _is_fresh(self, policy: Choosable, motion: Choosable) -> bool:
        """Whether a cell is known of these files as they are now."""
        known = self.folder.known_since(policy.key, motion.key)
        files = (each.file for each in (policy, motion) if each.file is not None)
        return known is not None and all(file.stat().st_mtime < known for file in files)


def owners(root: Path) -> list[str]:
    """Whose own challenges there are."""
    return [str(read_json(path)["owner"]) for path in sorted(root.glob(f"{FOLDER}/*/{_CHOICE}"))]
