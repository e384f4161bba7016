"""The search behind sampling-based tracking: one pass over the windows of a motion, and what the next pass learns.

After Liu et al. 2010, "Sampling-based Contact-rich Motion Control" (windows, samples from kept states, back-tracking),
and Liu, Yin & Guo 2015, "Improving Sampling-based Motion Control" (a pass samples around what survived in the last).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from core.control.failure import LOST_FOR_S, LOST_M, body_errors
from core.control.sampling_cost import CostWeights, Posture, cost
from core.humanoid.actions import actions_from_targets, targets_from_actions, turned
from core.physics.engine import Engine

Array = np.ndarray

_SHARE_BEST = 0.7
"""Of the kept states so many are the best; the others are drawn from the better third."""
_BETTER = 1 / 3


@dataclass(frozen=True)
class Problem:
    """What is to be tracked, per control step k of S (frame k to k+1).

    `targets` [S,36]: what the joints are pulled to without any offset. `reference`: where the humanoid should be at
    frames 1..S. `start` [1,W]: the engine's row at frame 0. `substeps` simulation steps a control step, of `step_s` s.
    `windows`: slices of control steps that share an offset. `spread` [28]: how much each degree of freedom takes of the
    noise.
    """

    targets: Array
    reference: Posture
    start: Array
    substeps: int
    step_s: float
    windows: tuple[slice, ...]
    spread: Array
    weights: CostWeights


@dataclass(frozen=True)
class PassSettings:
    """One pass: `samples` a window from `kept` states, `noise` rad on the targets, `carried` share of the parent's
    offset from the mean, `memory` share of the parent's cost, `lookahead` windows after which survivors are counted."""

    samples: int
    kept: int
    noise: float
    carried: float
    memory: float
    lookahead: int


@dataclass(frozen=True)
class Kept:
    """The states kept after a window: `parents` [K] in the window before, `offsets` [K,28] rad, `actions` [K,s,36],
    mean body `errors` [K] m at its end and `totals` [K], the costs of the lineage until here."""

    parents: Array
    offsets: Array
    actions: Array
    errors: Array
    totals: Array


@dataclass(frozen=True)
class Lineage:
    """The best way found: `offsets` [w,28] and `actions` [s,36] of the w windows it lasted, its summed cost `total`,
    and whether it `survived` to the end."""

    offsets: Array
    actions: Array
    total: float
    survived: bool

    def better_than(self, other: "Lineage | None") -> bool:
        """Longer counts first, then cheaper."""
        if other is None or len(self.offsets) != len(other.offsets):
            return other is None or len(self.offsets) > len(other.offsets)
        return (self.survived, -self.total) > (other.survived, -other.total)


@dataclass
class Passed:
    """What a pass leaves: the `best` lineage and the `means` [w,28] of the surviving ones."""

    best: Lineage
    means: Array
    kept: list[Kept] = field(repr=False)


def run_pass(
    engine: Engine,
    problem: Problem,
    settings: PassSettings,
    means: Array,
    elite: Lineage | None,
    rng: np.random.Generator,
    tick: Callable[[int], None],
) -> Passed:
    """One pass over the windows, sampling around `means` [w,28]; `elite`, the best lineage so far, is always among
    the samples and never dropped, so a pass makes nothing worse. `tick` is told each window's number."""
    states, scores = problem.start, np.zeros(1)
    previous = Kept(np.zeros(1, int), np.zeros((1, 28)), np.zeros((1, 0, 36)), np.zeros(1), np.zeros(1))
    history: list[Kept] = []
    lost_s = 0.0
    for w, window in enumerate(problem.windows):
        tick(w)
        parents = np.arange(settings.samples) % len(states)
        deviations = previous.offsets - (means[w - 1] if w else 0.0)
        offsets = means[w] + settings.carried * deviations[parents]
        offsets += settings.noise * problem.spread * rng.standard_normal((settings.samples, 28))
        offsets[0] = means[w]
        has_elite = elite is not None and w < len(elite.offsets)
        if has_elite:
            offsets[0] = elite.offsets[w]  # type: ignore[union-attr]  # the elite is always the first kept
        actions = actions_from_targets(turned(problem.targets[None, window], offsets[:, None]))
        seen = engine.rollouts(states[parents], targets_from_actions(actions), problem.substeps)
        costs, errors = _judge(seen, problem, window, offsets)
        ranking = costs + settings.memory * scores[parents]
        chosen = _choose(ranking, settings.kept, has_elite, rng)
        if not len(chosen):
            break
        states, scores = seen.states[chosen], ranking[chosen]
        totals = previous.totals[parents] + costs
        previous = Kept(parents[chosen], offsets[chosen], actions[chosen], errors[chosen], totals[chosen])
        history.append(previous)
        lost_s = lost_s + (window.stop - window.start) * problem.step_s if errors[chosen].min() > LOST_M else 0.0
        if lost_s >= LOST_FOR_S:
            break
    survived = len(history) == len(problem.windows) and lost_s == 0.0
    return Passed(_trace(history, survived), surviving_means(history, settings.lookahead), history)


def _judge(seen, problem: Problem, window: slice, offsets: Array) -> tuple[Array, Array]:
    """Costs [N], infinite for who flew apart, and mean body errors [N] at the window's end."""
    end = window.stop - 1
    wanted = Posture(problem.reference.frames[end], problem.reference.positions[end], problem.reference.velocities[end])
    ours = Posture(seen.frames[:, -1], seen.bodies.positions[:, -1], seen.bodies.velocities[:, -1])
    costs = cost(ours, wanted, offsets, problem.weights)
    costs[~seen.intact.all(axis=1)] = np.inf
    return costs, body_errors(ours.positions, wanted.positions)


def _choose(ranking: Array, kept: int, has_elite: bool, rng: np.random.Generator) -> Array:
    """Indices of the kept samples, best first (but the elite, sample 0, before all where there is one)."""
    order = np.argsort(ranking, kind="stable")
    order = order[np.isfinite(ranking[order])]
    best = order[: max(1, round(_SHARE_BEST * kept))]
    rest = order[len(best) : max(len(best), int(_BETTER * len(ranking)))]
    drawn = rng.permutation(len(rest))[: kept - len(best)]
    chosen = np.concatenate([best, rest[np.sort(drawn)]])
    if has_elite and np.isfinite(ranking[0]):
        chosen = np.concatenate([[0], chosen[chosen != 0]])
    return chosen


def _trace(history: list[Kept], survived: bool) -> Lineage:
    """Back from the cheapest of the last kept states to the start."""
    if not history:
        return Lineage(np.zeros((0, 28)), np.zeros((0, 36)), 0.0, False)
    at = int(history[-1].totals.argmin())
    total = float(history[-1].totals[at])
    offsets, actions = [], []
    for kept in reversed(history):
        offsets.append(kept.offsets[at])
        actions.append(kept.actions[at])
        at = int(kept.parents[at])
    return Lineage(np.array(offsets[::-1]), np.concatenate(actions[::-1]), total, survived)


def surviving_means(history: list[Kept], lookahead: int) -> Array:
    """[w,28]: of each window the mean offset over the states kept `lookahead` windows later, each with its ancestor's.

    To the very end all lineages share their first ancestors, and one ancestor's offset is as noisy as any sample."""
    means = np.empty((len(history), 28))
    for w in range(len(history)):
        last = min(w + lookahead, len(history) - 1)
        at = np.arange(len(history[last].parents))
        for later in range(last, w, -1):
            at = history[later].parents[at]
        means[w] = history[w].offsets[at].mean(axis=0)
    return means
