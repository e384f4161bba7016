"""Pictures of the body: pyrender (as PyPI pyrender2) on EGL, which needs neither a screen nor a graphics card."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.body import Body
from core.body.appearance import linear_from_srgb, vertex_colours, vertex_normals
from core.errors import MissingDependencyError

Array = np.ndarray
Colour = tuple[float, float, float]

_OPENGL_FROM_OPENCV = np.diag([1.0, -1.0, -1.0, 1.0])  # OpenGL's cameras look along -z with y up
_NEAR_M, _FAR_M = 0.05, 200.0
_FLESH_M = 0.3  # no part of the body is farther from the nearest joint
_BOX_COLOUR = (0.42, 0.46, 0.52)
# From which side light falls, in the camera's axes (x right, y down, z forward), and how brightly.
_LIGHTS = (((0.5, 0.7, 0.6), 3.4), ((-0.8, 0.1, 0.5), 1.3), ((0.0, -0.6, -0.8), 1.0))
_AMBIENT = 0.22


@dataclass(frozen=True)
class Camera:
    """A pinhole camera: `intrinsics` [3,3] px and `camera_in_world` [4,4] (OpenCV's axes)."""

    intrinsics: Array
    camera_in_world: Array


@dataclass(frozen=True)
class Windows:
    """The part of each picture in which the body is: all of one `size` (width, height) px, at `corners` [T,2] px."""

    size: tuple[int, int]
    corners: Array

    def camera(self, t: int, camera: Camera) -> Camera:
        """The camera whose picture is the window of frame t."""
        intrinsics = camera.intrinsics.copy()
        intrinsics[:2, 2] -= self.corners[t]
        return Camera(intrinsics, camera.camera_in_world)

    def of(self, t: int, picture: Array) -> Array:
        """The window of frame t in a whole picture [H,W,...], as a view."""
        x, y = self.corners[t]
        return picture[y : y + self.size[1], x : x + self.size[0]]


def body_windows(
    joints: Array, cameras: Sequence[Camera], size: tuple[int, int], least: tuple[int, int] = (16, 16)
) -> Windows:
    """Where in pictures of `size` the body with `joints` [T,24,3] m is, flesh included; windows of at least `least` px.

    Drawing takes time for every pixel, and a person often fills a small part of the picture.
    """
    lows, highs = [], []
    for points, camera in zip(joints, cameras, strict=True):
        seen = (points - camera.camera_in_world[:3, 3]) @ camera.camera_in_world[:3, :3]
        if seen[:, 2].min() < _NEAR_M + _FLESH_M:
            return Windows(size, np.zeros((len(joints), 2), int))
        pixels = seen[:, :2] / seen[:, 2:] * camera.intrinsics[[0, 1], [0, 1]] + camera.intrinsics[:2, 2]
        margin = _FLESH_M * camera.intrinsics[0, 0] / seen[:, 2:]
        lows.append(np.clip((pixels - margin).min(axis=0), 0, size))
        highs.append(np.clip((pixels + margin).max(axis=0), 0, size))
    low, high = np.array(lows), np.array(highs)
    shape = np.clip(np.ceil((high - low).max(axis=0)).astype(int), np.minimum(least, size), size)
    corners = np.clip(np.floor((low + high - shape) / 2), 0, np.array(size) - shape).astype(int)
    return Windows((int(shape[0]), int(shape[1])), corners)


class BodyRenderer:
    """Draws one body again and again; to be closed, since it holds an OpenGL context of this thread.

    Have one at a time: closing one ends EGL's display, and with it the contexts of all others.

    `MissingDependencyError` where EGL or pyrender cannot be used.
    """

    def __init__(self, body: Body, width: int, height: int) -> None:
        self._pyrender = _import_pyrender()
        self.body = body
        self._size = (width, height)
        try:
            self._renderer = self._pyrender.OffscreenRenderer(width, height)
        except Exception as error:  # EGL's errors are of many kinds
            raise _missing(error) from error
        matte: dict[str, Any] = {"metallicFactor": 0.0, "roughnessFactor": 0.8}
        self._material = self._pyrender.MetallicRoughnessMaterial(baseColorFactor=[1.0] * 4, **matte)
        self._colours: dict[Colour | None, Array] = {}

    def close(self) -> None:
        """Give the context back."""
        self._renderer.delete()

    def draw(self, vertices: Array, camera: Camera, dye: Colour | None = None, boxes: Array | None = None) -> Array:
        """[height,width,4] uint8 RGBA, clear where there is nothing: the body at `vertices` [V,3] m (world).

        `boxes` [S,6] m (min xyz, max xyz) are drawn along.
        """
        pyrender = self._pyrender
        scene = pyrender.Scene(bg_color=[0, 0, 0, 0], ambient_light=[_AMBIENT] * 3)
        scene.add(pyrender.Mesh([self._primitive(vertices, self.body.faces, self._colour(dye))]))
        for box in np.zeros((0, 6)) if boxes is None else boxes:
            corners, faces = _box_mesh(box)
            scene.add(pyrender.Mesh([self._primitive(corners, faces, np.tile(_BOX_COLOUR, (len(corners), 1)))]))
        pose = camera.camera_in_world @ _OPENGL_FROM_OPENCV
        K = camera.intrinsics
        lens = pyrender.IntrinsicsCamera(K[0, 0], K[1, 1], K[0, 2], K[1, 2], _NEAR_M, _FAR_M)
        scene.add(lens, pose=pose)
        for direction, strength in _LIGHTS:
            light = pyrender.DirectionalLight(color=[1.0] * 3, intensity=strength)
            scene.add(light, pose=_light_pose(camera.camera_in_world[:3, :3] @ np.array(direction)))
        picture, _ = self._renderer.render(scene, flags=pyrender.RenderFlags.RGBA)
        return picture

    def _primitive(self, vertices: Array, faces: Array, colours: Array) -> Any:
        opaque = np.concatenate([linear_from_srgb(colours), np.ones((len(colours), 1))], axis=1)
        return self._pyrender.Primitive(
            positions=np.asarray(vertices, np.float32),
            normals=vertex_normals(vertices, faces).astype(np.float32),
            color_0=opaque.astype(np.float32),
            indices=np.asarray(faces, np.uint32),
            material=self._material,
        )

    def _colour(self, dye: Colour | None) -> Array:
        if dye not in self._colours:
            self._colours[dye] = vertex_colours(self.body, dye)
        return self._colours[dye]


def can_render() -> bool:
    """Whether pictures can be drawn on this machine; tried by drawing a very small one."""
    try:
        _import_pyrender().OffscreenRenderer(8, 8).delete()
    except Exception:  # whatever is wrong, the answer is no
        return False
    return True


def _import_pyrender() -> Any:
    try:
        return _load_pyrender()
    except Exception as error:  # a library that is missing shows as ImportError, AttributeError or OSError
        raise _missing(error) from error


def _load_pyrender() -> Any:
    # Read by PyOpenGL when it is first imported.
    os.environ["PYOPENGL_PLATFORM"] = "egl"
    import pyrender

    return pyrender


def _missing(error: Exception) -> MissingDependencyError:
    return MissingDependencyError(
        "Pictures of the mesh need EGL, which cannot be used here "
        f"({type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no reason given'}). "
        "On Debian and Ubuntu: apt-get install libegl1 libgl1 libgl1-mesa-dri libxrender1."
    )


def _light_pose(direction: Array) -> Array:
    """The pose [4,4] of a light that shines along `direction`: along its own -z."""
    z = -direction / np.linalg.norm(direction)
    x = np.cross([0.0, 1.0, 0.0] if abs(z[1]) < 0.9 else [1.0, 0.0, 0.0], z)
    x /= np.linalg.norm(x)
    pose = np.eye(4)
    pose[:3, :3] = np.stack([x, np.cross(z, x), z], axis=1)
    return pose


def _box_mesh(box: Array) -> tuple[Array, Array]:
    """(corners [24,3], faces [12,3]) of a box, each side with corners of its own so that edges stay sharp."""
    low, high = np.asarray(box[:3], float), np.asarray(box[3:], float)
    corners: list[Array] = []
    faces: list[list[int]] = []
    for axis in range(3):
        u, v = (axis + 1) % 3, (axis + 2) % 3
        for end in (0, 1):
            square = np.zeros((4, 3))
            square[:, u], square[:, v], square[:, axis] = [0, 1, 1, 0], [0, 0, 1, 1], end
            a, b, c, d = range(4 * len(corners), 4 * len(corners) + 4)
            corners.append(low + square * (high - low))
            faces += [[a, b, c], [a, c, d]] if end else [[a, c, b], [a, d, c]]  # counter-clockwise seen from outside
    return np.concatenate(corners), np.array(faces)
