"""What a mesh-recovery network must bring along: `MODEL_DIR/model.onnx` and `MODEL_DIR/manifest.json`.

The manifest says what cannot be seen in the network itself: how crops are cut and coloured, what its camera means,
whose body it poses. Only `family` is required; every other key overrides the family's own value (docs/hmr-models.md).
"""

import json
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from core.errors import BadInputError

MODEL_FILE, MANIFEST_FILE = "model.onnx", "manifest.json"

CROPS = ("hmr2", "cliff", "spin", "hmr", "letterbox")
CAMERAS = ("weak_perspective", "keypoints")
ORIENTATIONS = ("crop", "picture")
SIX_D = ("interleaved", "contiguous", "rows")
BBOX_INFO = ("cliff", "paper")
BORDERS = ("black", "edge")
INPUT_ROLES = ("image", "bbox_info", "keypoints", "world", "features")
OUTPUT_ROLES = ("rotations", "betas", "camera", "pelvis")

_IMAGENET: dict[str, Any] = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
_SMPL_PELVIS = (-0.0018, -0.2233, 0.0282)
FAMILIES: dict[str, dict[str, Any]] = {
    "hmr2": {"input_size": (256, 256), **_IMAGENET, "crop": "hmr2", "margin": 1.1, "six_d": "contiguous"},
    "cliff": {"input_size": (256, 192), **_IMAGENET, "crop": "cliff", "margin": 1.2, "orientation": "picture"},
    "spin": {"input_size": (224, 224), **_IMAGENET, "crop": "spin", "margin": 1.2},
    "hmr": {"input_size": (224, 224), "mean": (0.5,) * 3, "std": (0.5,) * 3, "crop": "hmr", "border": "edge"},
    "keypoints": {"camera": "keypoints", "body_model": "understudy-cc0", "pelvis": (0.0, 0.0, 0.0)},
}
"""What a family does unless the manifest says otherwise: Goel et al. 2023 (HMR2.0), Li et al. 2022 (CLIFF), Kolotouros
et al. 2019 (SPIN), Kanazawa et al. 2018 (HMR), and networks that see keypoints instead of pixels."""


