"""The search behind sampling-based tracking: one pass over the windows of a motion, and what survived it.

After Liu et al. 2010, "Sampling-based Contact-rich Motion Control" (windows, samples from kept states, back-tracking),
and Liu, Yin & Guo 2015, "Improving Sampling-based Motion Control" (a pass samples around what survived in the last).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.control.failure import LOST_FOR_S, LOST_M, body_errors
from core.control.sampling_cost import CostWeights, Posture, cost_of, residuals
from core.control.sampling_feedback import OFF_SIZE, Feedback, off_by
from core.control.sampling_feet import standing_part
from core.humanoid.actions import actions_from_targets, targets_from_actions, turned
from core.physics.engine import Engine, Trajectories

Array = np.ndarray

_SHARE_BEST = 0.7
"""Of the kept states so many are the best; the others are drawn from the better third."""
_BETTER = 1 / 3
_SHARE_LEARNT = 0.7
"""The better samples, that the feedback is fitted to: those that fall follow other laws."""


@dataclass(frozen=True)
class Problem:
    """What is to be tracked, per control step k of S (frame k to k+1).

    `targets` [S,36]: what the joints are pulled to without any offset. `reference`: where the humanoid should be at
    frames 1..S, `velocities` [S,34]: how it should move there, `standing` [S,2,2]: how surely its heels and toes stand
    (`core.control.soles`). `start` [1,W]: the engine's row at frame 0. `substeps` simulation steps a control step, of
    `step_s` s. `windows`: slices of control steps that share an offset. `spread` [28]: how much each degree of freedom
    takes of the noise.
    """

    targets: Array
    reference: Posture
    velocities: Array
    standing: Array
    start: Array
    substeps: int
    step_s: float
    windows: tuple[slice, ...]
    spread: Array
    weights: CostWeights


@dataclass(frozen=True)
class PassSettings:
    """One pass: `samples` a window from `kept` states, of which the share `led` is drawn around the feedback; `carried`
    share of the parent's offset from the mean for the others, `memory` share of the parent's cost."""

    samples: int
    kept: int
    carried: float
    memory: float
    led: float


@dataclass(frozen=True)
class Guide:
    """What samples are drawn around: `means` [w,28] rad and, of the first windows, `feedbacks`; with standard
    deviations `noise` [w] rad."""

    means: Array
    feedbacks: list[Feedback]
    noise: Array


@dataclass(frozen=True)
class Kept:
    """The states kept after a window: the engine's rows `states` [K,W], `scores` [K] they were chosen by, `parents`
    [K] in the window before, `offsets` [K,28] rad, `actions` [K,s,36], `totals` [K], the costs of the lineage until
    here, and `off` [K,68], how far they are off. `error` m: the least mean body error among them."""

    states: Array
    scores: Array
    parents: Array
    offsets: Array
    actions: Array
    totals: Array
    off: Array
    error: float


@dataclass(frozen=True)
class Lineage:
    """A way found: `offsets` [w,28] and `actions` [s,36] of the w windows it lasts and its summed cost `total`."""

    offsets: Array
    actions: Array
    total: float


Learn = Callable[[int, Array, Array, Array, Array], None]
"""Told of a window: its number, and of its better samples off [n,68], offsets [n,28], off after it and residuals."""


def run_pass(
    engine: Engine,
    problem: Problem,
    settings: PassSettings,
    guide: Guide,
    rng: np.random.Generator,
    tick: Callable[[], None],
    learn: Learn,
    elite: Lineage,
    resumed: tuple[Kept, ...],
    end: int,
) -> tuple[Kept, ...]:
    """Search the windows from those of `resumed` (the history so far) to `end`; the history with them.

    Samples are drawn as `guide` says. `elite` is always among them as long as it lasts, from the first state of
    `resumed`, and never dropped, so that the pass makes nothing worse. It ends early where the reference is lost.
    `tick` is called before each window, `learn` after it.
    """
    history = list(resumed)
    lost_s = 0.0
    for w in range(len(history), end):
        tick()
        last = history[-1] if history else _nobody(problem)
        drawn = _drawn(problem, settings, guide, w, last, rng)
        if w < len(elite.offsets):
            drawn[0] = elite.offsets[w]
        kept = _window(engine, problem, settings, w, last, drawn, w < len(elite.offsets), rng, learn)
        if kept is None:
            break
        history.append(kept)
        window = problem.windows[w]
        lost_s = lost_s + (window.stop - window.start) * problem.step_s if kept.error > LOST_M else 0.0
        if lost_s >= LOST_FOR_S:
            break
    return tuple(history)


def _nobody(problem: Problem) -> Kept:
    """The start as a window's end."""
    empty = np.zeros((1, 28)), np.zeros((1, 0, 36)), np.zeros(1), np.zeros((1, OFF_SIZE))
    return Kept(problem.start, np.zeros(1), np.zeros(1, int), *empty, error=0.0)


