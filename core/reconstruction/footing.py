"""Where the ground is and what stands on it, read from a motion before the camera."""

from dataclasses import dataclass, field

import numpy as np

from core.motion import BodyMotion
from core.reconstruction.contacts import SOLES, STANDING_HEIGHTS_M, predict_contacts, speeds
from core.reconstruction.evidence import Footing
from core.reconstruction.ground import CAMERA_UP, Ground, camera_on_ground, find_ground, lowered_to_landing
from core.reconstruction.placing import place_in_world
from core.reconstruction.supports import SupportSettings, find_supports

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

    first_height_m: float = 0.12
    """The same as `height_m` for the first solve with contacts, when the depth is not yet right."""

    supports: SupportSettings = field(default_factory=SupportSettings)
    """When a foot in the air stands on something."""


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


@dataclass(frozen=True)
class Standing:
    """What stands on what: `contacts` [T,4] bool, the `heights` [T,4] m over the ground of what they stand on, and the
    `supports` [S,6] m (boxes in the world) among that."""

    contacts: Array
    heights: Array
    supports: Array


def standing_of(placed: BodyMotion, settings: ContactSettings, height_m: float | None = None) -> Standing:
    """Contacts of a motion in the world (with its camera), on the ground and on supports.

    `height_m` overrides how low a contact point is.
    """
    assert placed.camera_in_world is not None
    height_m = settings.height_m if height_m is None else height_m
    rays = _rays(placed.joints[:, 0] - placed.camera_in_world[:, :3, 3])
    grounded = predict_contacts(placed.landmarks, placed.times, height_m, settings.speed_m_s, settings.median_s, rays)
    supports, above, heights = find_supports(
        placed.landmarks, placed.times, rays, grounded, height_m, settings.speed_m_s, settings.supports
    )
    return Standing(grounded | above, heights, supports)


def footing_of(ground: Ground, standing: Standing) -> Footing:
    """What the second solve needs to know."""
    return Footing(ground.normal, ground.height, standing.contacts.astype(float), standing.heights)


def _rays(places: Array) -> Array:
    return places / np.maximum(np.linalg.norm(places, axis=1, keepdims=True), 1e-9)
