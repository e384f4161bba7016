"""A mesh-recovery network in ONNX Runtime: opened, tried with a dummy, run on crops or keypoints."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from core.accelerator import open_session
from core.errors import BadInputError
from core.mesh_recovery.adapters import Answer, Roles, check_values, find_roles
from core.mesh_recovery.contract import MODEL_FILE, Manifest, read_manifest
from core.mesh_recovery.windows import FEATURES

Array = np.ndarray

_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64}
_KEYPOINT_SHAPES = {"keypoints": (33, 3), "world": (33, 3)}
_UNKNOWN_OPERATOR = ("is not a registered function/op", "no op registered", "could not find an implementation")
_SEEING = ("image", "keypoints", "features")
"""Of these inputs a network has exactly one."""


@dataclass(frozen=True)
class Port:
    """One input: its name, element type, shape without the batch, and whether pixels come as [H,W,3]."""

    name: str
    kind: type
    shape: tuple[int, ...]
    channels_last: bool = False


class HmrNetwork:
    """A network that has passed its dummy run; `answer` runs it.

    `fixed_batch` is the batch size that the network insists on, None where any goes.
    """

    def __init__(self, folder: Path, threads: int = 0) -> None:
        self.manifest: Manifest = read_manifest(folder)
        self._session = _open(Path(folder) / MODEL_FILE, threads, large=self.manifest.family != "keypoints")
        self.ports = _find_ports(self._session, self.manifest)
        self.fixed_batch = _declared_batch(self._session)
        self._roles = self._try()

    @property
    def window(self) -> int | None:
        """How many frames the input `features` spans, None where there is none."""
        return self.ports["features"].shape[0] if "features" in self.ports else None

    @property
    def sees_pixels(self) -> bool:
        """Whether the network wants crops; else it wants keypoints."""
        return "image" in self.ports

    def describe(self) -> str:
        """One line for people: what goes in and what comes out."""
        inputs = ", ".join(f"{role} {list(port.shape)}" for role, port in self.ports.items())
        batch = f"batch {self.fixed_batch}" if self.fixed_batch else "any batch"
        return f"{inputs} ({batch}) -> rotations from {' + '.join(self._roles.rotations)}, {self._camera_text()}"

    def _camera_text(self) -> str:
        if self.manifest.camera == "keypoints":
            return "placed on the keypoints"
        return f"camera from {self._roles.camera or self._roles.rotations[0]}"

    def answer(self, inputs: dict[str, Array]) -> Answer:
        """The answer for N people: `inputs` by role, pixels as [N,H,W,3], each with N rows.

        A network of fixed batch size is run as often as it takes. `BadInputError` where numbers come out that cannot be
        an answer.
        """
        count = len(next(iter(inputs.values())))
        step = self.fixed_batch or count
        parts = []
        for start in range(0, count, step):
            rows = np.minimum(np.arange(start, start + step), count - 1)
            parts.append(self._run({role: array[rows] for role, array in inputs.items()}))
        outputs = {name: np.concatenate([part[name] for part in parts])[:count] for name in parts[0]}
        check_values(outputs, self._roles)
        return self._roles.read(outputs, self.manifest.six_d)

    def _run(self, inputs: dict[str, Array]) -> dict[str, Array]:
        feed: dict[str, Array] = {}
        for role, port in self.ports.items():
            array = inputs[role]
            if role == "image" and not port.channels_last:
                array = array.transpose(0, 3, 1, 2)
            feed[port.name] = np.ascontiguousarray(array.reshape(len(array), *port.shape), dtype=port.kind)
        names = [output.name for output in self._session.get_outputs()]
        arrays = [np.asarray(value) for value in self._session.run(names, feed)]
        # Linear algebra knows no half precision.
        return {n: a.astype(float) if a.dtype.kind == "f" else a for n, a in zip(names, arrays, strict=True)}

    def dummy(self, count: int) -> dict[str, Array]:
        """Inputs of the right shapes for `count` people: a picture of middle grey, keypoints at zero."""
        shapes = {role: (count, *port.shape) for role, port in self.ports.items()}
        if "image" in shapes:
            shapes["image"] = (count, *self.manifest.input_size, 3)
        return {role: np.zeros(shape, np.float32) for role, shape in shapes.items()}

    def _try(self) -> Roles:
        """Run the network on nothing and find out what comes back; a batch of two that fails makes it fixed at one."""
        count = self.fixed_batch or 2
        try:
            outputs = self._run(self.dummy(count))
        except Exception as error:
            if self.fixed_batch:
                raise _refusal(error) from error
            try:
                count, self.fixed_batch = 1, 1
                outputs = self._run(self.dummy(count))
            except Exception as single:
                raise _refusal(single) from single
        shapes = {name: a.shape[1:] for name, a in outputs.items() if _is_batched(a, count)}
        try:
            roles = find_roles(shapes, self.manifest)
        except BadInputError as error:
            if len(shapes) == len(outputs):
                raise
            others = ", ".join(f"{name} {list(a.shape)}" for name, a in outputs.items() if name not in shapes)
            raise BadInputError(
                f"{error} Left out because their first axis is not the batch ({count} in this trial): {others}."
            ) from error
        check_values(outputs, roles)
        return roles


def _is_batched(array: Array, count: int) -> bool:
    return array.ndim >= 1 and array.shape[0] == count and array.dtype.kind == "f"


def _open(path: Path, threads: int, large: bool) -> onnxruntime.InferenceSession:
    if not path.is_file():
        raise BadInputError(f"{path.parent} should hold {MODEL_FILE} beside its manifest, but does not.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4
    # planning which buffers to share takes time by the square of the nodes: 5 s for the embedded network's 3,264
    options.enable_mem_reuse = large
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return open_session(path, options)
    except BadInputError:
        raise
    except Exception as error:
        raise _refusal(error, path) from error


def _refusal(error: Exception, path: Path | None = None) -> BadInputError:
    """What ONNX Runtime's complaint means for a person."""
    text = " ".join(str(error).split())
    short = text[:300] + ("..." if len(text) > 300 else "")
    where = path or MODEL_FILE
    low = text.lower()
    if ("external" in low and "data" in low) or ".data" in low:
        return BadInputError(
            f"{where} keeps its weights in further files, which should lie in the same folder under the names that it "
            f"was exported with, but one is missing or cut short ({short})."
        )
    if any(words in low for words in _UNKNOWN_OPERATOR):
        return BadInputError(
            f"{where} should use standard ONNX operators only, but needs one that ONNX Runtime does not know "
            f"({short}). Export it again without custom operators, with a lower opset."
        )
    if path is not None:
        return BadInputError(f"{where} should be an ONNX network, but cannot be read: {short} Export or copy it again.")
    return BadInputError(f"The network should run on a dummy of the manifest's input size, but fails: {short}")


