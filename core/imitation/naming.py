"""What a person may call a policy or a motion, and what is meant."""

from pathlib import Path

from core.control.performing import reference_from_file
from core.errors import BadInputError
from core.imitation.policy import Policy
from core.imitation.policy_file import OnnxPolicy
from core.imitation.pretrained import PRETRAINED, DeepMimicPolicy, pretrained
from core.imitation.references import reference_called
from core.imitation.shipped import known_policies, shipped, shipped_policy
from core.motion import BodyMotion, HumanoidMotion

_CLIP = "humanoid3d_"


def load_policy(what: str) -> Policy:
    """The policy called `what`: one of `known_policies`, a policy.onnx or its folder, or a checkpoint of DeepMimic's
    learning code (NAME.ckpt, or its NAME.ckpt.index). `BadInputError` where it is none of them."""
    if what in PRETRAINED:
        return pretrained(what)
    if what in shipped():
        return shipped_policy(what)
    path = Path(what)
    stem = path.with_suffix("") if path.suffix == ".index" else path
    if stem.suffix == ".ckpt":
        return DeepMimicPolicy(stem, stem.stem)
    if path.exists():
        return OnnxPolicy(path)
    raise BadInputError(
        f"A policy should be {', '.join(known_policies())}, a policy.onnx or the folder that holds one, but {what} is "
        "not."
    )


def load_motion(what: str) -> tuple[HumanoidMotion, BodyMotion | None]:
    """The reference called `what` (`core.imitation.references`); of a file also the body that it is to be shown on."""
    if Path(what).is_file():
        return reference_from_file(Path(what))
    return reference_called(what), None


def short_name(what: str) -> str:
    """How a policy or motion is called in tables and file names."""
    path = Path(what)
    if path.stem in ("policy", "motion", "reference"):  # every run has one of that name
        path = path.resolve().parent
    return path.name.removesuffix(".index").split(".")[0].removeprefix(_CLIP)
