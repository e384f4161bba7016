"""Refresh or check the copy of three.js that the viewer page is served with.

    python tools/refresh_viewer_vendor.py 0.187.0                  fetches the package with `npm pack`
    python tools/refresh_viewer_vendor.py 0.187.0 --tarball FILE   takes a package that is already here
    python tools/refresh_viewer_vendor.py --check                  compares the copy with its SHA256SUMS

The viewer has no build step: its import map names these ES modules as they stand in the npm package (MIT licence), so
only the handful of files that it imports is kept, unchanged, next to their licence and their checksums.
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

VENDOR = Path(__file__).resolve().parents[1] / "static" / "viewer" / "vendor" / "three"
FILES = {
    "LICENSE": "LICENSE",
    "build/three.module.js": "build/three.module.js",
    "build/three.core.js": "build/three.core.js",
    "examples/jsm/controls/OrbitControls.js": "addons/controls/OrbitControls.js",
    "examples/jsm/loaders/GLTFLoader.js": "addons/loaders/GLTFLoader.js",
    "examples/jsm/utils/BufferGeometryUtils.js": "addons/utils/BufferGeometryUtils.js",
    "examples/jsm/utils/SkeletonUtils.js": "addons/utils/SkeletonUtils.js",
}
"""Path in the npm package -> path under static/viewer/vendor/three."""


def checksum(path: Path) -> str:
    """The file's SHA-256 as 64 hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_checksums(folder: Path = VENDOR) -> dict[str, str]:
    """SHA256SUMS (the format of `sha256sum`) as {path: digest}."""
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    return {path: digest for digest, path in (line.split("  ", 1) for line in lines if line)}


def differences(folder: Path = VENDOR) -> list[str]:
    """What is missing, altered or too many in `folder`, one sentence each; empty where all is well."""
    expected = read_checksums(folder)
    present = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {"SHA256SUMS"}
    found = [f"{path} is missing." for path in sorted(expected.keys() - present)]
    found += [f"{path} is not listed in SHA256SUMS." for path in sorted(present - expected.keys())]
    for path in sorted(expected.keys() & present):
        if checksum(folder / path) != expected[path]:
            found.append(f"{path} was altered.")
    return found


def fetch(version: str, into: Path) -> Path:
    """Download the package with npm's own client and return the tarball's path."""
    if shutil.which("npm") is None:
        raise SystemExit("npm is not installed: install it, or give a package that you have with --tarball FILE.")
    subprocess.run(["npm", "pack", f"three@{version}", "--pack-destination", str(into)], check=True, text=True)
    return into / f"three-{version}.tgz"


def unpack(tarball: Path, version: str, folder: Path = VENDOR) -> None:
    """Replace `folder` by the wanted files of `tarball`, written aside first so that a bad package harms nothing."""
    with tempfile.TemporaryDirectory() as name, tarfile.open(tarball) as package:
        aside = Path(name) / "three"
        for source, target in FILES.items():
            try:
                member = package.extractfile(f"package/{source}")
            except KeyError:
                raise SystemExit(f"three {version} has no {source}: correct FILES in {Path(__file__).name}.") from None
            assert member is not None
            (aside / target).parent.mkdir(parents=True, exist_ok=True)
            (aside / target).write_bytes(member.read())
        (aside / "VERSION").write_text(f"three {version}\n")
        listed = sorted(str(path.relative_to(aside)) for path in aside.rglob("*") if path.is_file())
        (aside / "SHA256SUMS").write_text("".join(f"{checksum(aside / path)}  {path}\n" for path in listed))
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(aside, folder)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("version", nargs="?", help="the version on npm, such as 0.187.0")
    parser.add_argument("--tarball", type=Path, help="a package that is already here")
    parser.add_argument("--check", action="store_true", help="change nothing, compare with SHA256SUMS")
    arguments = parser.parse_args()
    if not arguments.check:
        if arguments.version is None:
            parser.error("name a version, or --check")
        with tempfile.TemporaryDirectory() as folder:
            unpack(arguments.tarball or fetch(arguments.version, Path(folder)), arguments.version)
    found = differences()
    print("\n".join(found) or f"{VENDOR.name}: {len(read_checksums())} files, as listed.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
