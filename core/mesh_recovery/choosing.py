"""Which way a body is recovered: by the network that ships, in closed form, or by a person's own network."""

from pathlib import Path

from core.assets import read_manifest
from core.errors import BadInputError
from core.mesh_recovery.contract import MODEL_FILE
from core.mesh_recovery.recover import MeshRecoverySettings, recover
from core.motion import BodyMotion, Clip, Track
from core.progress import Progress, silent

EMBEDDED, CLOSED_FORM = "embedded", "closed-form"


def check_choice(hmr: str) -> None:
    """`BadInputError` where `hmr` is neither "embedded" nor "closed-form" nor a folder that exists."""
    if hmr not in (EMBEDDED, CLOSED_FORM) and not (hmr and Path(hmr).is_dir()):
        raise BadInputError(
            f"The mesh-recovery network should be {EMBEDDED}, {CLOSED_FORM} or a folder with model.onnx and "
            f"manifest.json, but is {hmr!r}. docs/hmr-models.md shows how to make one."
        )


def recover_body(
    clip: Clip | None,
    track: Track,
    hmr: str = EMBEDDED,
    settings: MeshRecoverySettings | None = None,
    progress: Progress = silent,
) -> BodyMotion:
    """Recover the body in every frame of `track` by what `hmr` names; frame="camera", metres, `intrinsics` stored.

    Raises what `recover` and `recover_with_network` do.
    """
    check_choice(hmr)
    if hmr == CLOSED_FORM or (hmr == EMBEDDED and f"regressor/{MODEL_FILE}" not in read_manifest()):
        return recover(track, settings, progress)
    if hmr == EMBEDDED:
        from core.mesh_recovery.embedded import recover_embedded

        return recover_embedded(track, settings, progress)
    from core.mesh_recovery.with_network import recover_with_network

    return recover_with_network(clip, track, Path(hmr), settings, progress)
