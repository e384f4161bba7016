"""Where episodes begin in the motion: reference state initialisation, fixed, or SFV's adaptive distribution.

All draw phases in [0,1) of the motion (or of its cycle).
"""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

Array = np.ndarray

COMPONENTS = 10


class Starts(Protocol):
    """A distribution of start phases."""

    def draw(self, random: np.random.Generator, n: int) -> Array:
        """[n] phases in [0,1)."""


@dataclass(frozen=True)
class Anywhere:
    """Uniform: reference state initialisation (Peng et al. 2018a, section 6.1)."""

    def draw(self, random: np.random.Generator, n: int) -> Array:
        """See `Starts`."""
        return random.random(n)


@dataclass(frozen=True)
class Beginning:
    """Always the motion's first frame."""

    def draw(self, random: np.random.Generator, n: int) -> Array:
        """See `Starts`."""
        return np.zeros(n)


@dataclass(frozen=True)
class Evenly:
    """0, 1/n, 2/n, ...: for evaluations."""

    def draw(self, random: np.random.Generator, n: int) -> Array:
        """See `Starts`."""
        return np.arange(n) / n


@dataclass(frozen=True)
class Adaptive:
    """A mixture of ten Gaussians over the phase (wrapped), with a uniform share mixed in so that no phase dies out.

    SFV (Peng et al. 2018b, section 6.4) learns where to begin as a second agent that shares the policy's return:
    REINFORCE, grad E[R] = E[(R - b) grad log p(phase)]. `logits`, `means`, `log_stds` [10].
    """

    logits: Array = field(default_factory=lambda: np.zeros(COMPONENTS))
    means: Array = field(default_factory=lambda: (np.arange(COMPONENTS) + 0.5) / COMPONENTS)
    log_stds: Array = field(default_factory=lambda: np.full(COMPONENTS, np.log(0.05)))
    uniform: float = 0.1

    def draw(self, random: np.random.Generator, n: int) -> Array:
        """See `Starts`."""
        chosen = random.choice(COMPONENTS, size=n, p=_softmax(self.logits))
        phases = self.means[chosen] + np.exp(self.log_stds[chosen]) * random.standard_normal(n)
        return np.where(random.random(n) < self.uniform, random.random(n), phases % 1.0)

    def density(self, phases: Array) -> Array:
        """[n]: the probability density at `phases` [n]."""
        return self.uniform + (1 - self.uniform) * self._parts(phases).sum(axis=1)

    def improved(self, phases: Array, returns: Array, rate: float = 0.01) -> "Adaptive":
        """After episodes that began at `phases` [E] and brought `returns` [E] (any unit: their spread is taken out)."""
        if len(phases) < 2 or np.std(returns) < 1e-9:
            return self
        advantage = (returns - returns.mean()) / returns.std()
        parts = self._parts(phases)
        duty = (1 - self.uniform) * parts / self.density(phases)[:, None]  # [E,10]: how far a component is to blame
        z = self._offsets(phases) / np.exp(self.log_stds)
        weighted = advantage[:, None] * duty
        mean_grad = (weighted * z / np.exp(self.log_stds)).mean(axis=0)
        return Adaptive(
            self.logits + rate * (weighted - advantage[:, None] * _softmax(self.logits)).mean(axis=0),
            # steps of means and widths in units of the width, so that narrow components do not leap
            (self.means + rate * mean_grad * np.exp(2 * self.log_stds)) % 1.0,
            np.clip(self.log_stds + rate * (weighted * (z * z - 1)).mean(axis=0), np.log(0.01), np.log(0.3)),
            self.uniform,
        )

    def _offsets(self, phases: Array) -> Array:
        return (phases[:, None] - self.means + 0.5) % 1.0 - 0.5

    def _parts(self, phases: Array) -> Array:
        std = np.exp(self.log_stds)
        z = self._offsets(phases) / std
        return _softmax(self.logits) * np.exp(-0.5 * z * z) / (std * np.sqrt(2 * np.pi))


def starts_named(name: str) -> Starts:
    """The distribution called "reference", "adaptive" or "beginning", as it is at first."""
    return {"reference": Anywhere, "adaptive": Adaptive, "beginning": Beginning}[name]()


def _softmax(logits: Array) -> Array:
    exponentials = np.exp(logits - logits.max())
    return exponentials / exponentials.sum()
