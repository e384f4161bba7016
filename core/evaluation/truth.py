"""Ground truth from files: .npz, .trc (OpenSim), .xml (keypoints placed by hand)."""

from pathlib import Path

from core.errors import BadInputError
from core.evaluation.joints_npz import read_joints_npz
from core.evaluation.keypoint_xml import read_keypoint_xml
from core.evaluation.poses import Poses
from core.evaluation.trc import read_trc

READERS = {".npz": read_joints_npz, ".trc": read_trc, ".xml": read_keypoint_xml}
"""From a file's ending to what reads it."""


def read_truth(path: Path) -> Poses:
    """The true joints from a file of one of the three kinds.

    `BadInputError` for another kind, a file that cannot be understood, or one without limb joints.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise BadInputError(f"Ground truth should be a file {', '.join(READERS)}, but is {path.name}.")
    if not path.is_file():
        raise BadInputError(f"A file with the ground truth is expected, but {path} does not exist.")
    return reader(path)
