"""A policy as a file, without learning anything."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper


def still_policy(name: str) -> bytes:
    """A policy.onnx for MuJoCo that turns the reference's targets on by nothing."""
    nothing = numpy_helper.from_array(np.zeros((277, 28), np.float32), "nothing")
    ends = [
        helper.make_tensor_value_info(end, TensorProto.FLOAT, ["n", width])
        for end, width in (("observations", 277), ("offsets", 28))
    ]
    product = helper.make_node("MatMul", ["observations", "nothing"], ["offsets"])
    graph = helper.make_graph([product], "policy", ends[:1], ends[1:], [nothing])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    facts = {"understudy_policy": "1", "engine": "mujoco", "step_hz": "120", "lead_s": "0.1", "ahead_s": "0.0167"}
    helper.set_model_props(model, {**facts, "name": name})
    return model.SerializeToString()