def _declared_batch(session: onnxruntime.InferenceSession) -> int | None:
    sizes = {put.shape[0] for put in session.get_inputs() if put.shape and isinstance(put.shape[0], int)}
    return max(sizes) if sizes else None


def _find_ports(session: onnxruntime.InferenceSession, manifest: Manifest) -> dict[str, Port]:
    """The inputs by role: as the manifest names them, else by name or rank."""
    roles_of = {name: role for role, name in manifest.inputs.items()}
    ports: dict[str, Port] = {}
    for put in session.get_inputs():
        role = roles_of.get(put.name) or _input_role(put.name, len(put.shape), manifest)
        if role is None or role in ports or put.type not in _TYPES:
            raise BadInputError(
                f"The network should take {_wanted_inputs(manifest)}, as floating-point numbers, but also wants "
                f"{put.name} {put.shape} of type {put.type}. Export it without, or name its role in the manifest."
            )
        ports[role] = _port(put, role, manifest)
    if sum(role in ports for role in _SEEING) != 1:
        came = ", ".join(f"{put.name} {put.shape}" for put in session.get_inputs())
        raise BadInputError(f"The network should take {_wanted_inputs(manifest)}, but takes {came}.")
    return ports


def _wanted_inputs(manifest: Manifest) -> str:
    if manifest.family == "keypoints":
        return f"keypoints [B,33,3] and, if it likes, world [B,33,3], or features [B,W,{FEATURES}]"
    height, width = manifest.input_size
    return f"a picture [B,3,{height},{width}] or [B,{height},{width},3] and, if it likes, bbox_info [B,3]"


def _input_role(name: str, rank: int, manifest: Manifest) -> str | None:
    if manifest.family == "keypoints":
        return name if name in (*_KEYPOINT_SHAPES, "features") else None
    return "image" if rank == 4 else "bbox_info" if rank == 2 else None


def _port(put: onnxruntime.NodeArg, role: str, manifest: Manifest) -> Port:
    kind = _TYPES[put.type]
    given = tuple(put.shape[1:])
    if role == "features":
        if len(given) != 2 or not isinstance(given[0], int) or given[0] % 2 == 0 or given[1] != FEATURES:
            raise BadInputError(f"The input {put.name} should be [B,W,{FEATURES}] with W odd, but is {put.shape}.")
        return Port(put.name, kind, (given[0], FEATURES))
    if role != "image":
        wanted: tuple[int, ...] = (3,) if role == "bbox_info" else _KEYPOINT_SHAPES[role]
        size = int(np.prod(wanted))
        flat = given == (size,)  # networks of plain layers often take one row
        if not flat and not _fits(given, wanted):
            raise BadInputError(f"The input {put.name} should be [B,{','.join(map(str, wanted))}], but is {put.shape}.")
        return Port(put.name, kind, (size,) if flat else wanted)
    height, width = manifest.input_size
    for shape, last in (((3, height, width), False), ((height, width, 3), True)):
        if _fits(given, shape):
            return Port(put.name, kind, shape, last)
    raise BadInputError(
        f"The manifest's input size is {height} x {width} px, so that the picture should be [B,3,{height},{width}] or "
        f"[B,{height},{width},3], but the network's input {put.name} is {put.shape}."
    )


def _fits(given: tuple[object, ...], wanted: tuple[int, ...]) -> bool:
    """Whether a declared shape allows another; names and None stand for any size."""
    return len(given) == len(wanted) and all(
        not isinstance(g, int) or g == w for g, w in zip(given, wanted, strict=True)
    )
