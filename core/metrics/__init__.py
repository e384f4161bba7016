"""How good a motion is, in numbers that a person can check."""

from core.metrics.plausibility import plausibility
from core.metrics.rollouts import rollout_figures

__all__ = ["plausibility", "rollout_figures"]
