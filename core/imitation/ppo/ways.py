"""What suits each way to a policy, for those who say nothing else."""

from typing import Any

from core.errors import BadInputError
from core.imitation.guided.settings import GuidedSettings
from core.imitation.ppo.settings import TrainingSettings

WAYS = ("ppo", "guided")
GUIDED: dict[str, Any] = {"std": 0.15, "learning_rate": 1e-4, "kl": 0.08, "hidden": (256, 256), "disturbed": 1.0}
"""What suits PPO where it goes on with a policy that can do something already, as it was tried."""

DISTURBED = 1.5
"""How far off the reference episodes begin at most, in START_NOISE, unless somebody says otherwise."""

HALF_CYCLE_GAMMA = 0.97
"""Of policies for half a cycle, unless somebody says otherwise. Strides gain by a longer view, getting up loses."""


def settings_for(way: str = "ppo", **values: Any) -> TrainingSettings:
    """The settings of a training that goes the `way` "ppo" or "guided".

    `values`: as `TrainingSettings`; what is not among them is as it suits the way. Either way starts are disturbed as
    few fail, for that makes the policy robust.
    """
    if way not in WAYS:
        raise BadInputError(f"The way should be {' or '.join(WAYS)}, but is {way!r}.")
    if way == "guided":
        values = {**GUIDED, "guided": GuidedSettings(), **values}
    further = {"gamma": HALF_CYCLE_GAMMA} if values.get("half_cycle") else {}
    return TrainingSettings(**{"disturbed": DISTURBED, **further, **values})
