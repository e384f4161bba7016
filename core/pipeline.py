"""The one place that strings the stages together: clip, people, bodies, humanoid, physics, figures.

Each stage reads files of the run's folder and writes others, atomically, so it may be run again at any time. The
command line runs them one after another (`run_all`); `core.jobs` wraps each in a durable step.
"""

import dataclasses
import importlib.metadata
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.body import Body, load_body
from core.body.moving import move_to_body
from core.body.smpl_file import EMBEDDED, chosen_body
from core.control.assisted import AssistedSettings, assisted
from core.control.performing import at_rate_of, sampling_settings
from core.control.sampling import perform_sampling
from core.errors import BadInputError, MissingDependencyError
from core.export.bvh import write_bvh
from core.export.glb import write_glb
from core.export.humanoid_glb import write_humanoid_glb
from core.export.rollout_files import ROLLOUT_COLOUR
from core.export.video import SideBySideSettings, write_side_by_side
from core.humanoid import RetargetSettings, retarget, rollout_to_body
from core.keypoints import KeypointSettings
from core.keypoints.people_files import choose_people, keep_people
from core.keypoints.sources import fingerprint, tracks_from
from core.mesh_recovery import MeshRecoverySettings, recover_body
from core.metrics import plausibility, rollout_figures
from core.motion import BodyMotion, HumanoidMotion, Rollout, Track
from core.notices import collecting, notice
from core.progress import Progress, part_of, silent
from core.reconstruction import ReconstructionSettings, close_cycle, find_cycle, reconstruct_with_curves
from core.reconstruction.contacts import SOLES
from core.reconstruction.ground import CAMERA_UP, Ground, camera_on_ground
from core.reconstruction.placing import place_in_world
from core.run_folder import RunFolder, read_json, write_json
from core.run_settings import FETCH, RunSettings
from core.video import WindowSettings, load_clip, make_clip
from core.video.camera_facts import focal_length_record, motion_record
from core.video.fetch_stage import fetch_source

HMR_COLOUR, MOTION_COLOUR = (0.93, 0.62, 0.36), (0.36, 0.66, 0.90)
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
    _record_camera(folder, focal_length_record(folder.source(), clip))


def _record_camera(folder: RunFolder, facts: dict[str, Any]) -> None:
    record = read_json(folder.record)
    write_json(folder.record, record | {"camera": record.get("camera", {}) | facts})


def _keypoints(folder: RunFolder, settings: RunSettings, progress: Progress) -> None:
    def find() -> list[Track]:
        clip, source = load_clip(folder.clip), folder.source()
        return tracks_from(
            clip, KeypointSettings(), settings.keypoints, progress, source, settings.start_s, settings.time_scale
        )

    tracks = keep_people(folder, fingerprint(settings.keypoints), find)
    choose_people(folder, tracks, settings.person, settings.corrections)


def _each_person(work: Callable[[Path, Progress], None], folder: RunFolder, progress: Progress) -> None:
    people = folder.people()
    for i, n in enumerate(people):
        work(folder.person(n), part_of(progress, i / len(people), (i + 1) / len(people)))


def _mesh_recovery(folder: RunFolder, settings: RunSettings, progress: Progress) -> None:
    camera = read_json(folder.record).get("camera", {})
    recovery = MeshRecoverySettings(focal_length_px=camera.get("focal_length_px"))

    def work(person: Path, progress: Progress) -> None:
        track = Track.load(person / "track.npz")
        hmr = recover_body(load_clip(folder.clip), track, settings.hmr, recovery, progress)
        hmr.save(person / "hmr.npz")
        _write_mesh(person / "hmr.glb", place_in_world(hmr, _level_camera(hmr)), settings, HMR_COLOUR)

    _each_person(work, folder, progress)


def _on_chosen_body(motion: BodyMotion, settings: RunSettings) -> tuple[BodyMotion, Body]:
    """The motion moved to the body that it is to be shown on, and that body; all is solved on the embedded one."""
    body = chosen_body(settings.body)
    return move_to_body(motion, load_body(), body), body


