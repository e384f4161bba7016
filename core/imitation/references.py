"""References by name or from a file."""

from pathlib import Path

from core.errors import BadInputError
from core.humanoid.deepmimic_file import read_deepmimic
from core.motion import HumanoidMotion

_PREFIX = "humanoid3d_"


def clip_names() -> list[str]:
    """DeepMimic's clips that come with pybullet_data."""
    return sorted(path.stem.removeprefix(_PREFIX) for path in _clips().glob(f"{_PREFIX}*.txt"))


def reference_called(motion: str) -> HumanoidMotion:
    """The reference that `motion` means: a file (DeepMimic txt, motion.npz, AMASS npz) or the name of a clip.

    `BadInputError` where it is neither.
    """
    from core.control.performing import reference_from_file

    if Path(motion).is_file():
        return reference_from_file(Path(motion))[0]
    if motion not in clip_names():
        raise BadInputError(
            f"A motion should be a file (DeepMimic txt, motion.npz, AMASS npz) or one of the clips "
            f"{', '.join(clip_names())}, but {motion} is neither."
        )
    return read_deepmimic(_clips() / f"{_PREFIX}{motion}.txt")


def _clips() -> Path:
    import pybullet_data

    return Path(pybullet_data.getDataPath()) / "data" / "motions"
