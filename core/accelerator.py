"""Where networks are computed: on the processor, or on a GPU that ONNX Runtime reaches through CUDA.

A stage does not carry the device through all its functions: whoever runs it says so once (`computing_on`), and
`open_session` asks. Everything else that Understudy computes (reconstruction, physics, training) is made for
processors.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import BadInputError
from core.notices import notice

if TYPE_CHECKING:  # it is large, and a site that only asks for the names of devices has no need of it
    import onnxruntime

CPU, GPU = "cpu", "gpu"
DEVICES = (CPU, GPU)
_ON_CPU, _ON_GPU = "CPUExecutionProvider", "CUDAExecutionProvider"
_device: ContextVar[str] = ContextVar("device", default=CPU)


def check_device(device: str) -> None:
    """`BadInputError` where it is none of `DEVICES`; whether this machine has it is asked when it is used."""
    if device not in DEVICES:
        raise BadInputError(f"The device should be one of {', '.join(DEVICES)}, but is {device!r}.")


@contextmanager
def computing_on(device: str) -> Iterator[None]:
    """Networks that are opened within the block (in this thread) are computed on `device`."""
    token = _device.set(device)
    try:
        yield
    finally:
        _device.reset(token)


def current_device() -> str:
    """Where networks are computed now."""
    return _device.get()


@cache
def has_gpu() -> bool:
    """Whether ONNX Runtime was built for CUDA and NVIDIA's driver sees a card."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:  # first, so that a site on a machine without a GPU need not load ONNX Runtime
        return False
    import onnxruntime

    if _ON_GPU not in onnxruntime.get_available_providers():
        return False
    count = ctypes.c_int(0)
    return driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0


def open_session(path: Path, options: "onnxruntime.SessionOptions") -> "onnxruntime.InferenceSession":
    """A session on the current device; `BadInputError` where that is a GPU and there is none.

    Where there is one that cannot be used (CUDA's libraries are missing, say) the processor takes its place, with a
    notice.
    """
    import onnxruntime

    if current_device() == CPU:
        return onnxruntime.InferenceSession(str(path), options, providers=[_ON_CPU])
    if not has_gpu():
        raise BadInputError(
            "The run asks for a GPU, but this machine has none that ONNX Runtime can use. Install onnxruntime-gpu in "
            "the place of onnxruntime, with NVIDIA's driver, or take the device cpu."
        )
    session = onnxruntime.InferenceSession(str(path), options, providers=[_ON_GPU, _ON_CPU])
    if session.get_providers()[0] != _ON_GPU:
        notice("The GPU could not be used, so that networks were computed on the processor. The log says why.")
    return session
