"""What lies in a training's folder beside its checkpoints, who may work in it, and what it can go on with."""

import contextlib
import fcntl
import hashlib
import importlib.metadata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import BadInputError
from core.imitation.ppo.checkpoints import load_checkpoint
from core.imitation.ppo.settings import CHANGEABLE, TrainingSettings
from core.imitation.references import reference_called
from core.motion import HumanoidMotion

ROLLOUTS = "rollouts"
REFERENCE = "reference.txt"
RECORD = "training.json"

_VERSIONS = ("understudy", "stable-baselines3", "torch", "mujoco", "pybullet")


def fingerprint(reference: HumanoidMotion) -> str:
    """A short name of a motion's numbers: the same for the same motion."""
    content = np.concatenate([np.asarray(reference.frames, float).ravel().round(9), reference.times.round(9)])
    return hashlib.sha256(content.tobytes() + bytes([reference.loop])).hexdigest()[:16]


def fingerprints_beside(settings: TrainingSettings) -> list[str]:
    """Of the motions that the policy learns beside its own."""
    return [fingerprint(reference_called(each)) for each in settings.beside]


def state_to_go_on_from(folder: Path, reference: HumanoidMotion, settings: TrainingSettings) -> dict[str, Any]:
    """The checkpoint in `folder`; `BadInputError` where it is of another motion or of other settings."""
    state = load_checkpoint(folder)
    if state["motion"] != fingerprint(reference):
        raise BadInputError(
            f"The training in {folder} is of another motion than the one given. Resume it with its own, which is "
            f"{folder / REFERENCE}."
        )
    before, now = TrainingSettings.from_json(state["settings"]).to_json(), settings.to_json()
    changed = [name for name in now if name not in CHANGEABLE and now[name] != before.get(name)]
    if changed:
        raise BadInputError(
            "A training goes on with the settings that it began with, but "
            + ", ".join(f"{name} was {before.get(name)!r} and is {now[name]!r} now" for name in changed)
            + "."
        )
    for name, before in zip(settings.beside, state.get("beside", ()), strict=False):
        _expect_as_it_was(name, before)
    return state


def _expect_as_it_was(name: str, before: str) -> None:
    try:
        same = fingerprint(reference_called(name)) == before
    except BadInputError as error:
        raise BadInputError(
            f"This training learns {name} beside its own motion, which is not there. {error}"
        ) from error
    if not same:
        raise BadInputError(
            f"This training learns {name} beside its own, which is another motion by now. Put back the one that "
            "it began with."
        )


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the system lets go of it when the process ends, however it ends."""
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BadInputError(f"A training is running in {folder} already. Wait for its end, or stop it.") from None
        yield


def versions() -> dict[str, str]:
    """Of what a policy depends on: name -> version."""
    return {name: _version(name) for name in _VERSIONS}


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
