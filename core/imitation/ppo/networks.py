"""The policy as numpy: what collects needs no torch, and weights travel between processes as plain arrays."""

from dataclasses import dataclass

import numpy as np

Array = np.ndarray

STD_FLOOR = 0.02
"""Added in quadrature to the standard deviations of observations (m, rad, m/s, rad/s): what hardly ever changes should
not be blown up to noise."""

MOST_ACTION = 5.0
"""Actions are clipped to this, either way (0.4 rad a unit: two radians)."""


@dataclass(frozen=True)
class Actor:
    """Everything that acts: normalisation, policy, value function.

    `mean`, `std` [O] of observations; `policy` and `value`: layers as (weights [out,in], bias [out]), ReLU between
    them; `log_std` [A] of the Gaussian that actions are drawn from. All float32.
    """

    mean: Array
    std: Array
    policy: tuple[tuple[Array, Array], ...]
    value: tuple[tuple[Array, Array], ...]
    log_std: Array

    def normalised(self, observations: Array) -> Array:
        """[n,O] float32."""
        return ((observations - self.mean) / self.std).astype(np.float32)

    def means(self, normalised: Array) -> Array:
        """[n,A]: the policy's actions without noise."""
        return _through(self.policy, normalised)

    def values(self, normalised: Array) -> Array:
        """[n]: the value function."""
        return _through(self.value, normalised)[:, 0]

    def log_probabilities(self, actions: Array, means: Array) -> Array:
        """[n]: of `actions` [n,A] under Gaussians about `means`."""
        z = (actions - means) / np.exp(self.log_std)
        return (-0.5 * z * z - self.log_std - 0.5 * np.log(2 * np.pi)).sum(axis=1, dtype=np.float32)


def moved(before: Actor, after: Actor, observations: Array) -> float:
    """Mean KL divergence of `after` from `before` over raw `observations` [n,O]: of Gaussians that share their
    deviations. Each sees by the normalisation of `before`."""
    seen = before.normalised(observations)
    z = (_through(after.policy, seen) - before.means(seen)) / np.exp(before.log_std)
    return float((0.5 * z * z).sum(axis=1).mean())


def clipped(actions: Array) -> Array:
    """Actions as the environment takes them."""
    return np.clip(actions, -MOST_ACTION, MOST_ACTION)


def _through(layers: tuple[tuple[Array, Array], ...], x: Array) -> Array:
    for weights, bias in layers[:-1]:
        x = np.maximum(x @ weights.T + bias, 0.0)
    weights, bias = layers[-1]
    return x @ weights.T + bias
