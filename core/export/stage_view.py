"""The ground on which a motion is shown: a camera that follows, a grid that fades out, a soft shadow."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from scipy.ndimage import gaussian_filter1d

from core.body.rotations import matrix_from_axis_angle
from core.export.rendering import Camera
from core.humanoid.smpl_mapping import SMPL_PARENTS
from core.motion import BodyMotion

Array = np.ndarray

_FIELD_OF_VIEW = np.radians(32.0)  # of the shorter side
_SIDE, _ELEVATION = np.radians(38.0), np.radians(14.0)
_SHOWN_M = 2.5  # what fits into the shorter side at the person's distance
_FOLLOW_S = 0.6
_FADE_M = 7.0
_SKY, _FLOOR, _LINE = (np.array(c, np.float32) for c in ((30, 33, 40), (58, 64, 75), (112, 122, 138)))
_SHADOW = 0.55
_LIMB_M = 0.11


def following_cameras(motion: BodyMotion, width: int, height: int) -> list[Camera]:
    """A camera for each frame: three quarters from the side of where it was filmed, at a distance that does not change.

    It follows the smoothed path of the pelvis, sideways and in height.
    """
    pelvis = motion.joints[:, 0]
    sigma = _FOLLOW_S * motion.fps
    target = gaussian_filter1d(pelvis, sigma, axis=0, mode="nearest") if len(motion) > 1 else pelvis.copy()
    target[:, 1] -= 0.06
    view = _view_direction(motion)
    distance = _SHOWN_M / (2 * np.tan(_FIELD_OF_VIEW / 2))
    focal = min(width, height) / (2 * np.tan(_FIELD_OF_VIEW / 2))
    intrinsics = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1.0]])
    right = np.cross(view, [0.0, 1.0, 0.0])
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, :3] = np.stack([right, np.cross(view, right), view], axis=1)
    cameras = []
    for point in target:
        here = pose.copy()
        here[:3, 3] = point - distance * view
        here[1, 3] = max(here[1, 3], 0.2)
        cameras.append(Camera(intrinsics, here))
    return cameras


def _view_direction(motion: BodyMotion) -> Array:
    """The unit vector along which the person is seen: that of the video's camera turned to the side and lowered."""
    away = np.array([0.0, 0.0, -1.0])
    if motion.camera_in_world is not None:
        ahead = motion.joints[:, 0].mean(axis=0) - motion.camera_in_world[0, :3, 3]
        if np.hypot(ahead[0], ahead[2]) > 1e-3:
            away = np.array([ahead[0], 0.0, ahead[2]]) / np.hypot(ahead[0], ahead[2])
    facing = matrix_from_axis_angle(motion.poses[:, :3])[:, :, 2].mean(axis=0)
    # Of the two sides the one from which more of the face is seen.
    turned = min((_about_y(side) @ away for side in (_SIDE, -_SIDE)), key=lambda view: float(view @ facing))
    return np.cos(_ELEVATION) * turned - np.array([0.0, np.sin(_ELEVATION), 0.0])


def _about_y(angle: float) -> Array:
    return matrix_from_axis_angle(np.array([0.0, angle, 0.0]))


class Ground:
    """Draws the ground y = 0 as cameras of one orientation see it: lines at every metre, and a soft shadow.

    Every pixel's ray meets the ground in one point, which is linear in the camera's position; a line is drawn as wide
    as one pixel is there.
    """

    def __init__(self, camera: Camera, size: tuple[int, int]) -> None:
        self._size = size
        K = camera.intrinsics
        u, v = np.meshgrid(np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5)
        rays = np.stack([(u - K[0, 2]) / K[0, 0], (v - K[1, 2]) / K[1, 1], np.ones_like(u)], axis=-1)
        rays = rays @ camera.camera_in_world[:3, :3].T
        self._hits = rays[..., 1] < -1e-4
        # Where each ray meets the ground below a camera one metre up, and how much of it a pixel covers there.
        spread = np.where(self._hits[..., None], rays[..., [0, 2]] / -np.minimum(rays[..., 1:2], -1e-4), 1e4)
        self._spread = spread.astype(np.float32)
        footprint = np.maximum(np.abs(np.gradient(spread, axis=1)), np.abs(np.gradient(spread, axis=0)))
        self._footprint = np.maximum(footprint, 1e-6).astype(np.float32)

    def picture(self, camera: Camera, joints: Array) -> Array:
        """[height,width,3] float32 in 0 to 255: the ground fading out round the person at `joints` [24,3] m."""
        origin = camera.camera_in_world[:3, 3].astype(np.float32)
        ground = origin[[0, 2]] + origin[1] * self._spread
        off = ground - joints[0, [0, 2]].astype(np.float32)
        light = np.clip(1.0 - np.hypot(off[..., 0], off[..., 1]) / _FADE_M, 0.0, 1.0) ** 1.5 * self._hits
        footprint = origin[1] * self._footprint
        near = (np.abs(ground - np.round(ground)) / footprint).min(axis=-1)
        line = np.clip(1.2 - near, 0.0, 1.0) * np.clip(1.5 - 4 * footprint.max(axis=-1), 0.0, 1.0)
        picture = _SKY + (_FLOOR - _SKY) * light[..., None] + (_LINE - _FLOOR) * (light * line)[..., None]
        return picture * (1.0 - _SHADOW * _shadow(camera, self._size, joints) * self._hits)[..., None]


def _shadow(camera: Camera, size: tuple[int, int], joints: Array) -> Array:
    """[height,width] in [0, 1]: the limbs as blurred lines straight below them on the ground, fainter from high."""
    width, height = size
    half = (max(width // 2, 1), max(height // 2, 1))
    canvas = Image.new("L", half)
    draw = ImageDraw.Draw(canvas)
    flat = joints * [1.0, 0.0, 1.0]
    R, origin = camera.camera_in_world[:3, :3], camera.camera_in_world[:3, 3]
    seen = (flat - origin) @ R
    depth = np.maximum(seen[:, 2], 0.05)
    pixels = (seen[:, :2] / depth[:, None] * camera.intrinsics[0, 0] + camera.intrinsics[:2, 2]) / 2
    for joint, parent in enumerate(SMPL_PARENTS):
        if parent < 0:
            continue
        high = (joints[joint, 1] + joints[parent, 1]) / 2
        wide = _LIMB_M * (2.0 if joint in (3, 6, 9, 12) else 1.0) * camera.intrinsics[0, 0] / depth[joint] / 2
        dark = int(255 * np.clip(1.0 - 0.35 * high, 0.25, 1.0))
        ends = [tuple(float(n) for n in pixels[each]) for each in (parent, joint)]
        draw.line(ends, fill=dark, width=max(1, round(wide)))
    blurred = canvas.filter(ImageFilter.GaussianBlur(max(1.0, height / 120)))
    return np.asarray(blurred.resize(size, Image.Resampling.BILINEAR), np.float32) / 255
