"""DeepMimic's policies that come with pybullet_data: walk, jump, backflip and spinkick, learned long ago by others.

Network 197 -> 1024 -> 512 -> 36 with ReLU (Peng et al. 2018a), the state of `core.imitation.observations` going in as
(s - mean) / std and coming out as out x std + mean: of each spherical joint an angle and an axis of any length, of each
hinge an angle. They know nothing of where they should be, only how they stand and the phase.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from core.errors import BadInputError
from core.humanoid.actions import targets_from_actions
from core.humanoid.character import SPHERICAL_JOINTS
from core.imitation.observations import LINK_FEATURES, deepmimic_state
from core.imitation.policy import Conventions, Seen
from core.imitation.tensorflow_checkpoint import read_checkpoint

Array = np.ndarray

STATE_SIZE, ACTION_SIZE = 1 + LINK_FEATURES, 36
_PREFIX = "agent/main/actor/"
_SHAPES = {
    "0/dense/kernel": (STATE_SIZE, 1024),
    "0/dense/bias": (1024,),
    "1/dense/kernel": (1024, 512),
    "1/dense/bias": (512,),
    "dense/kernel": (512, ACTION_SIZE),
    "dense/bias": (ACTION_SIZE,),
}
_NORMS = {"s_norm": STATE_SIZE, "a_norm": ACTION_SIZE}
_AXES = np.array([range(j.action.start + 1, j.action.stop) for j in SPHERICAL_JOINTS])


@dataclass(frozen=True)
class Pretrained:
    """One that ships: `file` within pybullet_data's policies, and the `clip` that it imitates."""

    file: str
    clip: str


PRETRAINED = {
    "walk": Pretrained("humanoid3d_walk", "walk"),
    "walk_COMenabled": Pretrained("humanoid3d_walk_COMenabled", "walk"),
    "jump": Pretrained("humanoid3d_jump", "jump"),
    "backflip": Pretrained("humanoid3d_backflip", "backflip"),
    "spinkick": Pretrained("humanoid3d_spinkick", "spinkick"),
}
"""By the names under which a person asks for them."""

CONVENTIONS = Conventions("bullet", step_hz=240.0, resets_place=True)
"""As PyBullet's environment ran them; at 480 and 600 steps a second the walk falls from most starts."""


def data_folder() -> Path:
    """Where pybullet_data keeps its motions and policies."""
    import pybullet_data

    return Path(pybullet_data.getDataPath()) / "data"


def pretrained(name: str) -> "DeepMimicPolicy":
    """The policy called `name` in PRETRAINED; `BadInputError` for another name."""
    if name not in PRETRAINED:
        raise BadInputError(f"A pretrained policy should be one of {', '.join(PRETRAINED)}, but is {name!r}.")
    which = PRETRAINED[name]
    stem = data_folder() / "policies" / "humanoid3d" / f"{which.file}.ckpt"
    return DeepMimicPolicy(stem, name)


class DeepMimicPolicy:
    """A policy in a checkpoint of DeepMimic's learning code, as `core.imitation.policy.Policy`."""

    def __init__(self, stem: Path, name: str) -> None:
        """`stem`: the checkpoint's path without .index. `BadInputError` where it is damaged or another network."""
        tensors = read_checkpoint(stem)
        wanted = {_PREFIX + key: shape for key, shape in _SHAPES.items()}
        for norm, size in _NORMS.items():
            wanted |= {f"agent/resource/{norm}/{part}": (size,) for part in ("mean", "std")}
        for key, shape in wanted.items():
            if key not in tensors or tensors[key].shape != shape or not np.isfinite(tensors[key]).all():
                found = tensors[key].shape if key in tensors else "nothing"
                raise BadInputError(
                    f"{Path(stem).name} should hold DeepMimic's humanoid policy with {key} {shape} of finite numbers, "
                    f"but holds {found}."
                )
        weights = {key: tensors[_PREFIX + key] for key in _SHAPES}
        self._layers = [
            (weights[f"{part}/kernel"], weights[f"{part}/bias"]) for part in ("0/dense", "1/dense", "dense")
        ]
        norms = partial(_norm, tensors)
        self._state_norm, self._action_norm = norms("s_norm"), norms("a_norm")
        self.name = name
        self.conventions = CONVENTIONS

    def actions(self, states: Array) -> Array:
        """[n,36] (angle and axis of any length, or angle) for DeepMimic states [n,197]."""
        mean, std = self._state_norm
        hidden = ((states - mean) / std).astype(np.float32)
        # Row by row: a product of matrices may round a row by what its neighbours are, and n must not matter.
        rows = [self._network(row) for row in hidden]
        mean, std = self._action_norm
        return np.stack(rows).astype(float) * std + mean

    def targets(self, seen: Seen) -> Array:
        """See `Policy`."""
        actions = self.actions(deepmimic_state(seen.now, seen.phase))
        lengths = np.linalg.norm(actions[:, _AXES], axis=-1, keepdims=True)
        actions[:, _AXES] /= np.maximum(lengths, 1e-9)
        return targets_from_actions(actions)

    def _network(self, row: Array) -> Array:
        (first, first_bias), (second, second_bias), (last, last_bias) = self._layers
        hidden = np.maximum(row @ first + first_bias, 0)
        hidden = np.maximum(hidden @ second + second_bias, 0)
        return hidden @ last + last_bias


def _norm(tensors: dict[str, Array], name: str) -> tuple[Array, Array]:
    mean, std = (tensors[f"agent/resource/{name}/{part}"].astype(float) for part in ("mean", "std"))
    return mean, np.maximum(std, 1e-6)
