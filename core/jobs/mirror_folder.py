"""A run's folder beside its copy in an object store: the part that each file belongs to, and what is noted of it."""

import hashlib
import json
import re
import stat
from pathlib import Path
from typing import Any

from core.arrays_on_disk import is_temporary, replacing
from core.jobs.home import PUT_AWAY, RUN_PART, SITE_PART

STATE, LOCK = ".mirror.json", ".mirror.lock"
OWN_FILES = (STATE, LOCK, ".lock")
"""What is about this machine alone, and goes nowhere."""
_TRAINING = re.compile(r"person-\d+/(?:policies/|rollouts/policy-)([a-z0-9]{16})(?=[/.-])")


def part_of(path: str) -> str:
    """The part that a file belongs to, by its path within the run's folder."""
    if path.rpartition("/")[2] == PUT_AWAY:
        return SITE_PART
    found = _TRAINING.match(path)
    return found.group(1) if found else RUN_PART


def files_by_part(root: Path) -> dict[str, dict[str, tuple[int, int]]]:
    """Part -> path -> bytes and time of the last change [ns] of every file that is to be mirrored."""
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for path in root.rglob("*"):
        is_own = path.name in OWN_FILES or path.name.startswith(".preview") or is_temporary(path)
        if is_own or path.is_symlink():
            continue
        try:
            facts = path.stat()
        except FileNotFoundError:
            continue
        if stat.S_ISREG(facts.st_mode):
            name = path.relative_to(root).as_posix()
            found.setdefault(part_of(name), {})[name] = (facts.st_size, facts.st_mtime_ns)
    return found


def read_state(root: Path) -> dict[str, Any]:
    """Part -> its token, and path -> [bytes, time of the last change, SHA-256] as they were when both were the same."""
    try:
        state: dict[str, Any] = json.loads((root / STATE).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return state


def tokens_of(known: dict[str, Any]) -> tuple[str, ...]:
    """Those of a part that this folder has seen: the last one, and one that it wrote without hearing of it again."""
    return known["token"], known.get("next", known["token"])


def write_state(root: Path, state: dict[str, Any]) -> None:
    """Note it, in one step."""
    with replacing(root / STATE) as temporary:
        temporary.write_text(json.dumps(state), encoding="utf-8")


def digest_of_file(path: Path) -> str:
    """SHA-256, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
