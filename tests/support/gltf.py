"""Reading GLB files in tests: the Khronos validator's verdict, and a small reader of nodes and animations."""

import json
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation, Slerp

ROOT = Path(__file__).resolve().parents[2]
_COMPONENTS = {5121: np.uint8, 5123: np.uint16, 5126: np.float32}
_WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}


def khronos_report(path: Path) -> dict[str, Any]:
    """The validator's report: `["issues"]["numErrors"]`, `["issues"]["numWarnings"]`, `["issues"]["messages"]`.

    Skips the test where node or the validator is not installed (`make` installs both).
    """
    node = shutil.which("node")
    if node is None or not (ROOT / ".tools/node_modules/gltf-validator").is_dir():
        pytest.skip("node with gltf-validator is not installed: run `make` or "
                    "`npm install --prefix .tools gltf-validator@2.0.0-dev.3.10`")  # fmt: skip
    script = ROOT / "tests/export/validate_glb.mjs"
    done = subprocess.run([node, str(script), str(path)], capture_output=True, text=True, check=True, timeout=120)
    return json.loads(done.stdout)


def assert_clean(path: Path) -> None:
    """Neither errors nor warnings from the Khronos validator."""
    issues = khronos_report(path)["issues"]
    assert (issues["numErrors"], issues["numWarnings"]) == (0, 0), issues["messages"][:10]


@dataclass(frozen=True)
class Glb:
    """A parsed GLB: its JSON and its binary chunk."""

    json: dict[str, Any]
    blob: bytes

    @classmethod
    def read(cls, path: Path) -> "Glb":
        content = Path(path).read_bytes()
        magic, version, length = struct.unpack_from("<4sII", content)
        assert (magic, version, length) == (b"glTF", 2, len(content))
        size, _ = struct.unpack_from("<I4s", content, 12)
        return cls(json.loads(content[20 : 20 + size]), content[20 + size + 8 :])

    def accessor(self, index: int) -> np.ndarray:
        """An accessor's numbers [count, width], as stored."""
        accessor = self.json["accessors"][index]
        view = self.json["bufferViews"][accessor["bufferView"]]
        width = _WIDTHS[accessor["type"]]
        start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        kind = _COMPONENTS[accessor["componentType"]]
        return np.frombuffer(self.blob, kind, accessor["count"] * width, start).reshape(-1, width)

    def attribute(self, name: str) -> np.ndarray:
        """A vertex attribute of the first primitive."""
        return self.accessor(self.json["meshes"][0]["primitives"][0]["attributes"][name])

    def joint_transforms(self, time: float) -> np.ndarray:
        """[J,4,4]: where the animation puts the skin's joints in the world, by glTF's rules."""
        local = [_local_matrix(node) for node in self._posed_nodes(time)]
        world: dict[int, np.ndarray] = {}

        def walk(index: int, above: np.ndarray) -> None:
            world[index] = above @ local[index]
            for child in self.json["nodes"][index].get("children", []):
                walk(child, world[index])

        for root in self.json["scenes"][self.json["scene"]]["nodes"]:
            walk(root, np.eye(4))
        return np.stack([world[joint] for joint in self.json["skins"][0]["joints"]])

    def skinned(self, time: float) -> np.ndarray:
        """[V,3] m: the mesh at a time, skinned by glTF's rules."""
        bind = self.accessor(self.json["skins"][0]["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
        moves = self.joint_transforms(time) @ bind
        weights = self.attribute("WEIGHTS_0") / 255.0
        blended = np.einsum("vk,vkij->vij", weights, moves[self.attribute("JOINTS_0").astype(int)])
        return np.einsum("vij,vj->vi", blended[:, :3, :3], self.attribute("POSITION")) + blended[:, :3, 3]

    def _posed_nodes(self, time: float) -> list[dict[str, Any]]:
        nodes = [dict(node) for node in self.json["nodes"]]
        for animation in self.json.get("animations", []):
            for channel in animation["channels"]:
                sampler = animation["samplers"][channel["sampler"]]
                assert sampler.get("interpolation", "LINEAR") == "LINEAR"
                times = self.accessor(sampler["input"])[:, 0].astype(float)
                value = _interpolated(times, self.accessor(sampler["output"]).astype(float), time)
                nodes[channel["target"]["node"]][channel["target"]["path"]] = value
        return nodes


def _interpolated(times: np.ndarray, values: np.ndarray, time: float) -> np.ndarray:
    time = float(np.clip(time, times[0], times[-1]))
    if len(times) == 1:
        return values[0]
    if values.shape[1] == 4:
        return Slerp(times, Rotation.from_quat(values))(time).as_quat()
    return np.array([np.interp(time, times, column) for column in values.T])


def _local_matrix(node: dict[str, Any]) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_quat(node.get("rotation", [0, 0, 0, 1])).as_matrix()
    matrix[:3, 3] = node.get("translation", [0, 0, 0])
    return matrix
