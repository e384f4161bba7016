"""A rollout as the humanoid itself: its 15 solids as rigid, animated nodes of a GLB (glTF 2.0, binary).

y up, metres, seconds. Below the node "humanoid" hangs one node a body, named as in BODY_NAMES; their translations and
rotations in the animation "motion" are the rollout's numbers. "humanoid" is scaled by 1 / `Rollout.scale`, so that the
whole has the person's size and stands where the person does; the ground is y = 0 in both. Feet are boxes, the rest
spheres and capsules: exactly what the engines collide. 10 s at 30 frames a second are about 190 KB. The same rollout
gives the same bytes.
"""

from pathlib import Path

import numpy as np
import pygltflib as gltf

from core.arrays_on_disk import replacing
from core.body.appearance import linear_from_srgb
from core.body.rotations import continuous_quaternions
from core.errors import BadInputError
from core.export.gltf_document import Document
from core.humanoid.bodies import BODY_NAMES
from core.humanoid.shapes import BOX, SOLIDS, Solid
from core.motion import Rollout

Array = np.ndarray

COLOURS = {"middle": (0.36, 0.62, 0.44), "left": (0.56, 0.84, 0.63), "right": (0.20, 0.46, 0.33)}
"""sRGB of trunk and head, of the left limbs and of the right ones."""

_AROUND, _ALONG = 16, 4
"""Vertices around a capsule, and rings from its equator to its pole."""


def write_humanoid_glb(path: Path, rollout: Rollout) -> None:
    """Write `rollout` as a GLB of the humanoid's solids, atomically; `BadInputError` where it has no frame or is not
    finite."""
    content = humanoid_glb_bytes(rollout)
    with replacing(Path(path)) as temporary:
        temporary.write_bytes(content)


def humanoid_glb_bytes(rollout: Rollout) -> bytes:
    """The GLB that `write_humanoid_glb` writes."""
    finite = np.isfinite(rollout.body_positions).all() and np.isfinite(rollout.body_rotations).all()
    if len(rollout) == 0 or not finite:
        raise BadInputError("A file needs a rollout of at least one frame of finite numbers, but this one has none.")
    rotations = np.roll(continuous_quaternions(rollout.body_rotations), -1, axis=-1).astype(np.float32)
    positions = rollout.body_positions.astype(np.float32)
    document = Document()
    document.content.materials = [_material(name) for name in COLOURS]
    _meshes(document)
    _nodes(document, positions[0], rotations[0], 1.0 / rollout.scale)
    moves = [(1 + b, "translation", positions[:, b]) for b in range(15)]
    turns = [(1 + b, "rotation", rotations[:, b]) for b in range(15)]
    document.animation(rollout.times, moves + turns)
    document.content.extras = {
        "tracker": rollout.tracker,
        "engine": rollout.engine,
        "fps": float(rollout.fps),
        "frames": len(rollout),
        "time_to_fall_s": None if np.isnan(rollout.time_to_fall_s) else float(rollout.time_to_fall_s),
    }
    return document.to_bytes()


def _material(name: str) -> gltf.Material:
    colour = [float(v) for v in linear_from_srgb(np.array(COLOURS[name]))]
    surface = gltf.PbrMetallicRoughness(baseColorFactor=[*colour, 1.0], metallicFactor=0.0, roughnessFactor=0.6)
    return gltf.Material(name=name, pbrMetallicRoughness=surface)


def _meshes(document: Document) -> None:
    """One mesh a body; those of one shape share their vertices."""
    made: dict[Solid, gltf.Primitive] = {}
    for name, solid in zip(BODY_NAMES, SOLIDS, strict=True):
        side = next((side for side in ("left", "right") if name.startswith(side)), "middle")
        material = list(COLOURS).index(side)
        if solid not in made:
            vertices, normals, faces = _box(solid) if solid.kind == BOX else _round(solid)
            attributes = {"POSITION": vertices.astype(np.float32), "NORMAL": normals.astype(np.float32)}
            made[solid] = document.surface(attributes, faces, material)
        shared = made[solid]
        primitive = gltf.Primitive(
            attributes=shared.attributes, indices=shared.indices, material=material, mode=shared.mode
        )
        document.content.meshes.append(gltf.Mesh(name=name, primitives=[primitive]))


def _nodes(document: Document, positions: Array, rotations: Array, scale: float) -> None:
    """The scene; bodies stand as in the first frame, for programs that show a file without playing it."""
    children = list(range(1, 16))
    document.content.nodes.append(gltf.Node(name="humanoid", scale=[scale] * 3, children=children))
    for b, name in enumerate(BODY_NAMES):
        place, turn = [float(v) for v in positions[b]], [float(v) for v in rotations[b]]
        document.content.nodes.append(gltf.Node(name=name, mesh=b, translation=place, rotation=turn))
    document.content.scenes.append(gltf.Scene(nodes=[0]))
    document.content.scene = 0


def _round(solid: Solid) -> tuple[Array, Array, Array]:
    """A capsule along y (a sphere where its length is 0): vertices [V,3] m, normals [V,3], faces [F,3]."""
    up = np.linspace(0, np.pi / 2, _ALONG + 1)
    latitudes = np.concatenate([-up[::-1], up])  # the equator twice: between the two runs the cylinder
    around = np.linspace(0, 2 * np.pi, _AROUND, endpoint=False)
    latitude, longitude = (each.ravel() for each in np.meshgrid(latitudes, around, indexing="ij"))
    normals = np.stack(
        [np.cos(latitude) * np.cos(longitude), np.sin(latitude), np.cos(latitude) * np.sin(longitude)], axis=1
    )
    ends = np.repeat([-0.5, 0.5], len(latitudes) // 2 * _AROUND) * solid.length
    vertices = solid.radius * normals
    vertices[:, 1] += ends
    rings = len(latitudes)
    ring, k = np.meshgrid(np.arange(rings - 1), np.arange(_AROUND), indexing="ij")
    if solid.length == 0:
        ring, k = (each[np.arange(rings - 1) != rings // 2 - 1] for each in (ring, k))
    a, b = ring * _AROUND + k, ring * _AROUND + (k + 1) % _AROUND
    c, d = a + _AROUND, b + _AROUND
    lower = np.stack([a, c, b], axis=-1)[ring > 0]  # at the poles one triangle of each quad has no area
    upper = np.stack([b, c, d], axis=-1)[ring < rings - 2]
    return vertices, normals, np.concatenate([lower.reshape(-1, 3), upper.reshape(-1, 3)])


def _box(solid: Solid) -> tuple[Array, Array, Array]:
    """A box with an own set of four corners a side, so that edges stay sharp."""
    vertices: list[Array] = []
    normals: list[Array] = []
    faces: list[tuple[int, int, int]] = []
    for axis in range(3):
        for sign in (-1.0, 1.0):
            normal = sign * np.eye(3)[axis]
            first, second = np.eye(3)[(axis + 1) % 3], sign * np.eye(3)[(axis + 2) % 3]
            corners = [normal + u * first + v * second for u, v in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
            base = len(vertices)
            vertices += [corner * np.array(solid.half_size) for corner in corners]
            normals += [normal] * 4
            faces += [(base, base + 1, base + 2), (base, base + 2, base + 3)]
    return np.array(vertices), np.array(normals), np.array(faces)
