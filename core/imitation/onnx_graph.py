"""An ONNX graph that is being written, node by node."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from core.arrays_on_disk import replacing

Array = np.ndarray


class Graph:
    """Nodes and constants so far; whatever adds to them gives the name of its result."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initialisers: list[onnx.TensorProto] = []

    def node(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """A node of the operator `kind`; `output` names its result."""
        output = output or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def constant(self, values: Array) -> str:
        """An array of numbers."""
        name = f"constant_{len(self.initialisers)}"
        self.initialisers.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def scalar(self, value: float) -> str:
        """A float32."""
        return self.constant(np.array(value, np.float32))

    def integers(self, values: Sequence[int]) -> str:
        """Whole numbers, int64."""
        return self.constant(np.array(values, np.int64))

    def slice(self, of: str, start: int, stop: int) -> str:
        """Columns `start` to `stop` of [n,m] `of`."""
        return self.node("Slice", of, self.integers([start]), self.integers([stop]), self.integers([1]))

    def mirrored_where(self, condition: str, of: str, order: Array, signs: Array) -> str:
        """[n,m]: `of` [n,m], but where `condition` [n,1] holds its columns in the `order` [m], times `signs` [m]."""
        other = self.node("Gather", of, self.integers(order.tolist()), axis=1)
        return self.node("Where", condition, self.node("Mul", other, self.constant(signs.astype(np.float32))), of)

    def save(self, path: Path, inputs: dict[str, int], outputs: dict[str, int], facts: dict[str, str]) -> None:
        """Write the graph; `inputs` and `outputs`: names and widths of [n,width] float32; `facts`: its metadata."""

        def declared(sizes: dict[str, int]) -> list[onnx.ValueInfoProto]:
            return [helper.make_tensor_value_info(each, TensorProto.FLOAT, ["n", m]) for each, m in sizes.items()]

        graph = helper.make_graph(self.nodes, "policy", declared(inputs), declared(outputs), self.initialisers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        helper.set_model_props(model, facts)
        onnx.checker.check_model(model)
        with replacing(path) as temporary:
            temporary.write_bytes(model.SerializeToString())
