"""The files that ship with the project: network weights, the body, the sample clips.

`manifest.json` says for each of them its checksum, size, licence, origin and the tool that made it
(`tools/asset_manifest.py` writes the entries). Nothing here is downloaded at run time.
"""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from core.errors import AssetError

ASSETS = Path(__file__).parent
MANIFEST = ASSETS / "manifest.json"


@cache
def asset_path(name: str) -> Path:
    """The path of a shipped file, e.g. "body.npz" or "samples/walker.mp4".

    Its sha256 is compared with the manifest's once per process. `AssetError` where the manifest does not know the
    name, the file is missing, or its content is not what the manifest says.
    """
    return checked_path(ASSETS, name)


def checked_path(folder: Path, name: str) -> Path:
    """`asset_path` for any folder with a manifest.json, without the memory."""
    entries = read_manifest(folder / "manifest.json")
    if name not in entries:
        known = ", ".join(sorted(entries)) or "none"
        raise AssetError(f"{name} is not a file that ships with the project (known: {known}).")
    path = folder / name
    if not path.is_file():
        raise AssetError(
            f"{path} should ship with the project, but is missing. Restore it with `git checkout -- {path.name}` in "
            f"its folder, or make it again with {entries[name]['tool']}."
        )
    found = sha256_of(path)
    if found != entries[name]["sha256"]:
        raise AssetError(
            f"{path} should have the sha256 {entries[name]['sha256']}, but has {found}: it was changed or cut short. "
            f"Restore it from the repository, or make it again with {entries[name]['tool']}."
        )
    return path


def read_manifest(path: Path = MANIFEST) -> dict[str, dict[str, Any]]:
    """The manifest's entries by file name: sha256, bytes, licence, origin, tool, note."""
    try:
        return dict(json.loads(path.read_text(encoding="utf-8"))["files"])
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError) as error:
        raise AssetError(f"{path} should be JSON with an object 'files', but is not ({error}). Restore it.") from error


def sha256_of(path: Path) -> str:
    """The file's sha256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
