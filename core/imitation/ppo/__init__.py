"""Learning a policy by PPO: settings, collecting on all cores, stable-baselines3's update, checkpoints, the run."""

from core.imitation.ppo.settings import TrainingSettings
from core.imitation.ppo.training import Trained, train

__all__ = ["Trained", "TrainingSettings", "train"]