def _write_mesh(path: Path, motion: BodyMotion, settings: RunSettings, colour: tuple[float, float, float]) -> None:
    shown, body = _on_chosen_body(motion, settings)
    write_glb(path, shown, body, colour)


def _level_camera(motion: BodyMotion) -> np.ndarray:
    """camera_in_world [4, 4] of a level camera with the lowest feet on the ground: good enough to show a first mesh."""
    height = float(np.percentile((motion.landmarks[:, SOLES] @ CAMERA_UP).min(axis=1), 10))
    return camera_on_ground(Ground(CAMERA_UP, height, 0, found=False), motion.joints[0, 0])


def _reconstruction(folder: RunFolder, settings: RunSettings, progress: Progress) -> None:
    chosen = ReconstructionSettings(solver=settings.solver, height_m=settings.height_m, seed=settings.seed)
    tracks = [Track.load(folder.person(n) / "track.npz") for n in folder.people()]
    _record_camera(folder, motion_record(load_clip(folder.clip), tracks))

    def work(person: Path, progress: Progress) -> None:
        hmr = BodyMotion.load(person / "hmr.npz")
        found = reconstruct_with_curves(Track.load(person / "track.npz"), hmr, chosen, progress)
        motion = found.motion
        motion.save(person / "motion.npz")
        write_json(person / "curves.json", found.curves_to_json())
        shown, body = _on_chosen_body(motion, settings)
        write_glb(person / "motion.glb", shown, body, MOTION_COLOUR)
        write_bvh(person / "motion.bvh", shown, body)
        if settings.body != EMBEDDED:
            shown.save(person / "motion-smpl.npz")
        # Now that the camera is known, the network's mesh is shown where the camera saw it.
        _write_mesh(person / "hmr.glb", place_in_world(hmr, _camera_of(motion)), settings, HMR_COLOUR)

    _each_person(work, folder, progress)


def _camera_of(motion: BodyMotion) -> np.ndarray:
    if motion.camera_in_world is None:
        raise BadInputError("The reconstructed motion should know its camera, but does not; run the stage again.")
    return motion.camera_in_world


def _retarget(folder: RunFolder, settings: RunSettings, progress: Progress) -> None:
    def work(person: Path, progress: Progress) -> None:
        motion = BodyMotion.load(person / "motion.npz")
        cycle = find_cycle(motion) if settings.loop else None
        if settings.loop and cycle is None:
            notice("The motion does not repeat itself, so the reference is the whole motion and no loop.")
        if cycle is not None:
            motion = close_cycle(load_body(), motion, *cycle)
        reference = retarget(motion, RetargetSettings())
        dataclasses.replace(reference, loop=cycle is not None).save(person / "reference.txt")

    _each_person(work, folder, progress)


def _physics(folder: RunFolder, settings: RunSettings, progress: Progress) -> None:
    def work(person: Path, progress: Progress) -> None:
        reference = HumanoidMotion.load(person / "reference.txt")
        rollout = assisted(reference, AssistedSettings(), progress)
        rollout.save(person / "rollouts" / "assisted.npz")
        body = rollout_to_body(rollout, BodyMotion.load(person / "motion.npz"))
        _write_mesh(person / "rollouts" / "assisted-body.glb", body, settings, ROLLOUT_COLOUR)
        write_humanoid_glb(person / "rollouts" / "assisted-humanoid.glb", rollout)

    _each_person(work, folder, progress)


