"""A challenge as a folder: what was planned, every cell as soon as it is known, the rollouts, at the end the matrix."""

import json
import shutil
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.arrays_on_disk import replacing
from core.assets import read_manifest
from core.export.humanoid_glb import write_humanoid_glb
from core.imitation.challenge import Cell, ChallengeSettings, Matrix
from core.imitation.challenge_picture import draw_challenge
from core.imitation.shipped import FOLDER, shipped
from core.motion import Rollout
from core.run_folder import read_json, write_json


@dataclass(frozen=True)
class ChallengeFolder:
    """plan.json, cells/P-on-M.json, rollouts/P-on-M.npz and -humanoid.glb; matrix.json, .png and .svg."""

    root: Path

    def plan(self, policies: list[str], motions: list[str], settings: ChallengeSettings) -> None:
        """Write down by their short names what is to be run; cells that were run otherwise, or with what shipped under
        the name of a policy before, do not count for it."""
        planned = {"policies": policies, "motions": motions, "settings": asdict(settings)}
        before = self.planned().get("settings")
        if before != json.loads(json.dumps(planned["settings"])):
            shutil.rmtree(self.root / "cells", ignore_errors=True)
        self._plan(planned)

    def forget_replaced(self) -> None:
        """Remove the cells, with their rollouts, of policies that ship no more as they were when these were run."""
        planned = self.planned()
        if planned.get("checksums", {}) != _checksums(planned.get("policies", [])):
            self._plan(planned)

    def _plan(self, planned: dict[str, Any]) -> None:
        known, now = self.planned().get("checksums", {}), _checksums(planned["policies"])
        replaced = [policy for policy in planned["policies"] if known.get(policy) != now.get(policy)]
        starts = tuple(_name(policy, "") for policy in replaced)
        for path in (*self.root.glob("cells/*"), *self.root.glob("rollouts/*")):
            if path.name.startswith(starts):
                path.unlink(missing_ok=True)
        write_json(self.root / "plan.json", planned | {"checksums": now})

    def keep(self, cell: Cell, rollout: Rollout | None) -> None:
        """Write a cell, after the rollout of its first start."""
        name = _name(cell.policy, cell.motion)
        if rollout is not None:
            rollout.save(self.rollout(cell.policy, cell.motion))
            write_humanoid_glb(self.root / "rollouts" / f"{name}-humanoid.glb", rollout)
        write_json(self.root / "cells" / f"{name}.json", asdict(cell))

    def keep_only(self, cells: Collection[tuple[str, str]]) -> None:
        """Remove all cells with their rollouts but these (policy, motion)."""
        names = {_name(*cell) for cell in cells}
        for path in (*self.root.glob("cells/*"), *self.root.glob("rollouts/*")):
            if path.stem.removesuffix("-humanoid") not in names:
                path.unlink(missing_ok=True)

    def known_since(self, policy: str, motion: str) -> float | None:
        """When a cell was written [s since 1970]; None while it is not known, or could not be run."""
        cell = self.cell(policy, motion)
        path = self.root / "cells" / f"{_name(policy, motion)}.json"
        return None if cell is None or cell.problem else path.stat().st_mtime

    def write_matrix(self, matrix: Matrix) -> None:
        """Write the whole, as figures and as a picture."""
        drawing = draw_challenge(matrix)
        svg = drawing.svg("Policies on motions").encode()
        for name, content in (("matrix.png", drawing.png()), ("matrix.svg", svg)):
            with replacing(self.root / name) as temporary:
                temporary.write_bytes(content)
        write_json(self.root / "matrix.json", matrix.to_json())

    def rollout(self, policy: str, motion: str) -> Path:
        """Where the rollout of a cell's first start lies, if it could be run."""
        return self.root / "rollouts" / f"{_name(policy, motion)}.npz"

    def planned(self) -> dict[str, Any]:
        """{"policies", "motions", "settings", "checksums" of the policies that ship}; {} where nothing is planned."""
        return read_json(self.root / "plan.json")

    def cell(self, policy: str, motion: str) -> Cell | None:
        """A cell, None while it is not known."""
        content = read_json(self.root / "cells" / f"{_name(policy, motion)}.json")
        if not content:
            return None
        return Cell(**content | {"falls": tuple(content["falls"]), "returns": tuple(content["returns"])})


def forget_cells(challenges: Path, part: str) -> None:
    """Remove the cells and rollouts of all challenges in a folder whose names have `part` in them, such as the id of a
    run that is removed for good."""
    for path in challenges.rglob(f"*{part}*"):
        path.unlink(missing_ok=True)


def _checksums(policies: list[str]) -> dict[str, str]:
    """Name -> sha256 of those that this project ships: other versions ship others under the same names."""
    clips, files = shipped(), read_manifest()
    names = {policy: f"{FOLDER}/{clips[policy]}/policy.onnx" for policy in policies if policy in clips}
    return {policy: files[name]["sha256"] for policy, name in names.items() if name in files}


def _name(policy: str, motion: str) -> str:
    return f"{policy}-on-{motion}"
