"""One skinned, animated GLB (glTF 2.0, binary) of a body motion: what the viewer plays and other programs open.

y up, metres, seconds. The mesh is the body's T-pose in the shape of the motion's betas; its skin's joints are nodes
named as SMPL's, the root "pelvis"; the animation "motion" has a key at every frame's time, interpolated linearly.
10 s at 30 fps are about 780 KB. The same motion gives the same bytes.
"""

from pathlib import Path

import numpy as np
import pygltflib as gltf

from core.arrays_on_disk import replacing
from core.body import Body
from core.body.appearance import linear_from_srgb, vertex_colours, vertex_normals
from core.body.rotations import continuous_quaternions, quaternion_from_axis_angle
from core.export.gltf_document import Document
from core.export.preparing import prepared
from core.motion import BodyMotion

Array = np.ndarray
Colour = tuple[float, float, float]


def write_glb(path: Path, motion: BodyMotion, body: Body, dye: Colour | None = None) -> None:
    """Write `motion` on `body` as a GLB, atomically.

    `dye` (sRGB, [0, 1]) colours the body's clothes; without it they have their own colours. A motion in the
    camera's frame is turned y up, so the camera looks along -z from the origin. `BadInputError` where the motion is of
    another body model, empty, or not finite.
    """
    content = glb_bytes(motion, body, dye)
    with replacing(Path(path)) as temporary:
        temporary.write_bytes(content)


def glb_bytes(motion: BodyMotion, body: Body, dye: Colour | None = None) -> bytes:
    """The GLB that `write_glb` writes."""
    motion = prepared(motion, body)
    document = _Document()
    rest = body.rest_joints(motion.betas)
    rotations, translations = _keys(motion, rest[0])
    mesh = document.mesh(_attributes(body, motion.betas, dye), body.faces, _material())
    document.skeleton(body, rest, mesh, rotations[0], translations[0])
    turns = [(1 + j, "rotation", rotations[:, j]) for j in range(rotations.shape[1])]
    document.animation(motion.times, [(1, "translation", translations), *turns])
    document.content.extras = {
        "body_model": motion.body_model,
        "betas": [float(b) for b in motion.betas],
        "fps": float(motion.fps),
        "frames": len(motion),
    }
    return document.to_bytes()


def _keys(motion: BodyMotion, rest_pelvis: Array) -> tuple[Array, Array]:
    """(quaternions [T,24,4] xyzw, glTF's order; positions of the pelvis [T,3] m)."""
    poses = motion.poses.reshape(len(motion), -1, 3)
    translations = rest_pelvis + motion.trans
    quaternions = continuous_quaternions(quaternion_from_axis_angle(poses))
    return np.roll(quaternions, -1, axis=-1).astype(np.float32), translations.astype(np.float32)


def _attributes(body: Body, betas: Array, dye: Colour | None) -> dict[str, Array]:
    vertices = body.rest_vertices(betas)
    joints, weights = _whole_weights(body)
    # glTF's vertex colours are linear; the fourth channel keeps rows on multiples of four bytes.
    light = np.round(255 * linear_from_srgb(vertex_colours(body, dye))).astype(np.uint8)
    return {
        "POSITION": vertices.astype(np.float32),
        "NORMAL": vertex_normals(vertices, body.faces).astype(np.float32),
        "JOINTS_0": joints,
        "WEIGHTS_0": weights,
        "COLOR_0": np.concatenate([light, np.full((len(light), 1), 255, np.uint8)], axis=1),
    }


def _whole_weights(body: Body) -> tuple[Array, Array]:
    """Joints [V,4] uint8 and weights [V,4] uint8 in 255ths that sum to exactly 255; unused joints are 0."""
    exact = 255 * body.weight_values
    weights = np.floor(exact).astype(np.int64)
    # Hand the remaining 255ths to the largest remainders, one each.
    missing = 255 - weights.sum(axis=1, keepdims=True)
    rank = np.argsort(np.argsort(-(exact - weights), axis=1, kind="stable"), axis=1, kind="stable")
    weights += rank < missing
    joints = np.where(weights > 0, body.weight_indices, 0)
    return joints.astype(np.uint8), weights.astype(np.uint8)


def _material() -> gltf.Material:
    surface = gltf.PbrMetallicRoughness(baseColorFactor=[1.0] * 4, metallicFactor=0.0, roughnessFactor=0.75)
    return gltf.Material(name="body", pbrMetallicRoughness=surface)


class _Document(Document):
    """The document of one skinned mesh."""

    def mesh(self, attributes: dict[str, Array], faces: Array, material: gltf.Material) -> int:
        self.content.materials.append(material)
        primitive = self.surface(attributes, faces, material=0)
        self.content.meshes.append(gltf.Mesh(name="body", primitives=[primitive]))
        return len(self.content.meshes) - 1

    def skeleton(self, body: Body, rest: Array, mesh: int, rotations: Array, translation: Array) -> None:
        """The scene: the skinned mesh and the pelvis side by side (a skinned mesh takes no transform of its own).

        The nodes stand in the first frame's pose, for programs that show a file without playing it.
        """
        joints = range(1, 1 + len(body.names))
        self.content.nodes.append(gltf.Node(name="body", mesh=mesh, skin=0))
        for j, (name, parent) in enumerate(zip(body.names, body.parents, strict=True)):
            offset = translation if parent < 0 else (rest[j] - rest[parent]).astype(np.float32)
            children = [joints[int(child)] for child in np.flatnonzero(body.parents == j)]
            self.content.nodes.append(
                gltf.Node(
                    name=name,
                    translation=[float(v) for v in offset],
                    rotation=[float(v) for v in rotations[j]],
                    children=children,
                )
            )
        # Column-major, as glTF wants: the translation is the last row of what is written.
        inverse = np.tile(np.eye(4, dtype=np.float32), (len(rest), 1, 1))
        inverse[:, 3, :3] = -rest
        bind = self.accessor(inverse.reshape(-1, 16), gltf.MAT4)
        self.content.skins.append(
            gltf.Skin(name="body", joints=list(joints), skeleton=joints[0], inverseBindMatrices=bind)
        )
        self.content.scenes.append(gltf.Scene(nodes=[0, joints[0]]))
        self.content.scene = 0
