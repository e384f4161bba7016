"""ONNX Runtime sessions for the networks that ship."""

from functools import cache

import onnxruntime

from core.accelerator import current_device, open_session
from core.assets import asset_path


def session(name: str, threads: int) -> onnxruntime.InferenceSession:
    """The session of a shipped network, e.g. "blazepose_heavy.onnx", kept for the life of the process."""
    return _session(name, threads, current_device())


@cache
def _session(name: str, threads: int, device: str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # Waiting threads would spin and take the processor from the one that decodes.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return open_session(asset_path(name), options)
