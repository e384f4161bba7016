"""Reading a TFLite model: its operators in order, its tensors, its constants (dense, fp16 or sparse).

The FlatBuffers schema is TensorFlow Lite's, through the PyPI package `tflite`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import tflite

from tools.tflite_to_onnx.sparse import SparseAxis, densify

_NUMPY = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT32: np.int32,
    tflite.TensorType.INT64: np.int64,
}
_OP_NAMES = {value: name for name, value in vars(tflite.BuiltinOperator).items() if isinstance(value, int)}


@dataclass(frozen=True)
class Operator:
    """One operator: its TFLite name, tensor indices (-1 for an absent input), and its options' FlatBuffers table."""

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    table: Any

    def options(self, kind: type) -> Any:
        """The options read as `kind`, e.g. `tflite.Conv2DOptions`."""
        read = kind()
        read.Init(self.table.Bytes, self.table.Pos)
        return read


class Source:
    """A TFLite file with one subgraph."""

    def __init__(self, content: bytes) -> None:
        self._model = tflite.Model.GetRootAsModel(content, 0)
        if self._model.SubgraphsLength() != 1:
            raise ValueError(f"The model should have one subgraph, but has {self._model.SubgraphsLength()}.")
        self._graph = self._model.Subgraphs(0)
        self.inputs = [int(i) for i in self._graph.InputsAsNumpy()]
        self.outputs = {self.name(int(i)): int(i) for i in self._graph.OutputsAsNumpy()}
        self.operators = [self._operator(i) for i in range(self._graph.OperatorsLength())]

    def _operator(self, index: int) -> Operator:
        found = self._graph.Operators(index)
        code = self._model.OperatorCodes(found.OpcodeIndex())
        # Old files keep the code in the deprecated byte, new ones in the wide field; the larger one is set.
        name = _OP_NAMES[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
        inputs = tuple(int(i) for i in found.InputsAsNumpy())
        outputs = tuple(int(i) for i in found.OutputsAsNumpy())
        return Operator(name, inputs, outputs, found.BuiltinOptions())

    def name(self, tensor: int) -> str:
        return str(self._graph.Tensors(tensor).Name().decode())

    def shape(self, tensor: int) -> tuple[int, ...]:
        """The static shape, batch 1 included."""
        found = self._graph.Tensors(tensor)
        return tuple(int(n) for n in found.ShapeAsNumpy()) if found.ShapeLength() else ()

    def constant(self, tensor: int) -> np.ndarray | None:
        """The tensor's stored values as a dense array, None where an operator computes them."""
        found = self._graph.Tensors(tensor)
        buffer = self._model.Buffers(found.Buffer())
        if buffer.DataLength() == 0:
            return None
        values = np.frombuffer(buffer.DataAsNumpy().tobytes(), _NUMPY[found.Type()])
        sparsity = found.Sparsity()
        if sparsity is None:
            return values.reshape(self.shape(tensor))
        return densify(values, self.shape(tensor), *_read_sparsity(sparsity))


def _read_sparsity(sparsity: Any) -> tuple[list[int], list[int], list[SparseAxis]]:
    order = [int(i) for i in sparsity.TraversalOrderAsNumpy()]
    blocks = [int(i) for i in sparsity.BlockMapAsNumpy()] if sparsity.BlockMapLength() else []
    axes = []
    for i in range(sparsity.DimMetadataLength()):
        axis = sparsity.DimMetadata(i)
        if axis.Format() == tflite.DimensionType.DENSE:
            axes.append(SparseAxis(size=int(axis.DenseSize())))
        else:
            segments = _index_vector(axis.ArraySegmentsType(), axis.ArraySegments())
            axes.append(
                SparseAxis(segments=segments, indices=_index_vector(axis.ArrayIndicesType(), axis.ArrayIndices()))
            )
    return order, blocks, axes


def _index_vector(kind: int, table: Any) -> np.ndarray:
    union = tflite.SparseIndexVector
    reader = {
        union.Int32Vector: tflite.Int32Vector,
        union.Uint16Vector: tflite.Uint16Vector,
        union.Uint8Vector: tflite.Uint8Vector,
    }[kind]()
    reader.Init(table.Bytes, table.Pos)
    return np.asarray(reader.ValuesAsNumpy()).astype(np.int64)
