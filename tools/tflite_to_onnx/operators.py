"""What each TFLite operator becomes in ONNX.

Four-dimensional activations are kept as (batch, channels, height, width) although TFLite has the channels last; only a
RESHAPE looks at the order of the numbers, so it turns them back first.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import tflite
from onnx import NodeProto, TensorProto, helper, numpy_helper

from tools.tflite_to_onnx.source import Operator, Source

_TO_CHANNELS_FIRST = (0, 3, 1, 2)
_TO_CHANNELS_LAST = (0, 2, 3, 1)


class Graph:
    """The ONNX graph in the making: which ONNX name holds which TFLite tensor."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.nodes: list[NodeProto] = []
        self.initializers: list[TensorProto] = []
        self._held: dict[int, str] = {}
        self._constants: dict[int, np.ndarray] = {}
        self._names: set[str] = set()

    def emit(self, kind: str, inputs: list[str], name: str = "", **attributes: Any) -> str:
        """Add a node with one output; returns the output's name."""
        name = name or self._free(kind.lower())
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def store(self, values: np.ndarray, hint: str) -> str:
        """Add a constant; returns its name. fp16 goes behind a Cast, which ONNX Runtime folds when it loads."""
        name = self._free(hint)
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return self.emit("Cast", [name], to=TensorProto.FLOAT) if values.dtype == np.float16 else name

    def take_input(self, tensor: int, name: str) -> None:
        self._names.add(name)
        self._held[tensor] = self.emit("Transpose", [name], perm=_TO_CHANNELS_FIRST)

    def give_output(self, tensor: int, name: str) -> None:
        """Make the tensor an output, in TFLite's layout."""
        if len(self.source.shape(tensor)) == 4:
            self.emit("Transpose", [self.value(tensor)], name, perm=_TO_CHANNELS_LAST)
        else:
            self.emit("Identity", [self.value(tensor)], name)

    def value(self, tensor: int) -> str:
        """The ONNX name of a computed tensor."""
        if tensor not in self._held:
            raise ValueError(f"{self.source.name(tensor)} should be computed by the graph, but is a constant.")
        return self._held[tensor]

    def constant(self, tensor: int) -> np.ndarray:
        """The values of a constant tensor, in TFLite's layout."""
        found = self._constants.get(tensor, self.source.constant(tensor))
        if found is None:
            raise ValueError(f"{self.source.name(tensor)} should be a constant, but is computed by the graph.")
        return found

    def hold(self, tensor: int, name: str) -> None:
        self._held[tensor] = name

    def hold_constant(self, tensor: int, values: np.ndarray) -> None:
        self._constants[tensor] = values

    def _free(self, hint: str) -> str:
        name = f"{hint}_{len(self._names)}"
        self._names.add(name)
        return name


