"""From trained weights to what ships: model.onnx (half-precision weights) and manifest.json, in the contract's form."""

import json
import warnings
from pathlib import Path

import numpy as np
import torch

from core.arrays_on_disk import replacing
from core.mesh_recovery.contract import MANIFEST_FILE, MODEL_FILE
from core.mesh_recovery.training.answering import Exported
from core.mesh_recovery.training.network import NetworkSettings, Regressor
from core.mesh_recovery.windows import FEATURES

OUTPUTS = ("global_orient", "body_pose", "betas", "pred_cam")
_LEAST_SIZE = 1024
"""Tensors with fewer numbers (norms, biases) stay in single precision."""


def export(regressor: Regressor, folder: Path, name: str = "Understudy's regressor") -> None:
    """Write `folder`/model.onnx, input features [B,W,199], and `folder`/manifest.json.

    Weights are rounded to half precision and widened where they are used; computing stays in single precision.
    """
    folder.mkdir(parents=True, exist_ok=True)
    settings = regressor.settings
    example = torch.zeros(2, settings.window, FEATURES)
    with replacing(folder / MODEL_FILE) as temporary, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the TorchScript exporter announces its successor, which needs onnxscript
        torch.onnx.export(
            Exported(regressor).eval(),
            (example,),
            temporary,
            input_names=["features"],
            output_names=list(OUTPUTS),
            dynamic_axes={each: {0: "B"} for each in ("features", *OUTPUTS)},
            opset_version=17,
            dynamo=False,
        )
        _fold_constants(temporary)
        _halve(temporary)
    with replacing(folder / MANIFEST_FILE) as temporary:
        manifest = {"family": "keypoints", "name": name, "step_s": settings.step_s, "licence": "Apache-2.0"}
        temporary.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def _fold_constants(path: Path) -> None:
    """Let ONNX Runtime work out what does not depend on the input; what it writes is plain ONNX again."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(path)
    onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])


def _halve(path: Path) -> None:
    """Store large float32 initialisers as float16 behind a Cast, which ONNX Runtime folds when it loads; name only the
    operator sets that are used."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(path)
    used = {node.domain for node in model.graph.node}
    versions = [each for each in model.opset_import if each.domain in used]
    del model.opset_import[:]
    model.opset_import.extend(versions)
    casts = []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < _LEAST_SIZE:
            continue
        name, half = tensor.name, tensor.name + ".half"
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), half))
        casts.append(helper.make_node("Cast", [half], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def load_weights(path: Path, settings: NetworkSettings | None = None) -> Regressor:
    """A regressor with the weights that `train.save` wrote."""
    regressor = Regressor(settings)
    regressor.load_state_dict(torch.load(path, weights_only=True))
    return regressor.eval()


def rounded(regressor: Regressor) -> Regressor:
    """The regressor in place with large weights rounded as the export stores them, so that both are equal."""
    with torch.no_grad():
        for each in regressor.parameters():
            if each.numel() >= _LEAST_SIZE:
                each.copy_(each.half().float())
    return regressor
