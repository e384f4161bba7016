"""Small networks in ONNX whose answers are known: constants, plus whatever part of the input a test wants to see."""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET, IR = 17, 8


def write_network(
    folder: Path,
    manifest: dict,
    outputs: dict[str, np.ndarray],
    image: tuple[int, ...] = (3, 224, 224),
    batch: int | str = "N",
    half: bool = False,
    bbox_info: str | None = None,
    colour: str | None = None,
) -> Path:
    """Write `model.onnx` and `manifest.json` to `folder`; returns the folder.

    `outputs` are the constants [...] that every person gets. `bbox_info` names an output [B,3] that repeats the input
    of that name, `colour` one that is the mean of each colour of the crop, [B,3].
    """
    folder.mkdir(parents=True, exist_ok=True)
    graph = _Graph(half)
    graph.input("image", [batch, *image])
    axes = [2, 3] if image[0] == 3 else [1, 2]
    graph.node("ReduceMean", ["image"], "mean_colour", axes=axes, keepdims=0)  # [B,3]
    graph.constant("column", np.zeros((3, 1)))
    graph.node("MatMul", ["mean_colour", "column"], "nothing")  # [B,1]
    for name, value in outputs.items():
        _constant_output(graph, name, np.asarray(value), batch)
    if colour:
        graph.node("Identity", ["mean_colour"], colour)
        graph.output(colour, [batch, 3])
    if bbox_info:
        graph.input("bbox_info", [batch, 3])
        graph.node("Identity", ["bbox_info"], bbox_info)
        graph.output(bbox_info, [batch, 3])
    onnx.save(graph.model(), folder / "model.onnx")
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def write_keypoint_network(folder: Path, outputs: dict[str, np.ndarray], inputs=("keypoints", "world")) -> Path:
    """A network of the family "keypoints"; its output `camera` is the mean of the keypoints, [B,3]."""
    folder.mkdir(parents=True, exist_ok=True)
    graph = _Graph(False)
    for name in inputs:
        graph.input(name, ["N", 33, 3])
    graph.node("ReduceMean", ["keypoints"], "camera", axes=[1], keepdims=0)
    graph.output("camera", ["N", 3])
    graph.constant("column", np.zeros((3, 1)))
    graph.node("MatMul", ["camera", "column"], "nothing")
    for name, value in outputs.items():
        _constant_output(graph, name, np.asarray(value), "N")
    onnx.save(graph.model(), folder / "model.onnx")
    (folder / "manifest.json").write_text(json.dumps({"family": "keypoints"}))
    return folder


def _constant_output(graph: "_Graph", name: str, value: np.ndarray, batch: int | str) -> None:
    """0 * input + value, as [B, *value.shape]: constant, but with the batch of the input."""
    graph.constant(f"{name}_row", np.zeros((1, value.size)))
    graph.node("MatMul", ["nothing", f"{name}_row"], f"{name}_zeros")
    graph.constant(f"{name}_bias", value.reshape(1, -1))
    graph.node("Add", [f"{name}_zeros", f"{name}_bias"], f"{name}_flat")
    graph.integers(f"{name}_shape", [0 if batch != 1 else 1, *value.shape])
    graph.node("Reshape", [f"{name}_flat", f"{name}_shape"], name)
    graph.output(name, [batch, *value.shape])


class _Graph:
    def __init__(self, half: bool) -> None:
        self._kind, self._numpy = (TensorProto.FLOAT16, np.float16) if half else (TensorProto.FLOAT, np.float32)
        self._nodes: list = []
        self._constants: list = []
        self._inputs: list = []
        self._outputs: list = []

    def input(self, name: str, shape: list) -> None:
        self._inputs.append(helper.make_tensor_value_info(name, self._kind, shape))

    def output(self, name: str, shape: list) -> None:
        self._outputs.append(helper.make_tensor_value_info(name, self._kind, shape))

    def constant(self, name: str, value: np.ndarray) -> None:
        self._constants.append(numpy_helper.from_array(np.asarray(value).astype(self._numpy), name))

    def integers(self, name: str, value: list[int]) -> None:
        self._constants.append(numpy_helper.from_array(np.array(value, np.int64), name))

    def node(self, operator: str, inputs: list[str], output: str, **attributes) -> None:
        self._nodes.append(helper.make_node(operator, inputs, [output], **attributes))

    def model(self) -> onnx.ModelProto:
        graph = helper.make_graph(self._nodes, "small", self._inputs, self._outputs, self._constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
