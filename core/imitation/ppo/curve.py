"""What a training writes down as it goes: curve.jsonl, one JSON object a line.

Every iteration has a line (`samples`, `seconds`, `reward` a step, its `terms`, `failures` a step, `episode_s`, `kl`,
`learning_rate`, `clip_fraction`, `explained_variance`, `samples_per_second`, `assist`); lines of evaluations have also
`return`, `return_from_start`, `seconds_up`, `share_up`.
"""

import json
import math
from pathlib import Path
from typing import Any

from core.arrays_on_disk import replacing

NAME = "curve.jsonl"


def note(folder: Path, line: dict[str, Any]) -> None:
    """Add a line to `folder`'s curve; what is not finite becomes null."""
    with (folder / NAME).open("a", encoding="utf-8") as file:
        file.write(json.dumps({k: _plain(v) for k, v in line.items()}) + "\n")


def read_curve(folder: Path) -> list[dict[str, Any]]:
    """The lines so far; one that is being written, or was when the disk was full, is left out."""
    try:
        text = (folder / NAME).read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    return [line for line in map(_read, text.splitlines()) if line is not None]


def cut_back(folder: Path, samples: int) -> None:
    """Forget what came after `samples`: a training that was killed goes on from its checkpoint."""
    kept = [line for line in read_curve(folder) if line["samples"] <= samples]
    with replacing(folder / NAME) as temporary:
        temporary.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")


def _read(line: str) -> dict[str, Any] | None:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value
