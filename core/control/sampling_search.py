"""The search behind sampling-based tracking: one pass over the windows of a motion, and what the next pass learns.

After Liu et al. 2010, "Sampling-based Contact-rich Motion Control" (windows, samples from kept states, back-tracking),
and Liu, Yin & Guo 2015, "Improving Sampling-based Motion Control" (a pass samples around what survived in the last).
"""

from collections.abc import Callable
from dataclasses import dataclass

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
    """One pass: `samples` a window from `kept` states, `carried` share of the parent's offset from the mean, `memory`
    share of the parent's cost."""

    samples: int
    kept: int
    carried: float
    memory: float


@dataclass(frozen=True)
class Kept:
    """The states kept after a window: the engine's rows `states` [K,W], `scores` [K] they were chosen by, `parents`
    [K] in the window before, `offsets` [K,28] rad, `actions` [K,s,36] and `totals` [K], the costs of the lineage until
    here. `error` m: the least mean body error among them."""

    states: Array
    scores: Array
    parents: Array
    offsets: Array
    actions: Array
    totals: Array
    error: float


@dataclass(frozen=True)
class Lineage:
    """A way found: `offsets` [w,28] and `actions` [s,36] of the w windows it lasts and its summed cost `total`."""

    offsets: Array
    actions: Array
    total: float


def run_pass(
    engine: Engine,
    problem: Problem,
    settings: PassSettings,
    means: Array,
    noise: Array,
    rng: np.random.Generator,
    tick: Callable[[], None],
    elite: Lineage,
    resumed: tuple[Kept, ...],
    end: int,
) -> tuple[Kept, ...]:
    """Search the windows from those of `resumed` (the history so far) to `end`; the history with them.

    Samples are drawn around `means` [w,28] with standard deviations `noise` [w] rad. `elite` is always among them as
    long as it lasts, from the first state of `resumed`, and never dropped, so that the pass makes nothing worse. It
    ends early where the reference is lost. `tick` is called before each window.
    """
    nobody = Kept(
        problem.start, np.zeros(1), np.zeros(1, int), np.zeros((1, 28)), np.zeros((1, 0, 36)), np.zeros(1), 0.0
    )
    history = list(resumed)
    lost_s = 0.0
    for w in range(len(history), end):
        tick()
        last = history[-1] if history else nobody
        favourite = elite.offsets[w] if w < len(elite.offsets) else None
        centres = means[w] + settings.carried * (last.offsets - (means[w - 1] if w else 0.0))
        kept = _window(engine, problem, settings, w, last, centres, noise[w], favourite, rng)
        if kept is None:
            break
        history.append(kept)
        window = problem.windows[w]
        lost_s = lost_s + (window.stop - window.start) * problem.step_s if kept.error > LOST_M else 0.0
        if lost_s >= LOST_FOR_S:
            break
    return tuple(history)


def _window(
    engine: Engine,
    problem: Problem,
    settings: PassSettings,
    w: int,
    last: Kept,
    centres: Array,
    noise: float,
    favourite: Array | None,
    rng: np.random.Generator,
) -> Kept | None:
    """Sample window `w` from the states of `last`, around `centres` [K,28] of each with `noise` rad; `favourite` [28]
    is tried from the first of them and kept. None where everybody flew apart."""
    window = problem.windows[w]
    parents = np.arange(settings.samples) % len(last.states)
    offsets = centres[parents]
    offsets[len(last.states) :] += (
        noise * problem.spread * rng.standard_normal((max(0, settings.samples - len(last.states)), 28))
    )
    if favourite is not None:
        offsets[0] = favourite
    actions = actions_from_targets(turned(problem.targets[None, window], offsets[:, None]))
    seen = engine.rollouts(last.states[parents], targets_from_actions(actions), problem.substeps)
    costs, errors = _judge(seen, problem, window, offsets)
    scores = costs + settings.memory * last.scores[parents]
    chosen = _choose(scores, settings.kept, favourite is not None, rng)
    if not len(chosen):
        return None
    totals = last.totals[parents] + costs
    picked = (scores, parents, offsets, actions, totals)
    return Kept(seen.states[chosen], *(each[chosen] for each in picked), float(errors[chosen].min()))  # type: ignore[call-arg]


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


def trace(history: tuple[Kept, ...]) -> Lineage:
    """Back from the cheapest of the last kept states to the start."""
    if not history:
        return Lineage(np.zeros((0, 28)), np.zeros((0, 36)), 0.0)
    at = int(history[-1].totals.argmin())
    total = float(history[-1].totals[at])
    offsets, actions = [], []
    for kept in reversed(history):
        offsets.append(kept.offsets[at])
        actions.append(kept.actions[at])
        at = int(kept.parents[at])
    return Lineage(np.array(offsets[::-1]), np.concatenate(actions[::-1]), total)


def surviving_means(history: tuple[Kept, ...], lookahead: int) -> Array:
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
