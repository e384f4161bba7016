"""A glTF 2.0 document in the making: arrays become accessors of one buffer, the whole a binary file (GLB)."""

import numpy as np
import pygltflib as gltf

Array = np.ndarray

_TYPES = {
    np.dtype(np.float32): gltf.FLOAT,
    np.dtype(np.uint8): gltf.UNSIGNED_BYTE,
    np.dtype(np.uint16): gltf.UNSIGNED_SHORT,
}


class Document:
    """Collects accessors; `content` is the document itself, for nodes, meshes and what else it has."""

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

    def surface(self, attributes: dict[str, Array], faces: Array, material: int) -> gltf.Primitive:
        """Triangles [F,3] over vertices whose `attributes` are [V,3] or [V,4]; weights and colours are normalised."""
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
        return gltf.Primitive(attributes=names, indices=indices, material=material, mode=gltf.TRIANGLES)

    def animation(self, times: Array, channels: list[tuple[int, str, Array]]) -> None:
        """The animation "motion": for each (node, "translation" or "rotation", keys [T,3] or [T,4] xyzw) a channel,
        interpolated linearly between the `times` [T] s."""
        animation = gltf.Animation(name="motion")
        keys = self.bounded(times.astype(np.float32), gltf.SCALAR)
        for node, path, values in channels:
            output = self.accessor(values.astype(np.float32), gltf.VEC3 if values.shape[1] == 3 else gltf.VEC4)
            sampler = gltf.AnimationSampler(input=keys, output=output, interpolation=gltf.ANIM_LINEAR)
            animation.samplers.append(sampler)
            target = gltf.AnimationChannelTarget(node=node, path=path)
            animation.channels.append(gltf.AnimationChannel(sampler=len(animation.samplers) - 1, target=target))
        self.content.animations.append(animation)

    def to_bytes(self) -> bytes:
        """The GLB."""
        self._blob.extend(b"\0" * (-len(self._blob) % 4))
        self.content.buffers = [gltf.Buffer(byteLength=len(self._blob))]
        self.content.set_binary_blob(bytes(self._blob))
        return b"".join(self.content.save_to_bytes())
