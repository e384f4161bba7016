"""The one place that strings the stages together: clip, people, bodies, humanoid, physics, figures.

Each stage reads files of the run's folder and writes others, atomically, so it may be run again at any time. The
command line runs them one after another (`run_all`); `core.jobs` wraps each in a durable step.
"""

import importlib.metadata
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass

from core.accelerator import computing_on
from core.body_stages import mesh_recovery, reconstruction, record_camera, retarget_to_humanoid
from core.keypoints import KeypointSettings
from core.keypoints.people_files import choose_people, keep_people
from core.keypoints.sightings import sightings_in
from core.keypoints.sources import fingerprint, tracks_from
from core.motion import Track
from core.notices import collecting
from core.performance_stages import assisted_physics, measure, side_by_side_video, unassisted_physics
from core.progress import Progress, silent
from core.run_folder import RunFolder, read_json, write_json
from core.run_settings import FETCH, RunSettings
from core.video import WindowSettings, load_clip, make_clip
from core.video.camera_facts import focal_length_record
from core.video.fetch_stage import fetch_source

_REPORTED_VERSIONS = ("understudy", "numpy", "onnxruntime", "av", "pybullet", "mujoco")


@dataclass(frozen=True)
class Stage:
    """One step of the pipeline: its name, what a person reads, and what it does to the run's folder."""

    name: str
    title: str
    run: Callable[[RunFolder, RunSettings, Progress], None]


def _fetch(folder: RunFolder, settings: RunSettings, progress: Progress) -> None:
    fetch_source(folder, settings.link, _window(settings), progress)


def _window(settings: RunSettings) -> WindowSettings:
    return WindowSettings(settings.start_s, settings.end_s, settings.max_seconds, time_scale=settings.time_scale)


def _clip(folder: RunFolder, settings: RunSettings, progress: Progress) -> None:
    clip = make_clip(folder.source(), folder.clip, _window(settings), progress)
    record_camera(folder, focal_length_record(folder.source(), clip))


def _keypoints(folder: RunFolder, settings: RunSettings, progress: Progress) -> None:
    def find() -> list[Track]:
        clip, source = load_clip(folder.clip), folder.source()
        with sightings_in(folder.sightings):
            return tracks_from(
                clip, KeypointSettings(), settings.keypoints, progress, source, settings.start_s, settings.time_scale
            )

    tracks = keep_people(folder, fingerprint(settings.keypoints), find)
    choose_people(folder, tracks, settings.person, settings.corrections)


STAGES = (
    Stage(FETCH, "Fetch the video", _fetch),
    Stage("clip", "Cut the window", _clip),
    Stage("keypoints", "Find people and keypoints", _keypoints),
    Stage("mesh_recovery", "Recover the mesh", mesh_recovery),
    Stage("reconstruction", "Reconstruct the motion", reconstruction),
    Stage("retarget", "Fit the humanoid", retarget_to_humanoid),
    Stage("physics", "Put it under physics", assisted_physics),
    Stage("metrics", "Measure", measure),
    Stage("video", "Draw the video", side_by_side_video),
    # Minutes long: everything else is there before, with the assisted preview, and drawn again after it.
    Stage("sampling", "Perform it unassisted", unassisted_physics),
    Stage("final_video", "Draw the performance", side_by_side_video),
)


def applies(stage: Stage, folder: RunFolder, settings: RunSettings) -> bool:
    """Whether a stage is run at all: a picture has no physics and no video, and neither has a run without them."""
    if stage.name == FETCH:
        return bool(settings.link) and not folder.has_source()
    if stage.name not in ("retarget", "physics", "video", "sampling", "final_video"):
        return True
    if stage.name in ("sampling", "final_video") and settings.physics != "sampling":
        return False
    if settings.physics == "none" and stage.name == "physics":
        return False
    if not settings.video and stage.name in ("video", "final_video"):
        return False
    return len(load_clip(folder.clip)) > 1


def run_stage(stage: Stage, folder: RunFolder, settings: RunSettings, progress: Progress = silent) -> float:
    """Run one stage on a run's folder, note its seconds and notices in run.json and return the seconds."""
    started = time.perf_counter()
    with collecting() as notices, computing_on(settings.device):
        stage.run(folder, settings, progress)
    seconds = time.perf_counter() - started
    record = read_json(folder.record)
    record |= {
        "settings": settings.to_json(),
        "versions": versions(),
        "seconds": record.get("seconds", {}) | {stage.name: round(seconds, 3)},
        "notices": record.get("notices", {}) | {stage.name: notices},
    }
    write_json(folder.record, record)
    progress(1.0, "")
    return seconds


def run_all(
    folder: RunFolder,
    settings: RunSettings,
    report: Callable[[Stage], Progress] = lambda stage: silent,
) -> None:
    """Run every stage that applies, in order; `report` gives each stage its progress callback."""
    for stage in STAGES:
        if applies(stage, folder, settings):
            run_stage(stage, folder, settings, report(stage))


def versions() -> dict[str, str]:
    """What the run was made with."""
    found = {"python": platform.python_version()}
    for name in _REPORTED_VERSIONS:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "unknown"
    return found
