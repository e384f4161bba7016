"""ONNX Runtime sessions for the networks that ship."""

from functools import cache

import onnxruntime

from core.assets import asset_path


@cache
def session(name: str, threads: int) -> onnxruntime.InferenceSession:
    """The session of a shipped network, e.g. "blazepose_heavy.onnx", kept for the life of the process."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # Waiting threads would spin and take the processor from the one that decodes.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(asset_path(name)), options, providers=["CPUExecutionProvider"])
