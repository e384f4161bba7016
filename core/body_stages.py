"""The stages of a run that make bodies of people: mesh recovery, reconstruction, the humanoid's reference.

Each reads files of the run's folder and writes others; `core.pipeline` says when.
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core.body import Body, load_body
from core.body.moving import move_to_body
from core.body.smpl_file import EMBEDDED, chosen_body
from core.errors import BadInputError
from core.export.bvh import write_bvh
from core.export.glb import write_glb
from core.humanoid import RetargetSettings, retarget
from core.mesh_recovery import MeshRecoverySettings, recover_body
from core.motion import BodyMotion, Track
from core.notices import notice
from core.progress import Progress, part_of
from core.reconstruction import ReconstructionSettings, close_cycle, find_cycle, reconstruct_with_curves
from core.reconstruction.contacts import SOLES
from core.reconstruction.ground import CAMERA_UP, Ground, camera_on_ground
from core.reconstruction.placing import place_in_world
from core.run_folder import RunFolder, read_json, write_json
from core.run_settings import RunSettings
from core.video import load_clip
from core.video.camera_facts import motion_record

HMR_COLOUR, MOTION_COLOUR = (0.93, 0.62, 0.36), (0.36, 0.66, 0.90)


def record_camera(folder: RunFolder, facts: dict[str, Any]) -> None:
    """Add what was learnt of the camera to run.json."""
    record = read_json(folder.record)
    write_json(folder.record, record | {"camera": record.get("camera", {}) | facts})


def each_person(work: Callable[[Path, Progress], None], folder: RunFolder, progress: Progress) -> None:
    """Do the same work on the folder of each chosen person; each has an equal part of the progress."""
    people = folder.people()
    for i, n in enumerate(people):
        work(folder.person(n), part_of(progress, i / len(people), (i + 1) / len(people)))


def mesh_recovery(folder: RunFolder, settings: RunSettings, progress: Progress) -> None:
    """hmr.npz of each person, and its mesh as hmr.glb."""
    camera = read_json(folder.record).get("camera", {})
    recovery = MeshRecoverySettings(focal_length_px=camera.get("focal_length_px"))

    def work(person: Path, progress: Progress) -> None:
        track = Track.load(person / "track.npz")
        hmr = recover_body(load_clip(folder.clip), track, settings.hmr, recovery, progress)
        hmr.save(person / "hmr.npz")
        write_mesh(person / "hmr.glb", place_in_world(hmr, _level_camera(hmr)), settings, HMR_COLOUR)

    each_person(work, folder, progress)


def on_chosen_body(motion: BodyMotion, settings: RunSettings) -> tuple[BodyMotion, Body]:
    """The motion moved to the body that it is to be shown on, and that body; all is solved on the embedded one."""
    body = chosen_body(settings.body)
    return move_to_body(motion, load_body(), body), body


def write_mesh(path: Path, motion: BodyMotion, settings: RunSettings, colour: tuple[float, float, float]) -> None:
    """Write a motion as GLB, on the body that the run is shown on."""
    shown, body = on_chosen_body(motion, settings)
    write_glb(path, shown, body, colour)


def _level_camera(motion: BodyMotion) -> np.ndarray:
    """camera_in_world [4, 4] of a level camera with the lowest feet on the ground: good enough to show a first mesh."""
    height = float(np.percentile((motion.landmarks[:, SOLES] @ CAMERA_UP).min(axis=1), 10))
    return camera_on_ground(Ground(CAMERA_UP, height, 0, found=False), motion.joints[0, 0])


def reconstruction(folder: RunFolder, settings: RunSettings, progress: Progress) -> None:
    """motion.npz of each person, with its curves, mesh and BVH; hmr.glb again, where the camera saw it."""
    chosen = ReconstructionSettings(solver=settings.solver, height_m=settings.height_m, seed=settings.seed)
    tracks = [Track.load(folder.person(n) / "track.npz") for n in folder.people()]
    record_camera(folder, motion_record(load_clip(folder.clip), tracks))

    def work(person: Path, progress: Progress) -> None:
        hmr = BodyMotion.load(person / "hmr.npz")
        found = reconstruct_with_curves(Track.load(person / "track.npz"), hmr, chosen, progress)
        motion = found.motion
        motion.save(person / "motion.npz")
        write_json(person / "curves.json", found.curves_to_json())
        shown, body = on_chosen_body(motion, settings)
        write_glb(person / "motion.glb", shown, body, MOTION_COLOUR)
        write_bvh(person / "motion.bvh", shown, body)
        if settings.body != EMBEDDED:
            shown.save(person / "motion-smpl.npz")
        # Now that the camera is known, the network's mesh is shown where the camera saw it.
        write_mesh(person / "hmr.glb", place_in_world(hmr, camera_of(motion)), settings, HMR_COLOUR)

    each_person(work, folder, progress)


def camera_of(motion: BodyMotion) -> np.ndarray:
    """camera_in_world [T,4,4] of a reconstructed motion; `BadInputError` where there is none."""
    if motion.camera_in_world is None:
        raise BadInputError("The reconstructed motion should know its camera, but does not; run the stage again.")
    return motion.camera_in_world


def retarget_to_humanoid(folder: RunFolder, settings: RunSettings, progress: Progress) -> None:
    """reference.txt of each person: the whole motion, or one closed cycle of it."""

    def work(person: Path, progress: Progress) -> None:
        motion = BodyMotion.load(person / "motion.npz")
        cycle = find_cycle(motion) if settings.loop else None
        if settings.loop and cycle is None:
            notice("The motion does not repeat itself, so the reference is the whole motion and no loop.")
        if cycle is not None:
            motion = close_cycle(load_body(), motion, *cycle)
        reference = retarget(motion, RetargetSettings())
        dataclasses.replace(reference, loop=cycle is not None).save(person / "reference.txt")

    each_person(work, folder, progress)
