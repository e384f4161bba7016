"""The stage with a network: what an ONNX model says of every frame, on the shipped body, in camera coordinates."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.body import Body, load_body
from core.body.kinematics import body_motion, pose_body
from core.body.rotations import axis_angle_from_matrix
from core.errors import BadInputError
from core.keypoints.prefetch import ahead
from core.mesh_recovery.adapters import Answer
from core.mesh_recovery.cameras import fit_translation, turns_to_rays
from core.mesh_recovery.contract import Manifest
from core.mesh_recovery.crops import crop_squares, cut_out, network_images
from core.mesh_recovery.keypoint_inputs import Squares, keypoint_squares, network_keypoints, network_world
from core.mesh_recovery.network import HmrNetwork
from core.mesh_recovery.onto_keypoints import onto_keypoints
from core.mesh_recovery.recover import (
    MeshRecoverySettings,
    check_track,
    intrinsics_for,
    keypoint_weights,
    landmarks_in_camera,
)
from core.mesh_recovery.shape import fit_betas
from core.mesh_recovery.weak_perspective import bbox_info, depth_factor, to_picture
from core.mesh_recovery.windows import make_windows, turned_to_person, window_frames
from core.motion import BodyMotion, Clip, Track
from core.notices import notice
from core.progress import Progress, part_of, silent

Array = np.ndarray


@dataclass(frozen=True)
class _Case:
    """What all steps need: `found` [N] are the frames with the person, `squares` their crops."""

    network: HmrNetwork
    track: Track
    found: Array
    squares: Squares
    intrinsics: Array
    settings: MeshRecoverySettings

    @property
    def manifest(self) -> Manifest:
        return self.network.manifest

    @property
    def keypoints(self) -> Array:
        """[N,33,3] of the frames with the person."""
        return self.track.keypoints[self.found]


def recover_with_network(
    clip: Clip | None,
    track: Track,
    model_dir: Path,
    settings: MeshRecoverySettings | None = None,
    progress: Progress = silent,
) -> BodyMotion:
    """Recover the body in every frame by the network in `model_dir`: frame="camera", metres, `intrinsics` stored.

    Frames without the person repeat the nearest one that has them. The rotations are the network's; those of one that
    sees windows of keypoints are brought onto these (`onto_keypoints`). Where its body is not the shipped one, its
    `betas` mean nothing here: the shape is then fitted to the track's bone lengths, the pelvis stays at the pixel where
    the network's camera puts it, and all depths are multiplied by one factor that makes the shipped body as large in
    the picture as the keypoints are. `clip` may be None for a network that sees keypoints.

    Raises `NoPersonError` where no frame has the person and `BadInputError` where folder, network or its numbers are
    not what the contract asks for.
    """
    settings = settings or MeshRecoverySettings()
    check_track(track)
    network = HmrNetwork(model_dir, settings.network_threads)
    found = np.flatnonzero(track.present)
    squares = _squares(network, track, found)
    case = _Case(network, track, found, squares, intrinsics_for(track.image_size, settings), settings)
    progress(0.05, f"Asking {network.manifest.title}")
    answer, turns = _ask(case, clip, part_of(progress, 0.05, 0.9))
    if case.manifest.orientation == "crop":
        answer.rotations[:, 0] = turns @ answer.rotations[:, 0]

    body = load_body()
    betas = _shape(body, case, answer)
    rotations = _settled(body, case, answer.rotations, betas)
    poses = axis_angle_from_matrix(rotations).reshape(len(found), 72)
    trans = _place(body, case, answer, pose_body(body, poses, betas, np.zeros((len(found), 3))).landmarks)
    nearest = np.abs(found[None, :] - np.arange(len(track))[:, None]).argmin(axis=1)
    rest = {"frame": "camera", "intrinsics": case.intrinsics}
    motion = body_motion(body, track.fps, track.times, poses[nearest], betas, trans[nearest], **rest)
    progress(1.0, "Body recovered")
    return motion


def _settled(body: Body, case: _Case, rotations: Array, betas: Array) -> Array:
    """A windowed keypoint network's answers on their keypoints; those of other networks as they are."""
    if not case.network.window:
        return rotations
    times = case.track.times[case.found]
    return onto_keypoints(body, rotations, betas, case.keypoints, times, case.intrinsics, case.settings.onto_keypoints)


def _squares(network: HmrNetwork, track: Track, found: Array) -> Squares:
    if network.sees_pixels:
        return crop_squares(network.manifest, track, found)
    return keypoint_squares(track.keypoints[found])


