"""Where the ground is and what stands on it, read from a motion before the camera."""

from dataclasses import dataclass

import numpy as np

from core.motion import BodyMotion
from core.reconstruction.contacts import SOLES, STANDING_HEIGHTS_M, predict_contacts, speeds
from core.reconstruction.evidence import Footing
from core.reconstruction.ground import CAMERA_UP, Ground, camera_on_ground, find_ground, lowered_to_landing
from core.reconstruction.placing import place_in_world

Array = np.ndarray


@dataclass(frozen=True)
class ContactSettings:
    """How contacts are told."""

    height_m: float = 0.06
    """A contact point is lower than this over what it stands on."""

    speed_m_s: float = 0.5
    """A contact point is slower than this."""

    median_s: float = 1 / 6
    """The majority over this time decides whether it is a contact."""


def ground_under(motion: BodyMotion, present: Array, settings: ContactSettings, seed: int) -> Ground:
    """The ground plane under slow heels and toes of a `motion` in camera coordinates, in frames that have the person
    (`present` [T] bool)."""
    soles = motion.landmarks[:, SOLES] - STANDING_HEIGHTS_M[:, None] * CAMERA_UP
    resting = speeds(soles, motion.times, _rays(motion.joints[:, 0])) < settings.speed_m_s
    ground = find_ground(soles[resting & present[:, None]], seed=seed)
    lowest = np.take_along_axis(soles, (soles @ ground.normal).argmin(axis=1)[:, None, None], axis=1)[:, 0]
    return lowered_to_landing(ground, lowest[present])


def world_of(motion: BodyMotion, ground: Ground) -> BodyMotion:
    """The `motion` (camera) in the world: y up, the ground at y = 0, its first pelvis over the origin."""
    return place_in_world(motion, camera_on_ground(ground, motion.joints[0, 0]))


def contacts_of(placed: BodyMotion, settings: ContactSettings) -> Array:
    """[T,4] bool: which heels and toes of a motion in the world (with its camera) stand on the ground."""
    assert placed.camera_in_world is not None
    rays = _rays(placed.joints[:, 0] - placed.camera_in_world[:, :3, 3])
    return predict_contacts(
        placed.landmarks, placed.times, settings.height_m, settings.speed_m_s, settings.median_s, rays
    )


def footing_of(ground: Ground, contacts: Array, heights: Array) -> Footing:
    """What the second solve needs to know."""
    return Footing(ground.normal, ground.height, contacts.astype(float), heights)


def _rays(places: Array) -> Array:
    return places / np.maximum(np.linalg.norm(places, axis=1, keepdims=True), 1e-9)
