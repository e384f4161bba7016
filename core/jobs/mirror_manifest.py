"""What a part of a run has in the object store: its files by path, size and checksum."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from core.errors import UnderstudyError


class DamagedCopyError(UnderstudyError):
    """What the store holds is not what its manifest says."""


@dataclass(frozen=True)
class Manifest:
    """A part in the store; `token` is another one each time it is written."""

    token: str = ""
    files: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Path within the run's folder -> bytes, SHA-256."""

    def to_bytes(self) -> bytes:
        """As JSON, with a checksum of its own."""
        files = {path: list(facts) for path, facts in sorted(self.files.items())}
        return json.dumps({"token": self.token, "files": files, "sha256": _digest_of(files)}).encode()

    @classmethod
    def from_bytes(cls, content: bytes, run_id: str) -> "Manifest":
        """A run's from `to_bytes`; `DamagedCopyError` where it is not whole, or names files outside of the folder."""
        try:
            given = json.loads(content)
            files = given["files"]
            whole = given["sha256"] == _digest_of(files) and all(map(_is_inside, files))
            if whole:
                return cls(str(given["token"]), {path: (int(size), str(sha)) for path, (size, sha) in files.items()})
        except (ValueError, KeyError, TypeError, AttributeError):
            pass
        raise DamagedCopyError(f"The store's record of run {run_id} is damaged. Look into UNDERSTUDY_ARTIFACTS.")


def _is_inside(path: str) -> bool:
    return bool(path) and not PurePosixPath(path).is_absolute() and ".." not in PurePosixPath(path).parts


def _digest_of(files: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