def _ask(case: _Case, clip: Clip | None, progress: Progress) -> tuple[Answer, Array]:
    """The answers for the frames found, and the rotations [N,3,3] from the axes of a camera turned to the person (to
    the crop's middle, or to the hips) to the picture's."""
    network, track, found = case.network, case.track, case.found
    if network.sees_pixels:
        return _ask_about_pixels(case, clip, progress), turns_to_rays(case.squares.centres, case.intrinsics)
    if network.window:
        frames = window_frames(track.times, network.window, case.manifest.step_s)[found]
        tangents, in_camera = turned_to_person(track.keypoints, case.intrinsics)
        visibility = track.keypoints[frames][..., 2]
        windows = make_windows(tangents[frames], visibility, track.world[frames], in_camera[frames])
        return network.answer({"features": windows.features}), windows.ahead_in_camera
    inputs = {"keypoints": network_keypoints(case.keypoints, case.squares), "world": network_world(track.world[found])}
    turns = turns_to_rays(case.keypoints[:, 23:25, :2].mean(axis=1), case.intrinsics)
    return network.answer({role: inputs[role] for role in network.ports}), turns


def _ask_about_pixels(case: _Case, clip: Clip | None, progress: Progress) -> Answer:
    if clip is None:
        raise BadInputError(f"{case.manifest.title} sees pixels, so that the clip is needed, but none was given.")
    answers: list[Answer] = []
    done, total = 0, len(case.found)
    info = bbox_info(case.squares, case.intrinsics, case.manifest.bbox_info)
    for crops in _batches(_crops(case, clip), case.settings.network_batch):
        images = network_images(case.manifest, np.stack(crops))
        inputs = {"image": images, "bbox_info": info[done : done + len(crops)]}
        answers.append(case.network.answer({role: inputs[role] for role in case.network.ports}))
        done += len(crops)
        progress(done / total, f"Recovering the body: frame {done} of {total}")
    if done < total:
        raise BadInputError(
            f"The clip should have the {int(case.found.max()) + 1} frames of its track, but breaks off earlier; "
            "cut it again."
        )
    return _joined(answers)


def _crops(case: _Case, clip: Clip) -> Iterator[Array]:
    place = {int(frame): i for i, frame in enumerate(case.found)}
    size, border = case.manifest.input_size, case.manifest.border
    for index, picture in enumerate(ahead(clip.frames())):
        if index > case.found[-1]:
            return
        if (i := place.get(index)) is not None:
            yield cut_out(picture, case.squares.centres[i], float(case.squares.sides[i]), size, border)


def _batches(items: Iterator[Array], size: int) -> Iterator[list[Array]]:
    while batch := list(itertools.islice(items, size)):
        yield batch


def _joined(answers: list[Answer]) -> Answer:
    def join(name: str) -> Array | None:
        parts = [getattr(answer, name) for answer in answers]
        return None if parts[0] is None else np.concatenate(parts)

    rotations = np.concatenate([answer.rotations for answer in answers])
    return Answer(rotations, join("betas"), join("camera"), join("pelvis"))


def _shape(body: Body, case: _Case, answer: Answer) -> Array:
    if case.manifest.body_model == body.name and answer.betas is not None:
        return np.clip(np.median(answer.betas, axis=0), -4.0, 4.0)
    notice(
        f"{case.manifest.title} describes shapes of the body {case.manifest.body_model}; its rotations are shown on "
        "the body that ships here, whose shape was fitted to the bone lengths of the keypoints."
    )
    if not case.track.world.any():
        return np.zeros(10)
    seen = landmarks_in_camera(case.track, case.found, case.intrinsics, case.settings)
    return fit_betas(body, seen, case.settings.bone_sigma_m)


def _place(body: Body, case: _Case, answer: Answer, about_pelvis: Array) -> Array:
    """Translations [N,3] m by the network's camera, or on the keypoints where the manifest says so.

    `about_pelvis` [N,33,3] m are the landmarks with the pelvis at the origin.
    """
    pixels = case.keypoints[..., :2]
    weights = keypoint_weights(case.keypoints, case.settings.least_visibility)
    fitted = fit_translation(about_pelvis, pixels, weights, case.intrinsics)
    if case.manifest.camera == "keypoints" or answer.camera is None:
        return fitted
    offset = np.array(case.manifest.pelvis) if answer.pelvis is None else answer.pelvis
    pelvis = to_picture(answer.camera, case.squares, case.intrinsics) + offset
    if case.manifest.body_model != body.name:
        pelvis = pelvis * depth_factor(fitted, pelvis, weights)
    return pelvis
