"""The policies that this project trained and ships, and how one gets there.

`core/assets/policies/CLIP/` has `policy.onnx`, `card.md` and `curve.jsonl`. No motion is with them: the clips come with
pybullet_data (see NOTICE).
"""

import json
import shutil
import tempfile
from pathlib import Path

from core.assets import ASSETS, asset_path
from core.errors import BadInputError
from core.imitation.policy_file import OnnxPolicy
from core.imitation.ppo.curve import NAME as CURVE
from core.imitation.ppo.curve import read_curve
from core.imitation.pretrained import PRETRAINED

FOLDER = "policies"
PREFIX = "understudy_"
_LINES = 100
"""So many lines of a curve ship, evenly spread, and all evaluations."""
_LIES_HERE = """## What lies here

- `policy.onnx`: for ONNX Runtime: raw `observations` and `reference_targets` [36] in, `offsets` [28] rad, added onto
  the reference's targets, and `targets` [36] out. Holds numbers only.
- `curve.jsonl`: how it learned.

The motion comes with pybullet_data. `understudy rollout understudy_{clip} --motion {clip}` plays it.
"""


def shipped() -> dict[str, str]:
    """Name -> clip of the policies that ship: "understudy_walk" -> "walk"."""
    clips = sorted(path.parent.name for path in (ASSETS / FOLDER).glob("*/policy.onnx"))
    return {PREFIX + clip: clip for clip in clips}


def shipped_policy(name: str) -> OnnxPolicy:
    """The policy called `name` in `shipped`; `AssetError` where it was tampered with."""
    if name not in shipped():
        raise BadInputError(f"A policy that ships should be one of {', '.join(shipped())}, but is {name!r}.")
    return OnnxPolicy(asset_path(f"{FOLDER}/{shipped()[name]}/policy.onnx"))


def known_policies() -> tuple[str, ...]:
    """The names of all policies that there are without training: DeepMimic's and this project's own."""
    return (*PRETRAINED, *shipped())


def own_clip(policy: str) -> str:
    """The clip that `policy` learned, where it is one of those; else its own name, which a person gave it."""
    return PRETRAINED[policy].clip if policy in PRETRAINED else shipped().get(policy, policy)


def ship(training: Path, clip: str, out: Path = ASSETS) -> list[str]:
    """Write what ships of the last checkpoint of the `training` of `clip` to `out`/policies; the names of the files."""
    from core.imitation.policy_bundle import export_policy  # which wants torch

    folder = out / FOLDER / clip
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as whole:
        export_policy(training, Path(whole), clip)
        shutil.copyfile(Path(whole) / "policy.onnx", folder / "policy.onnx")
        card = (Path(whole) / "card.md").read_text(encoding="utf-8")
    (folder / "card.md").write_text(shipped_card(card, clip), encoding="utf-8")
    lines = read_curve(training)
    step = max(1, len(lines) // _LINES)
    kept = [line for k, line in enumerate(lines) if k % step == 0 or "return" in line]
    (folder / CURVE).write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")
    return [f"{FOLDER}/{clip}/{name}" for name in ("policy.onnx", "card.md", CURVE)]


def shipped_card(card: str, clip: str) -> str:
    """The card of a whole bundle as it is true of what ships of it."""
    about, _, _ = card.replace("; `reference.txt` |", " |").partition("## What lies here")
    return about + _LIES_HERE.format(clip=clip)
