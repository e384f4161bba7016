"""The embedded regressor on the four clips that it was never trained on, under the noise fixed before tuning.

    python -m benchmarks.perception_regressor [--views N] [--model DIR]

PA-MPJPE over the 12 limb joints (landmarks), mean over clips; each clip from N cameras on N bodies. Beside it the raw
world landmarks of the same tracks, the network's answers before they are brought onto the keypoints, and the closed
form.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks import report
from core.mesh_recovery.embedded import recover_embedded
from core.mesh_recovery.onto_keypoints import OntoKeypointsSettings
from core.mesh_recovery.recover import MeshRecoverySettings, recover
from core.mesh_recovery.training.measuring import errors_mm
from core.mesh_recovery.with_network import recover_with_network
from core.motion import BodyMotion, Track

VIEWS = 8
_ONE_THREAD = MeshRecoverySettings(network_threads=1)


def figures(views: int = VIEWS, model: Path | None = None) -> Iterator[tuple[str, float, str]]:
    """Yield (figure, value, unit): the regressor's and the raw landmarks' error, then each clip's, then the network's
    alone, then the closed form's."""

    def regressor(track: Track, settings: MeshRecoverySettings = _ONE_THREAD) -> BodyMotion:
        if model is None:
            return recover_embedded(track, settings)
        return recover_with_network(None, track, model, settings)

    def network_alone(track: Track) -> BodyMotion:
        return regressor(track, replace(_ONE_THREAD, onto_keypoints=OntoKeypointsSettings(rounds=0, average_s=0.0)))

    found = errors_mm(regressor, views=views)
    yield "perception.regressor_pa_mm", found["all"]["recovered"], "mm"
    yield "perception.world_landmarks_pa_mm", found["all"]["raw"], "mm"
    for clip, kinds in found.items():
        if clip != "all":
            yield f"perception.regressor_pa_mm.{clip}", kinds["recovered"], "mm"
            yield f"perception.world_landmarks_pa_mm.{clip}", kinds["raw"], "mm"
    yield "perception.network_alone_pa_mm", errors_mm(network_alone, views=views)["all"]["recovered"], "mm"
    yield "perception.closed_form_pa_mm", errors_mm(recover, views=views)["all"]["recovered"], "mm"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--views", type=int, default=VIEWS)
    parser.add_argument("--model", type=Path, help="a model folder instead of the one that ships")
    given = parser.parse_args()
    for figure, value, unit in figures(given.views, given.model):
        report(figure, value, unit)


if __name__ == "__main__":
    main()
