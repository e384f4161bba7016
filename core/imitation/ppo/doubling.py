"""Mirrored samples: each sample brings the one that the humanoid in the mirror would have collected.

Abdolhosseini, Ling, Xie, Peng & van de Panne 2019 ("On learning symmetric locomotion"), the way called duplicating
samples: (o, a) with its advantage and return stands beside (Mo, Ma) with the same ones.
"""

import dataclasses

import numpy as np

from core.imitation.mirroring import mirrored_actions, mirrored_observations
from core.imitation.ppo.collecting import Batch
from core.imitation.ppo.networks import Actor


def doubled(batch: Batch, actor: Actor, shift: float) -> Batch:
    """`batch` of n humanoids with their mirror images beside them: 2n, the first n as they were.

    `actor`: the policy that collected; `shift`: `mirroring.phase_shift` of the reference. Mirrored actions were not
    drawn from this policy. Their old log-probability is nevertheless its own, at the mirrored observation, so that the
    ratio begins at 1 for all samples. Of the episodes that ended there is no second copy.
    """
    raw = mirrored_observations(batch.raw, shift)
    actions = mirrored_actions(batch.actions)
    flat = actor.normalised(raw.reshape(-1, raw.shape[-1]))
    log_probs = actor.log_probabilities(actions.reshape(len(flat), -1), actor.means(flat))
    new = {
        "raw": raw,
        "observations": flat.reshape(raw.shape),
        "actions": actions,
        "log_probs": log_probs.reshape(batch.log_probs.shape),
    }
    same = ("rewards", "terms", "values", "episode_starts")
    columns = {
        name: np.concatenate([getattr(batch, name), new.get(name, getattr(batch, name))], axis=1)
        for name in (*new, *same)
    }
    ends = {name: np.tile(getattr(batch, name), 2) for name in ("last_values", "last_dones")}
    return dataclasses.replace(batch, **columns, **ends)
