"""The regressor that ships: keypoints and world landmarks of a window of frames in, the body of its middle out.

It was trained by `understudy train-hmr` (docs/regressor.md) and stands behind the same contract as any other network.
"""

from pathlib import Path

from core.assets import asset_path
from core.mesh_recovery.contract import MANIFEST_FILE, MODEL_FILE
from core.mesh_recovery.recover import MeshRecoverySettings
from core.motion import BodyMotion, Track
from core.progress import Progress, silent


def regressor_folder() -> Path:
    """The folder of the shipped network; `AssetError` where it is missing or damaged."""
    asset_path(f"regressor/{MANIFEST_FILE}")
    return asset_path(f"regressor/{MODEL_FILE}").parent


def recover_embedded(
    track: Track, settings: MeshRecoverySettings | None = None, progress: Progress = silent
) -> BodyMotion:
    """Recover the body in every frame of `track` by the shipped regressor: frame="camera", metres.

    Rotations are the network's, each frame from the frames within 0.4 s of it, brought onto the keypoints
    (`core.mesh_recovery.onto_keypoints`); one shape for the clip; the place is where the landmarks meet their
    keypoints. Frames without the person repeat the nearest one that has them. Raises `NoPersonError` where no frame
    has the person, `BadInputError` where the track holds numbers that are not finite.
    """
    from core.mesh_recovery.with_network import recover_with_network

    return recover_with_network(None, track, regressor_folder(), settings, progress)