def _drawn(
    problem: Problem, settings: PassSettings, guide: Guide, w: int, last: Kept, rng: np.random.Generator
) -> Array:
    """[N,28] rad: the offsets of window `w`, sample i from state i modulo K of `last`; the first K without noise."""
    parents = np.arange(settings.samples) % len(last.states)
    centres = guide.means[w] + settings.carried * (last.offsets - (guide.means[w - 1] if w else 0.0))
    offsets = centres[parents]
    if w < len(guide.feedbacks):
        led = rng.random(settings.samples) < settings.led
        offsets[led] = guide.feedbacks[w](last.off)[parents[led]]
    noise = guide.noise[w] * problem.spread * rng.standard_normal(offsets.shape)
    noise[: len(last.states)] = 0.0
    return offsets + noise


def _window(
    engine: Engine,
    problem: Problem,
    settings: PassSettings,
    w: int,
    last: Kept,
    offsets: Array,
    has_elite: bool,
    rng: np.random.Generator,
    learn: Learn,
) -> Kept | None:
    """Try window `w` from the states of `last` with `offsets` [N,28]; None where everybody flew apart."""
    window = problem.windows[w]
    parents = np.arange(len(offsets)) % len(last.states)
    actions = actions_from_targets(turned(problem.targets[None, window], offsets[:, None]))
    seen = engine.rollouts(last.states[parents], targets_from_actions(actions), problem.substeps)
    after, errors, parts = _judge(seen, problem, window)
    costs = cost_of(parts, offsets, problem.weights)
    costs[~seen.intact.all(axis=1)] = np.inf
    scores = costs + settings.memory * last.scores[parents]
    chosen = _choose(scores, settings.kept, has_elite, rng)
    if not len(chosen):
        return None
    good = np.argsort(scores, kind="stable")[: round(_SHARE_LEARNT * len(scores))]
    good = good[np.isfinite(scores[good])]
    learn(w, last.off[parents[good]], offsets[good], after[good], parts[good])
    totals = last.totals[parents] + costs
    arrays = (seen.states, scores, parents, offsets, actions, totals, after)
    return Kept(*(each[chosen] for each in arrays), float(errors[chosen].min()))  # type: ignore[call-arg]


def _judge(seen: Trajectories, problem: Problem, window: slice) -> tuple[Array, Array, Array]:
    """How far samples are off the reference's row `end` [N,68], mean body errors [N] m and residuals [N,m]."""
    end = window.stop - 1
    wanted = Posture(problem.reference.frames[end], problem.reference.positions[end], problem.reference.velocities[end])
    ours = Posture(seen.frames[:, -1], seen.bodies.positions[:, -1], seen.bodies.velocities[:, -1])
    after = off_by(ours.frames, seen.velocities[:, -1], wanted.frames, problem.velocities[end])
    at_end = residuals(ours, wanted, problem.weights)
    feet = np.sqrt(problem.weights.standing) * standing_part(seen.bodies, problem.standing[window])
    return after, body_errors(ours.positions, wanted.positions), np.concatenate([at_end, feet], axis=1)


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