def _sampling(folder: RunFolder, settings: RunSettings, progress: Progress) -> None:
    def work(person: Path, progress: Progress) -> None:
        motion = BodyMotion.load(person / "motion.npz")
        reference = HumanoidMotion.load(person / "reference.txt")

        def keep(rollout: Rollout) -> None:
            rollout.save(person / "rollouts" / "sampling.npz")
            body = rollout_to_body(at_rate_of(rollout, motion.fps), motion)
            _write_mesh(person / "rollouts" / "sampling-body.glb", body, settings, ROLLOUT_COLOUR)
            write_humanoid_glb(person / "rollouts" / "sampling-humanoid.glb", rollout)
            _metrics(folder, settings, silent)  # so that whoever watches, or cancels, has the figures of what there is

        how = sampling_settings(settings.sampling, settings.seed, motion, reference.scale)
        try:
            keep(perform_sampling(reference, how, progress, on_best=keep))
        except BadInputError as error:  # all the rest is there and stays good
            notice(f"There is no unassisted performance. {error}")

    _each_person(work, folder, progress)


def _metrics(folder: RunFolder, settings: RunSettings, progress: Progress) -> None:
    figures: dict[str, dict[str, dict[str, float | None]]] = {}
    for n in folder.people():
        person = folder.person(n)
        track, motion = Track.load(person / "track.npz"), BodyMotion.load(person / "motion.npz")
        hmr = place_in_world(BodyMotion.load(person / "hmr.npz"), _camera_of(motion))
        # All are measured at the reconstruction's contacts: each at its own would flatter whoever seldom stands still.
        contacts, supports = motion.contacts, motion.supports
        of_person = {
            "hmr": plausibility(hmr, track, contacts, supports=supports),
            "motion": plausibility(motion, track, contacts),
        }
        for path in sorted((person / "rollouts").glob("*.npz")):
            rollout = at_rate_of(Rollout.load(path), motion.fps)
            body = rollout_to_body(rollout, motion)
            # A performance of one cycle has other frames than the clip: nothing of the clip to compare it with.
            alike = len(body) == len(motion)
            performed = plausibility(body, track if alike else None, contacts if alike else None)
            of_person[path.stem] = performed | rollout_figures(rollout)
        figures[str(n)] = of_person
    write_json(folder.metrics, figures)


def _video(folder: RunFolder, settings: RunSettings, progress: Progress) -> None:
    clip = load_clip(folder.clip)

    def work(person: Path, progress: Progress) -> None:
        motion = BodyMotion.load(person / "motion.npz")
        performed, name = motion, "reconstruction"
        rollouts = [person / "rollouts" / f"{tracker}.npz" for tracker in ("sampling", "assisted")]
        rollout = next((path for path in rollouts if path.exists()), None)
        if rollout is not None:
            performed = rollout_to_body(at_rate_of(Rollout.load(rollout), motion.fps), motion)
            name = f"physics, {rollout.stem}"
        look = SideBySideSettings(
            mesh_colour=MOTION_COLOUR,
            performance_colour=ROLLOUT_COLOUR if rollout else MOTION_COLOUR,
            performance_label=name,
            repeat_performance=settings.loop,
        )
        path, track = person / "side_by_side.mp4", Track.load(person / "track.npz")
        (shown, body), (performed, _) = (_on_chosen_body(each, settings) for each in (motion, performed))
        write_side_by_side(path, clip, track, shown, performed, body, look, progress)

    try:
        _each_person(work, folder, progress)
    except MissingDependencyError as error:
        notice(f"There is no side_by_side.mp4. {error}")


STAGES = (
    Stage(FETCH, "Fetch the video", _fetch),
    Stage("clip", "Cut the window", _clip),
    Stage("keypoints", "Find people and keypoints", _keypoints),
    Stage("mesh_recovery", "Recover the mesh", _mesh_recovery),
    Stage("reconstruction", "Reconstruct the motion", _reconstruction),
    Stage("retarget", "Fit the humanoid", _retarget),
    Stage("physics", "Put it under physics", _physics),
    Stage("metrics", "Measure", _metrics),
    Stage("video", "Draw the video", _video),
    # Minutes long: everything else is there before, with the assisted preview, and drawn again after it.
    Stage("sampling", "Perform it unassisted", _sampling),
    Stage("final_video", "Draw the performance", _video),
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
    with collecting() as notices:
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
