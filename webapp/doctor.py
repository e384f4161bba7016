"""What `understudy doctor` looks at: Python, libraries, the files that ship, a place to write, memory."""

import importlib.metadata
import os
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.errors import UnderstudyError

REQUIRED = ("av", "numpy", "scipy", "onnxruntime", "pybullet", "pygltflib", "gradio", "fastapi", "sqlalchemy", "dbos")
OPTIONAL = {
    "rtmlib": "keypoints by RTMPose (--keypoints rtm); pip install -e '.[rtm]' in the project's folder",
    "smplx": "cross-checks in tests; pip install -r requirements-smpl.txt",
    "usd-core": "motions as USD (export --format usd); pip install -r requirements-export.txt",
    "cmeel-assimp": "motions as FBX (export --format fbx); pip install -r requirements-export.txt",
}


@dataclass(frozen=True)
class Check:
    """One line of the report."""

    name: str
    state: Literal["ok", "optional", "broken"]
    detail: str


def examine(hmr: Path | None = None) -> Iterator[Check]:
    """Yield one `Check` after another; nothing is changed or downloaded. `hmr` is a network's folder to try."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Check("Python", "ok" if sys.version_info[:2] == (3, 11) else "broken", f"{version} (3.11 is supported)")
    for name in REQUIRED:
        yield _library(name)
    for name, hint in OPTIONAL.items():
        yield _library(name, hint)
    yield from _assets()
    yield _inference()
    yield _rendering()
    yield from _links()
    if hmr is not None:
        yield from _hmr(hmr)
    yield _home()
    yield Check("Processor", "ok", f"{os.cpu_count()} cores")


def _library(name: str, hint: str | None = None) -> Check:
    try:
        return Check(name, "ok", importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        if hint:
            return Check(name, "optional", hint)
        return Check(name, "broken", "not installed; run `make setup` in the project's folder")


def _assets() -> Iterator[Check]:
    from core.assets import asset_path, read_manifest

    for name in read_manifest():
        try:
            asset_path(name)
            yield Check(name, "ok", "checksum agrees")
        except UnderstudyError as error:
            yield Check(name, "broken", str(error))


def _inference() -> Check:
    """Load the landmark model and let it look at nothing, which proves that ONNX Runtime works on this processor."""
    import numpy as np
    import onnxruntime

    from core.assets import asset_path

    try:
        session = onnxruntime.InferenceSession(str(asset_path("blazepose_heavy.onnx")))
        wanted = session.get_inputs()[0]
        shape = [n if isinstance(n, int) else 1 for n in wanted.shape]
        session.run(None, {wanted.name: np.zeros(shape, np.float32)})
    except Exception as error:
        return Check("Keypoint inference", "broken", str(error))
    return Check("Keypoint inference", "ok", f"onnxruntime on {session.get_providers()[0]}")


def _hmr(folder: Path) -> Iterator[Check]:
    """Open a mesh-recovery network and run it on a dummy, as a run would."""
    from core.mesh_recovery.network import HmrNetwork

    try:
        network = HmrNetwork(folder)
        started = time.perf_counter()
        network.answer(network.dummy(1))
        seconds = time.perf_counter() - started
    except UnderstudyError as error:
        yield Check("HMR network", "broken", str(error))
        return
    manifest = network.manifest
    yield Check("HMR network", "ok", f"{manifest.title} ({manifest.family}), {1000 * seconds:.0f} ms a person")
    yield Check("HMR network's shapes", "ok", network.describe())
    yield Check("HMR network's licence", "ok", manifest.licence or "not given in its manifest; you answer for its use")


def _rendering() -> Check:
    """Draw a very small picture, which proves that EGL works."""
    from core.export.rendering import can_render

    if can_render():
        return Check("Rendering", "ok", "EGL, for side_by_side.mp4")
    packages = "libegl1 libgl1 libgl1-mesa-dri libxrender1"
    return Check("Rendering", "optional", f"side_by_side.mp4; apt-get install {packages}")


def _links() -> Iterator[Check]:
    """What fetching from links needs. Nothing is asked of the network."""
    from core.video.fetch_ready import link_parts
    from core.video.fetch_settings import fetch_settings

    try:
        settings = fetch_settings()
    except UnderstudyError as error:
        yield Check("Links", "broken", str(error))
        return
    if not settings.enabled:
        yield Check("Links", "ok", "switched off (UNDERSTUDY_LINKS)")
        return
    for name, detail, good in link_parts():
        yield Check(f"Links: {name}", "ok" if good else "optional", detail)
    if settings.allow:
        yield Check("Links", "ok", f"may also lead to {', '.join(map(str, settings.allow))} (UNDERSTUDY_LINK_ALLOW)")


def _home() -> Check:
    from webapp.settings import read_settings

    try:
        home = read_settings().home
    except UnderstudyError as error:
        return Check("Home", "broken", str(error))
    existing: Path = next(p for p in [home, *home.parents] if p.exists())
    free = shutil.disk_usage(existing).free / 1e9
    writable = os.access(existing, os.W_OK)
    return Check("Home", "ok" if writable and free > 1 else "broken", f"{home}, {free:.0f} GB free")