def same_padding(size: int, kernel: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """What TFLite's SAME padding adds before and after an axis: the odd one goes after."""
    steps = -(-size // stride)
    total = max((steps - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


def _pads(
    padding: int, size: tuple[int, ...], kernel: tuple[int, int], strides: list[int], dilations: list[int]
) -> list[int]:
    if padding == tflite.Padding.VALID:
        return [0, 0, 0, 0]
    top, bottom = same_padding(size[1], kernel[0], strides[0], dilations[0])
    left, right = same_padding(size[2], kernel[1], strides[1], dilations[1])
    return [top, left, bottom, right]


def _activated(graph: Graph, name: str, activation: int) -> str:
    kind = tflite.ActivationFunctionType
    if activation == kind.NONE:
        return name
    if activation == kind.RELU:
        return graph.emit("Relu", [name])
    if activation == kind.RELU6:
        low, high = graph.store(np.array(0, np.float32), "low"), graph.store(np.array(6, np.float32), "high")
        return graph.emit("Clip", [name, low, high])
    raise ValueError(f"The fused activation {activation} is not known to this converter.")


def _convolution(graph: Graph, op: Operator, weights: np.ndarray, options: Any, group: int) -> None:
    """`weights` in ONNX's layout [out, in / group, height, width]."""
    strides = [options.StrideH(), options.StrideW()]
    dilations = [options.DilationHFactor(), options.DilationWFactor()]
    kernel = (weights.shape[2], weights.shape[3])
    pads = _pads(options.Padding(), graph.source.shape(op.inputs[0]), kernel, strides, dilations)
    inputs = [graph.value(op.inputs[0]), graph.store(weights, "weights")]
    if len(op.inputs) > 2 and op.inputs[2] >= 0:
        inputs.append(graph.store(graph.constant(op.inputs[2]), "bias"))
    made = graph.emit("Conv", inputs, strides=strides, dilations=dilations, pads=pads, group=group, kernel_shape=kernel)
    graph.hold(op.outputs[0], _activated(graph, made, options.FusedActivationFunction()))


def _conv_2d(graph: Graph, op: Operator) -> None:
    weights = graph.constant(op.inputs[1]).transpose(0, 3, 1, 2)
    _convolution(graph, op, weights, op.options(tflite.Conv2DOptions), group=1)


def _depthwise_conv_2d(graph: Graph, op: Operator) -> None:
    weights = graph.constant(op.inputs[1]).transpose(3, 0, 1, 2)
    channels = graph.source.shape(op.inputs[0])[3]
    _convolution(graph, op, weights, op.options(tflite.DepthwiseConv2DOptions), group=channels)


def _pass_constant(graph: Graph, op: Operator) -> None:
    """DENSIFY (done while reading) and DEQUANTIZE from fp16 (done by the Cast behind every stored constant)."""
    values = graph.constant(op.inputs[0])
    if values.dtype not in (np.float16, np.float32):
        raise ValueError(f"Weights should be fp16 or fp32, but {graph.source.name(op.inputs[0])} is {values.dtype}.")
    graph.hold_constant(op.outputs[0], values)


def _pad(graph: Graph, op: Operator) -> None:
    widths = graph.constant(op.inputs[1])[list(_TO_CHANNELS_FIRST)]
    pads = graph.store(widths.T.reshape(-1).astype(np.int64), "pads")
    graph.hold(op.outputs[0], graph.emit("Pad", [graph.value(op.inputs[0]), pads]))


def _add(graph: Graph, op: Operator) -> None:
    made = graph.emit("Add", [graph.value(op.inputs[0]), graph.value(op.inputs[1])])
    graph.hold(op.outputs[0], _activated(graph, made, op.options(tflite.AddOptions).FusedActivationFunction()))


def _max_pool_2d(graph: Graph, op: Operator) -> None:
    options = op.options(tflite.Pool2DOptions)
    strides, kernel = [options.StrideH(), options.StrideW()], (options.FilterHeight(), options.FilterWidth())
    pads = _pads(options.Padding(), graph.source.shape(op.inputs[0]), kernel, strides, [1, 1])
    made = graph.emit("MaxPool", [graph.value(op.inputs[0])], kernel_shape=kernel, strides=strides, pads=pads)
    graph.hold(op.outputs[0], _activated(graph, made, options.FusedActivationFunction()))


def _resize_bilinear(graph: Graph, op: Operator) -> None:
    options = op.options(tflite.ResizeBilinearOptions)
    mode = "half_pixel" if options.HalfPixelCenters() else "asymmetric"
    if options.AlignCorners():
        mode = "align_corners"
    before, after = graph.source.shape(op.inputs[0]), graph.source.shape(op.outputs[0])
    # Scales rather than sizes: sizes would fix the batch.
    scales = graph.store(np.array([1, 1, after[1] / before[1], after[2] / before[2]], np.float32), "scales")
    made = graph.emit(
        "Resize", [graph.value(op.inputs[0]), "", scales], mode="linear", coordinate_transformation_mode=mode
    )
    graph.hold(op.outputs[0], made)


def _depth_to_space(graph: Graph, op: Operator) -> None:
    size = op.options(tflite.DepthToSpaceOptions).BlockSize()
    graph.hold(op.outputs[0], graph.emit("DepthToSpace", [graph.value(op.inputs[0])], blocksize=size, mode="DCR"))


def _reshape(graph: Graph, op: Operator) -> None:
    name, rank = graph.value(op.inputs[0]), len(graph.source.shape(op.inputs[0]))
    if rank == 4:
        name = graph.emit("Transpose", [name], perm=_TO_CHANNELS_LAST)
    shape = graph.source.shape(op.outputs[0])
    if len(shape) == 4:
        raise ValueError("A RESHAPE to four axes is not known to this converter.")
    # 0 keeps the batch as it is.
    target = graph.store(np.array([0, *shape[1:]], np.int64), "shape")
    graph.hold(op.outputs[0], graph.emit("Reshape", [name, target]))


def _concatenation(graph: Graph, op: Operator) -> None:
    axis = op.options(tflite.ConcatenationOptions).Axis()
    rank = len(graph.source.shape(op.outputs[0]))
    axis = _TO_CHANNELS_FIRST.index(axis % rank) if rank == 4 else axis
    graph.hold(op.outputs[0], graph.emit("Concat", [graph.value(i) for i in op.inputs], axis=axis))


def _logistic(graph: Graph, op: Operator) -> None:
    graph.hold(op.outputs[0], graph.emit("Sigmoid", [graph.value(op.inputs[0])]))


EMITTERS: dict[str, Callable[[Graph, Operator], None]] = {
    "ADD": _add,
    "CONCATENATION": _concatenation,
    "CONV_2D": _conv_2d,
    "DENSIFY": _pass_constant,
    "DEPTHWISE_CONV_2D": _depthwise_conv_2d,
    "DEPTH_TO_SPACE": _depth_to_space,
    "DEQUANTIZE": _pass_constant,
    "LOGISTIC": _logistic,
    "MAX_POOL_2D": _max_pool_2d,
    "PAD": _pad,
    "RESHAPE": _reshape,
    "RESIZE_BILINEAR": _resize_bilinear,
}