@dataclass(frozen=True)
class Manifest:
    """One network's manifest, complete and checked."""

    family: str
    """Where the defaults come from: a key of `FAMILIES`."""
    name: str = ""
    """What the network is called, for people."""
    input_size: tuple[int, int] = (224, 224)
    """Height and width of the crop [px]; the square that is cut has the crop's height, a narrower width is its middle.
    """
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Subtracted from the colours (red, green, blue in [0, 1]) ..."""
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """... which are then divided by this."""
    crop: str = "spin"
    """The rule of `core.mesh_recovery.crops` that finds the square."""
    margin: float = 1.0
    """How much larger the square is than the rule's tight one. Boxes of keypoints end at eyes and toes."""
    border: str = "black"
    """What is seen beyond the picture: "black", or the "edge" pixels repeated."""
    camera: str = "weak_perspective"
    """"weak_perspective": an output [B,3] (s, tx, ty) in the crop; "keypoints": the body is placed on the keypoints."""
    orientation: str = "crop"
    """Whose axes the first rotation is in: of a camera that looks at the middle of the "crop", or at the "picture"."""
    six_d: str = "interleaved"
    """How six numbers are two columns of a matrix: x1 x2 y1 y2 z1 z2 "interleaved", x1 y1 z1 x2 y2 z2 "contiguous"; or
    they are the first two "rows"."""
    bbox_info: str = "cliff"
    """Scaling of the input `bbox_info`: as CLIFF's published code does it, or as its "paper" (equation 5) has it."""
    inputs: dict[str, str] = field(default_factory=dict)
    """Role (`INPUT_ROLES`) to the input's name, where names and shapes leave it open."""
    outputs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Role (`OUTPUT_ROLES`) to the outputs' names; two for rotations are root and body."""
    step_s: float = 1 / 30
    """Unit of time between the frames of the input `features` [B,W,199] (`windows.window_offsets` counts it) [s]."""
    body_model: str = "smpl"
    """Whose shape space `betas` are; any name but the shipped body's makes them be fitted to bone lengths instead."""
    pelvis: tuple[float, float, float] = _SMPL_PELVIS
    """Where that body has its pelvis when its translation is zero [m]; SMPL's neutral mean body unless said."""
    licence: str = ""
    """Under which licence the weights may be used, for people."""

    @property
    def title(self) -> str:
        """The name, or the family where there is none."""
        return self.name or f"a network of the family {self.family}"


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a model folder; `BadInputError` where it is missing or says what cannot be."""
    path = Path(folder) / MANIFEST_FILE
    if not Path(folder).is_dir():
        raise BadInputError(
            f"The mesh-recovery network should be a folder with {MODEL_FILE} and {MANIFEST_FILE}, but {folder} is none."
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInputError(
            f"{folder} should hold a {MANIFEST_FILE} beside the network, but does not. The least that will do is "
            '{"family": "hmr2"}; docs/hmr-models.md has examples.'
        ) from None
    except (OSError, ValueError) as error:
        raise BadInputError(f"{path} should be JSON, but cannot be read: {error}.") from error
    return manifest_from_json(content, str(path))


def manifest_from_json(content: Any, where: str = MANIFEST_FILE) -> Manifest:
    """A manifest from parsed JSON; `where` names the file in the messages."""
    if not isinstance(content, dict):
        raise BadInputError(f"{where} should hold a JSON object, but holds a {type(content).__name__}.")
    known = {each.name for each in fields(Manifest)}
    if unknown := sorted(set(content) - known):
        raise BadInputError(
            f"{where} has the unknown key {unknown[0]!r}; the known ones are {', '.join(sorted(known))}."
        )
    family = content.get("family")
    if not isinstance(family, str) or family not in FAMILIES:
        raise BadInputError(f"{where}: 'family' should be one of {', '.join(FAMILIES)}, but is {family!r}.")
    manifest = Manifest(**{"family": family, **FAMILIES[family]})
    return replace(manifest, **{key: _checked(where, key, value) for key, value in content.items()})


_CHOICES = {
    "family": tuple(FAMILIES),
    "crop": CROPS,
    "camera": CAMERAS,
    "orientation": ORIENTATIONS,
    "six_d": SIX_D,
    "bbox_info": BBOX_INFO,
    "border": BORDERS,
}
_RANGES = {"margin": (0.5, 4), "step_s": (0.001, 1)}


def _checked(where: str, key: str, value: Any) -> Any:
    def refuse(wanted: str) -> BadInputError:
        return BadInputError(f"{where}: {key!r} should be {wanted}, but is {json.dumps(value)}.")

    if key in _CHOICES:
        if value not in _CHOICES[key]:
            raise refuse(f"one of {', '.join(_CHOICES[key])}")
        return value
    if key in ("name", "body_model", "licence"):
        if not isinstance(value, str):
            raise refuse("a text")
        return value
    if key == "input_size":
        sides = [value, value] if _is_number(value) else value
        if not _numbers(sides, 2) or any(n != int(n) or not 32 <= n <= 2048 for n in sides):
            raise refuse("a whole number of pixels from 32 to 2048, or two of them (height, width)")
        return (int(sides[0]), int(sides[1]))
    if key in ("mean", "std", "pelvis"):
        if not _numbers(value, 3) or (key == "std" and min(value) <= 0):
            raise refuse("three numbers" + (" above 0" if key == "std" else ""))
        if key != "pelvis" and max(abs(n) for n in value) > 10:
            raise refuse("given for colours in [0, 1]; divide values for colours up to 255 by 255")
        return tuple(float(n) for n in value)
    if key in _RANGES:
        least, most = _RANGES[key]
        if not _is_number(value) or not least <= value <= most:
            raise refuse(f"a number from {least} to {most}")
        return float(value)
    return _roles(key, value, refuse)


def _roles(key: str, value: Any, refuse: Any) -> dict[str, Any]:
    """`inputs` and `outputs`: role to name, of outputs also to several names."""
    known = INPUT_ROLES if key == "inputs" else OUTPUT_ROLES
    if not isinstance(value, dict) or not set(value) <= set(known):
        raise refuse(f"an object with some of the keys {', '.join(known)}")
    if key == "inputs":
        if not all(isinstance(name, str) for name in value.values()):
            raise refuse("an object of names")
        return dict(value)
    lists = {role: [names] if isinstance(names, str) else names for role, names in value.items()}
    for role, names in lists.items():
        most = 2 if role == "rotations" else 1
        if not isinstance(names, list) or not all(isinstance(n, str) for n in names) or not 1 <= len(names) <= most:
            raise refuse("an object of names, of which 'rotations' may have a list of two (root, body)")
    return {role: tuple(names) for role, names in lists.items()}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9


def _numbers(value: Any, count: int) -> bool:
    return isinstance(value, list | tuple) and len(value) == count and all(_is_number(n) for n in value)
