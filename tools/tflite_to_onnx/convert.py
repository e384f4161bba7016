"""From a TFLite graph to an ONNX graph, operator by operator."""

from collections.abc import Mapping

import onnx
from onnx import TensorProto, helper

from tools.tflite_to_onnx.operators import EMITTERS, Graph
from tools.tflite_to_onnx.source import Operator, Source

OPSET = 17


def convert(content: bytes, outputs: Mapping[str, str], input_name: str = "image") -> onnx.ModelProto:
    """The ONNX model that computes some outputs of a TFLite model.

    `content` is the TFLite file. `outputs` maps the wanted outputs' TFLite names to new ones; what only feeds other
    outputs is left out. The input keeps TFLite's layout [N, height, width, channels] float32 with a dynamic N; each
    output keeps its shape except for the batch. Weights stored as fp16 stay so behind a Cast. Raises `ValueError` for
    an operator or an output that is not known.
    """
    source = Source(content)
    unknown = set(outputs) - set(source.outputs)
    if unknown or len(source.inputs) != 1:
        raise ValueError(f"Wanted {sorted(unknown) or 'one input'}, but the model has {sorted(source.outputs)}.")
    graph = Graph(source)
    image = source.inputs[0]
    graph.take_input(image, input_name)
    wanted = {source.outputs[name]: new for name, new in outputs.items()}
    for operator in _needed(source, set(wanted)):
        if operator.name not in EMITTERS:
            raise ValueError(f"The operator {operator.name} is not known to this converter.")
        EMITTERS[operator.name](graph, operator)
    for tensor, name in wanted.items():
        graph.give_output(tensor, name)
    made = helper.make_graph(
        graph.nodes,
        "converted",
        [helper.make_tensor_value_info(input_name, TensorProto.FLOAT, ["N", *source.shape(image)[1:]])],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", *source.shape(t)[1:]]) for t, n in wanted.items()],
        graph.initializers,
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="understudy")
    model.ir_version = 9  # what ONNX Runtime 1.17 and later read
    onnx.checker.check_model(model, full_check=True)
    return model


def _needed(source: Source, tensors: set[int]) -> list[Operator]:
    """The operators that the tensors depend on, in order."""
    found = []
    needed = set(tensors)
    for operator in reversed(source.operators):
        if needed & set(operator.outputs):
            found.append(operator)
            needed |= set(operator.inputs)
    return found[::-1]
