"""A copy of every run's folder in an object store, for machines that share no folder.

A run has parts, each with one writer at a time: "run", one for each of its trainings, and "site", what a person marks
while workers are at the others. A part's manifest lists its files by path, size and SHA-256; the files lie beside it
under their checksums:

    RUN/parts/PART.json      {"token", "files": {path: [bytes, sha256]}, "sha256" of these}
    RUN/files/PART/SHA256

Files go first and the manifest last, in one step: whoever reads sees a part as it was before or after. What a folder
has of the store is noted in it (`.mirror.json`), so that only what has changed travels.
"""

import fcntl
import hashlib
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.arrays_on_disk import replacing
from core.errors import UnderstudyError
from core.jobs.home import RUN_PART
from core.jobs.mirror_folder import LOCK, STATE, digest_of_file, files_by_part, read_state, tokens_of, write_state
from core.jobs.mirror_manifest import DamagedCopyError, Manifest
from core.jobs.object_store import ObjectStore

_CHUNK = 1 << 20
_TRIES = 3


class MovedOnError(UnderstudyError):
    """The store has more of a part than this machine has seen: another machine works on it."""


class Mirror:
    """Brings the folders below `runs` (RUN_ID each) and the store to the same state."""

    def __init__(self, store: ObjectStore, runs: Path) -> None:
        self.store, self._runs = store, runs

    def push(self, run_id: str, part: str | None = None) -> None:
        """Bring a part to the store (all that the folder has, without one).

        `MovedOnError` where the store has news of it: then this machine is no longer the one that works on it.
        """
        root = self._runs / run_id
        with self._locked(root):
            state, found = read_state(root), files_by_part(root)
            # The run itself comes last: where it is, all is.
            for name in (part,) if part else (*sorted({*found, *state} - {RUN_PART}), RUN_PART):
                self._push_part(root, run_id, name, state, found.get(name, {}))

    def push_missing(self, run_id: str) -> None:
        """Bring a run there that the store does not have, or has in part, of a push that was broken off."""
        root = self._runs / run_id
        if read_state(root).get(RUN_PART, {}).get("token") or RUN_PART not in files_by_part(root):
            return
        if self._read(run_id, RUN_PART) is None:
            self.push(run_id)

    def pull(self, run_id: str, wait: bool = True) -> None:
        """Bring the folder to the state of the store; what is the same stays untouched.

        Without `wait` nothing is done while another thread or process is at it. A run that the store does not know is
        left as it is.
        """
        root = self._runs / run_id
        names = [name.removesuffix(".json") for name in self.store.names(f"{run_id}/parts")]
        if not names:
            return
        with self._locked(root, wait) as held:
            state = read_state(root) if held else {}
            for name in names if held else ():
                self._pull_part(root, run_id, name, state)

    def give_up(self, run_id: str) -> bool:
        """Remove the folder if it is whole in the store and nobody moves its files now; whether it was."""
        root = self._runs / run_id
        with self._locked(root, wait=False) as held:
            if not held or not self.is_whole(run_id):
                return False
            # First what is noted of it: what a kill leaves of the folder must not pass for all of it.
            (root / STATE).unlink()
            shutil.rmtree(root, ignore_errors=True)
        return True

    def remove(self, run_id: str) -> None:
        """Forget a run: its parts first, then its files."""
        self.store.remove_folder(f"{run_id}/parts")
        self.store.remove_folder(run_id)

    def runs(self) -> list[str]:
        """Ids of all runs that the store has anything of."""
        return self.store.folders()

    def unused(self, run_id: str) -> list[str]:
        """Names of files that no manifest of a run has: of a push that was broken off."""
        names = self.store.names(run_id)
        used = set()
        for part in (name.removeprefix("parts/").removesuffix(".json") for name in names if name.startswith("parts/")):
            manifest = self._read(run_id, part) or Manifest()
            used |= {f"files/{part}/{sha}" for _, sha in manifest.files.values()}
        return [f"{run_id}/{name}" for name in names if name.startswith("files/") and name not in used]

    def size(self, run_id: str) -> int:
        """What a run takes in the store, in bytes."""
        parts = (self._read(run_id, name.removesuffix(".json")) for name in self.store.names(f"{run_id}/parts"))
        return sum(size for part in parts if part for size, _ in part.files.values())

    def is_whole(self, run_id: str) -> bool:
        """Whether nothing in the folder is news to the store, so that the folder may go."""
        root = self._runs / run_id
        state = read_state(root)
        known = {path: facts[:2] for part in state.values() for path, facts in part["files"].items()}
        here = {path: list(facts) for files in files_by_part(root).values() for path, facts in files.items()}
        return bool(state) and known == here

    def _push_part(
        self, root: Path, run_id: str, name: str, state: dict[str, Any], found: dict[str, tuple[int, int]]
    ) -> None:
        remote = self._read(run_id, name) or Manifest()
        known = state.get(name, {"token": "", "files": {}})
        if remote.token not in tokens_of(known):
            raise MovedOnError("Another machine has gone on with this run, so that this one leaves it alone.")
        there = {sha for _, sha in remote.files.values()}
        files: dict[str, list[Any]] = {}
        for path, (size, changed) in found.items():
            before = known["files"].get(path)
            if before is not None and before[:2] == [size, changed]:
                files[path] = before
            elif (sent := self._send(root / path, f"{run_id}/files/{name}", there)) is not None:
                files[path] = [sent[0], changed, sent[1]]
        if files == known["files"] and known["token"] and known["token"] == remote.token:
            return
        new = Manifest(secrets.token_hex(8), {path: (size, sha) for path, (size, _, sha) in files.items()})
        # Noted before, since the store may have it although no answer comes, or this process is killed.
        state[name] = known | {"next": new.token}
        write_state(root, state)
        self.store.write(f"{run_id}/parts/{name}.json", new.to_bytes())
        state[name] = {"token": new.token, "files": files}
        write_state(root, state)
        self.store.remove(f"{run_id}/files/{name}/{sha}" for sha in there - {sha for _, sha in new.files.values()})

    def _send(self, path: Path, folder: str, there: set[str]) -> tuple[int, str] | None:
        """Upload a file as it is now, though it be replaced or become longer meanwhile; None where it has gone."""
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return None
        with file:
            count, digest = 0, hashlib.sha256()
            while piece := file.read(_CHUNK):
                digest.update(piece)
                count += len(piece)
            sha = digest.hexdigest()
            if sha not in there:
                file.seek(0)
                self.store.upload(f"{folder}/{sha}", file, count)
                there.add(sha)
            return count, sha

    def _pull_part(self, root: Path, run_id: str, name: str, state: dict[str, Any]) -> None:
        for _ in range(_TRIES):  # a file can go when the part is written anew meanwhile
            remote = self._read(run_id, name)
            known = state.get(name, {"token": "", "files": {}})
            if remote is None or remote.token in tokens_of(known):
                return
            here = files_by_part(root).get(name, {})
            files: dict[str, list[Any]] = {}
            for path, (size, sha) in remote.files.items():
                before, now = known["files"].get(path), here.get(path)
                same = before is not None and now is not None and [*now, sha] == list(before)
                try:
                    if not same:
                        self._take(root / path, f"{run_id}/files/{name}/{sha}", size, sha)
                except FileNotFoundError:
                    break
                files[path] = [size, (root / path).stat().st_mtime_ns, sha]
            else:
                for path in here.keys() - files.keys():
                    (root / path).unlink(missing_ok=True)
                state[name] = {"token": remote.token, "files": files}
                write_state(root, state)
                return
        raise DamagedCopyError(f"A file of run {run_id} is missing in the store. Look into UNDERSTUDY_ARTIFACTS.")

    def _take(self, path: Path, name: str, size: int, sha: str) -> None:
        if path.is_file() and path.stat().st_size == size and digest_of_file(path) == sha:
            return
        with replacing(path) as temporary:
            if not self.store.download(name, temporary):
                raise FileNotFoundError(name)
            if digest_of_file(temporary) != sha:
                raise DamagedCopyError(
                    f"A file of run {name[:16]} is damaged in the store. Look into UNDERSTUDY_ARTIFACTS."
                )

    def _read(self, run_id: str, part: str) -> Manifest | None:
        content = self.store.read(f"{run_id}/parts/{part}.json")
        return None if content is None else Manifest.from_bytes(content, run_id)

    @contextmanager
    def _locked(self, root: Path, wait: bool = True) -> Iterator[bool]:
        """Whether the folder is this thread's alone, which without `wait` it may not be."""
        root.mkdir(parents=True, exist_ok=True)
        with (root / LOCK).open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
                return
            yield True
