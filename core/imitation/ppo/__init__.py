"""Learning a policy by PPO: settings, collecting on all cores, stable-baselines3's update, checkpoints, the run."""

from typing import TYPE_CHECKING, Any

from core.imitation.ppo.settings import TrainingSettings

if TYPE_CHECKING:
    from core.imitation.ppo.training import Trained, train

__all__ = ["Trained", "TrainingSettings", "train"]


def __getattr__(name: str) -> Any:
    """What learns is imported when it is asked for: who only checks settings, like a site, does without torch."""
    if name not in ("Trained", "train"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from core.imitation.ppo import training

    return getattr(training, name)
