"""The simulated humanoid: what it is, its motions, and the way between it and a person's body."""

from core.humanoid.retarget import RetargetSettings, retarget, rollout_to_body

__all__ = ["RetargetSettings", "retarget", "rollout_to_body"]
