"""How well the humanoid kept to its reference, and what held it up."""

import numpy as np

from core.motion import Rollout


def rollout_figures(rollout: Rollout) -> dict[str, float | None]:
    """The figures of a rollout that only physics has:

    - return: the sum of the reward terms (`reward_terms` carry their weights already), mean over the *full horizon*
      (also where the rollout was cut after a fall) with zeros from the fall on: a mean until the fall would flatter
      those who fall at once. None without terms.
    - time_to_fall_s: None if it stayed up.
    - goal_error: of a policy with a goal, how far off it was on average while it was up (rad or m); else left out.
    - residual_force_n: mean norm of the force that no muscle made; 0 for an unassisted tracker.
    """
    rewards = rollout.reward_terms.sum(axis=1)
    fell = not np.isnan(rollout.time_to_fall_s)
    if fell:
        rewards = np.where(rollout.times < rollout.time_to_fall_s, rewards, 0.0)
    forces = np.linalg.norm(rollout.residual_wrench[:, :3], axis=1)
    whole = len(rollout) if np.isnan(rollout.horizon_s) else round(rollout.horizon_s * rollout.fps) + 1
    figures = {
        "return": float(rewards.sum()) / max(whole, len(rollout)) if rollout.reward_terms.size else None,
        "time_to_fall_s": float(rollout.time_to_fall_s) if fell else None,
        "residual_force_n": float(forces.mean()) if len(forces) else None,
    }
    return figures if np.isnan(rollout.goal_error) else {**figures, "goal_error": float(rollout.goal_error)}
