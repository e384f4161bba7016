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
from core.export.preparing import prepared
from core.motion import BodyMotion

Array = np.ndarray
Colour = tuple[float, float, float]

_TYPES = {
    np.dtype(np.float32): gltf.FLOAT,
    np.dtype(np.uint8): gltf.UNSIGNED_BYTE,
    np.dtype(np.uint16): gltf.UNSIGNED_SHORT,
}


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
    document.animation(motion.times, rotations, translations)
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


class _Document:
    """A glTF document in the making: arrays become accessors of one buffer."""

    def __init__(self) -> None:
        self.content = gltf.GLTF2(asset=gltf.Asset(version="2.0", generator="Understudy"))
        self._blob = bytearray()

    def accessor(self, array: Array, kind: str, target: int | None = None, normalised: bool = False) -> int:
        """Append an array; `kind` is glTF's SCALAR, VEC3, VEC4 or MAT4. Returns the accessor's index."""
        array = np.ascontiguousarray(array)
        self._blob.extend(b"\0" * (-len(self._blob) % 4))
        view = gltf.BufferView(buffer=0, byteOffset=len(self._blob), byteLength=array.nbytes, target=target)
        self._blob.extend(array.tobytes())
        self.content.bufferViews.append(view)
        accessor = gltf.Accessor(
            bufferView=len(self.content.bufferViews) - 1,
            componentType=_TYPES[array.dtype],
            count=array.size if kind == gltf.SCALAR else len(array),
            type=kind,
            normalized=normalised or None,
        )
        self.content.accessors.append(accessor)
        return len(self.content.accessors) - 1

    def bounded(self, array: Array, kind: str, target: int | None = None) -> int:
        """An accessor with its least and largest values, which glTF wants for positions and key times."""
        index = self.accessor(array, kind, target)
        flat = array.reshape(-1, 1) if kind == gltf.SCALAR else array
        self.content.accessors[index].min = [float(v) for v in flat.min(axis=0)]
        self.content.accessors[index].max = [float(v) for v in flat.max(axis=0)]
        return index

    def mesh(self, attributes: dict[str, Array], faces: Array, material: gltf.Material) -> int:
        vertex = gltf.ARRAY_BUFFER
        names = gltf.Attributes()
        for name, array in attributes.items():
            kind = gltf.VEC3 if array.shape[1] == 3 else gltf.VEC4
            if name == "POSITION":
                index = self.bounded(array, kind, vertex)
            else:
                index = self.accessor(array, kind, vertex, normalised=name in ("WEIGHTS_0", "COLOR_0"))
            setattr(names, name, index)
        indices = self.accessor(faces.astype(np.uint16).reshape(-1), gltf.SCALAR, gltf.ELEMENT_ARRAY_BUFFER)
        self.content.materials.append(material)
        primitive = gltf.Primitive(attributes=names, indices=indices, material=0, mode=gltf.TRIANGLES)
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

    def animation(self, times: Array, rotations: Array, translations: Array) -> None:
        animation = gltf.Animation(name="motion")
        keys = self.bounded(times.astype(np.float32), gltf.SCALAR)

        def channel(node: int, path: str, output: int) -> None:
            sampler = gltf.AnimationSampler(input=keys, output=output, interpolation=gltf.ANIM_LINEAR)
            animation.samplers.append(sampler)
            target = gltf.AnimationChannelTarget(node=node, path=path)
            animation.channels.append(gltf.AnimationChannel(sampler=len(animation.samplers) - 1, target=target))

        channel(1, "translation", self.accessor(translations, gltf.VEC3))
        for j in range(rotations.shape[1]):
            channel(1 + j, "rotation", self.accessor(rotations[:, j], gltf.VEC4))
        self.content.animations.append(animation)

    def to_bytes(self) -> bytes:
        self._blob.extend(b"\0" * (-len(self._blob) % 4))
        self.content.buffers = [gltf.Buffer(byteLength=len(self._blob))]
        self.content.set_binary_blob(bytes(self._blob))
        return b"".join(self.content.save_to_bytes())
