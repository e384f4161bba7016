"""RTMPose and its person detector through rtmlib: which files, where from, and how they are called.

The weights are downloaded at the first use and checked; a person's own files go before (UNDERSTUDY_RTM_DETECTOR,
UNDERSTUDY_RTM_POSE). rtmlib itself is an optional library.
"""

import contextlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from core.accelerator import GPU, current_device
from core.errors import BadInputError, MissingDependencyError
from core.keypoints.downloads import RemoteFile, fetched
from core.keypoints.skeleton_maps import BY_COUNT
from core.progress import Progress, part_of, silent

Array = np.ndarray

_PLACES = (
    "https://download.openmmlab.com/mmpose/v1/projects/rtmposev1/onnx_sdk/",
    "https://huggingface.co/Tau-J/RTMPose/resolve/main/rtmposev1/onnx_sdk/",
)
_DETECTOR = "yolox_m_8xb8-300e_humanart-c2c7a14a"
_POSE = "rtmpose-m_simcc-body7_pt-body7-halpe26_700e-256x192-4d3e73dd_20230605"

DETECTOR = RemoteFile(
    f"{_DETECTOR}.onnx",
    tuple(f"{place}{_DETECTOR}.zip" for place in _PLACES),
    "3dea6513388889f0fff4b77bf7a26013600321b9eb9ceb0e9a400a82572f5f23",
    101_400_344,
)
"""YOLOX-m trained on Human-Art."""
POSE = RemoteFile(
    f"{_POSE}.onnx",
    tuple(f"{place}{_POSE}.zip" for place in _PLACES),
    "26f3a19e61304a600dfb82d1001d41d24343b89fc70a33ffc84657e0b0bf2ecf",
    55_685_444,
)
"""RTMPose-m with Halpe's 26 points (body and feet)."""


def _own(variable: str) -> Path | None:
    value = os.environ.get(variable)
    return Path(value).expanduser() if value else None


def _home() -> Path:
    return Path(os.environ.get("UNDERSTUDY_HOME") or "~/.understudy").expanduser() / "models" / "rtm"


@dataclass(frozen=True)
class RtmSettings:
    """Where the networks come from and how often people are sought."""

    detector: Path | None = field(default_factory=lambda: _own("UNDERSTUDY_RTM_DETECTOR"))
    """A person's own detector (YOLOX in ONNX); None downloads one."""
    pose: Path | None = field(default_factory=lambda: _own("UNDERSTUDY_RTM_POSE"))
    """A person's own RTMPose in ONNX (17, 26 or 133 points); None downloads one."""
    folder: Path = field(default_factory=_home)
    """Where downloads are kept."""
    remote_detector: RemoteFile = DETECTOR
    """What is downloaded as detector ..."""
    remote_pose: RemoteFile = POSE
    """... and as pose network."""
    timeout_s: float = 5.0
    """How long a server may be silent [s]."""
    detection_interval: int = 10
    """Frames between two looks of the detector; between, people are sought where they were."""
    least_score: float = 0.3
    """The least mean score of a skeleton, in [0, 1]."""


@dataclass(frozen=True)
class RtmModels:
    """`detect`(picture RGB) -> boxes [N,4] px (x0, y0, x1, y1); `read`(picture RGB, boxes) -> points [N,K,3]."""

    detect: Callable[[Array], Array]
    read: Callable[[Array, Array], Array]


def load_models(settings: RtmSettings, progress: Progress = silent) -> RtmModels:
    """rtmlib's detector and pose network, ready.

    Raises `MissingDependencyError` without rtmlib, `DownloadError` where the weights cannot be had, and `BadInputError`
    where a person's own files cannot be used.
    """
    try:
        with contextlib.redirect_stdout(sys.stderr):
            import rtmlib
    except ImportError as error:
        raise MissingDependencyError(
            f"rtmlib is not installed ({error}); pip install -e '.[rtm]' in the project's folder"
        ) from error
    # Both downloads before anything is opened: an hour later only one of them would be a pity.
    detector = _file(
        settings.detector, settings.remote_detector, "UNDERSTUDY_RTM_DETECTOR", settings, part_of(progress, 0, 0.6)
    )
    pose = _file(settings.pose, settings.remote_pose, "UNDERSTUDY_RTM_POSE", settings, part_of(progress, 0.6, 1))
    detect = _made(rtmlib.YOLOX, detector)
    read = _made(rtmlib.RTMPose, pose, flipped=True)
    # OpenMMLab trained the detector on BGR, RTMPose on RGB; rtmlib passes on what it is given.
    return RtmModels(
        lambda picture: _boxes(detect(np.ascontiguousarray(picture[..., ::-1]))),
        lambda picture, boxes: _points(*read(picture, bboxes=boxes.tolist())),
    )


def _file(own: Path | None, remote: RemoteFile, variable: str, settings: RtmSettings, progress: Progress) -> Path:
    if own is None:
        return fetched(remote, settings.folder, settings.timeout_s, progress)
    if not own.is_file():
        raise BadInputError(f"{variable} should name an ONNX file, but {own} does not exist.")
    return own


def _made(kind: Any, path: Path, flipped: bool = False) -> Any:
    """One of rtmlib's classes on a file; its input size (height, width; `flipped` for width, height) is the file's."""
    import onnxruntime

    try:
        shape = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]).get_inputs()[0].shape
        height, width = int(shape[2]), int(shape[3])
        size = (width, height) if flipped else (height, width)
        with contextlib.redirect_stdout(sys.stderr):  # it announces what it loads, where figures may be printed
            device = "cuda" if current_device() == GPU else "cpu"
            return kind(str(path), model_input_size=size, backend="onnxruntime", device=device)
    except Exception as error:
        raise BadInputError(
            f"{path} should be an ONNX network for {kind.__name__} with a fixed picture size, but cannot be used: "
            f"{error}"
        ) from error


def _boxes(found: Any) -> Array:
    return np.asarray(found, float).reshape(-1, 4) if len(found) else np.zeros((0, 4))


def _points(xy: Any, scores: Any) -> Array:
    """[N,K,3] from rtmlib's points [N,K,2] and scores [N,K]."""
    scores = np.clip(np.asarray(scores, float), 0.0, 1.0)
    if scores.ndim != 2 or scores.shape[1] not in BY_COUNT:
        raise BadInputError(
            f"The pose network should give 17, 26 or 133 points a person, but gives {scores.shape[-1]}; choose one for "
            "bodies."
        )
    return np.concatenate([np.asarray(xy, float), scores[..., None]], axis=-1)
