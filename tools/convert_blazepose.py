"""Make core/assets/blazepose_{detector,full,heavy}.onnx out of Google's BlazePose networks (Apache-2.0).

    python tools/convert_blazepose.py [mediapipe-pose-0.5.1675469404.tgz]

The networks come from the npm package @mediapipe/pose, which is fetched with `npm pack` where no tarball is given. Its
`pose_solution_packed_assets.data` is the person detector, as TFLite. The landmark network's segmentation head is left
out: it is half of the cost and the other outputs do not depend on it.
"""

import argparse
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.arrays_on_disk import replacing
from core.assets import ASSETS
from tools.asset_manifest import add
from tools.tflite_to_onnx import convert

PACKAGE = "@mediapipe/pose@0.5.1675469404"


@dataclass(frozen=True)
class Network:
    """A file in the package, what its outputs are called here, and what the manifest says of it."""

    member: str
    outputs: dict[str, str]
    note: str


NETWORKS = {
    "blazepose_detector.onnx": Network(
        "package/pose_solution_packed_assets.data",
        {"Identity": "boxes", "Identity_1": "scores"},
        "BlazePose person detector, 224x224, pixels in [-1, 1]; 2254 anchors, logits",
    ),
    "blazepose_full.onnx": Network(
        "package/pose_landmark_full.tflite",
        {"Identity": "landmarks", "Identity_1": "presence", "Identity_4": "world"},
        "BlazePose GHUM full, 256x256, pixels in [0, 1]; 39 landmarks, segmentation head left out",
    ),
    "blazepose_heavy.onnx": Network(
        "package/pose_landmark_heavy.tflite",
        {"Identity": "landmarks", "Identity_1": "presence", "Identity_4": "world"},
        "BlazePose GHUM heavy, 256x256, pixels in [0, 1]; 39 landmarks, segmentation head left out",
    ),
}


def fetch(folder: Path) -> Path:
    """Let npm download the package into `folder`; returns the tarball."""
    done = subprocess.run(["npm", "pack", PACKAGE], cwd=folder, check=True, capture_output=True, text=True)
    return folder / done.stdout.split()[-1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tarball", type=Path, nargs="?", help="the npm package's tarball")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, tarfile.open(given.tarball or fetch(Path(folder))) as archive:
        for name, network in NETWORKS.items():
            member = archive.extractfile(network.member)
            if member is None:
                raise SystemExit(f"{network.member} should be a file in {PACKAGE}, but is not. Give another tarball.")
            model = convert(member.read(), network.outputs)
            with replacing(ASSETS / name) as temporary:
                temporary.write_bytes(model.SerializeToString(deterministic=True))
            entry = add(
                name, "Apache-2.0", f"npm {PACKAGE}, {network.member}", "tools/convert_blazepose.py", network.note
            )
            print(f"{name}: {entry['bytes']} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
