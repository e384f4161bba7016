"""In which order the windows of a motion are searched: stretch by stretch, then all of it again.

A pass over a whole motion builds upon a beginning that nobody has polished yet, and falls over it seconds later. So the
search goes forward by a stride at a time and back by a stretch: every window has been searched `visits` times, with
less noise each time, before the search has left it behind. What is left of the budget goes into passes over everything.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from core.control.failure import LOST_M
from core.control.sampling_feedback import OFF_SIZE, Feedback, FeedbackSettings, Samples, feedbacks
from core.control.sampling_search import (
    Guide,
    Kept,
    Lineage,
    PassSettings,
    Problem,
    run_pass,
    surviving_means,
    trace,
)
from core.physics.engine import Engine

Array = np.ndarray

_LEAST_SHARE = 0.3
"""Of a whole pass: what is left of the budget is worth a pass with so many fewer samples."""


@dataclass(frozen=True)
class Plan:
    """How the windows are gone through.

    `budget`: so many windows are searched, each as often as it is. `stretch` windows are searched at once, each
    `visits` times. `noise` rad on the targets, times `shrink` for every visit before, not below `least_noise`.
    `lookahead` windows after which survivors are counted. `feedback`: what is learnt from the samples.
    """

    budget: int
    stretch: int
    visits: int
    noise: float
    shrink: float
    least_noise: float
    lookahead: int
    feedback: FeedbackSettings = field(default_factory=FeedbackSettings)


class Search:
    """The state of a search: what is held so far, and what was learnt about each window."""

    def __init__(
        self, engine: Engine, problem: Problem, basics: PassSettings, plan: Plan, rng: np.random.Generator
    ) -> None:
        self.engine, self.problem, self.basics, self.plan, self.rng = engine, problem, basics, plan, rng
        self.n = len(problem.windows)
        self.used = 0
        self.means = np.zeros((self.n, 28))
        self.visits = np.zeros(self.n, int)
        self.seen: list[Samples] = []
        self.feedbacks: list[Feedback] = []
        self.history: tuple[Kept, ...] = ()
        self.longest: tuple[Kept, ...] = ()

    def run(self, tick: Callable[[], None], tell: Callable[[Lineage], None]) -> Lineage:
        """Search until the budget is used up; `tick` is called before every window, `tell` with what got better."""
        told = 0.0
        for start, end, samples in self._passes():
            before = trace(self.history)
            self._pass(start, end, samples, tick)
            after = trace(self.history)
            held = len(self.history) / self.n
            polished = len(before.offsets) == self.n and after.total < before.total
            if held >= told + 0.25 or (held == 1.0 and (told < 1.0 or polished)):
                told = held
                tell(after)
        return trace(self.longest if len(self.longest) > len(self.history) else self.history)

    def _passes(self):
        """(first window, window after the last, samples) of each pass, one after the other."""
        plan, samples, failures = self.plan, self.basics.samples, 0
        stride = max(1, round(plan.stretch / plan.visits))
        while len(self.history) < self.n and self.used < plan.budget:
            reached = len(self.history)
            end = min(self.n, reached + stride)
            yield max(0, end - plan.stretch - failures * stride), end, samples
            failures = 0 if len(self.history) == end else failures + 1
            if failures:  # whoever fell is no example
                self.means[max(0, len(self.history) - stride) :] = 0.0
                self.visits[max(0, len(self.history) - stride) :] = 0
        for start in range(max(0, self.n - plan.stretch + stride), self.n, stride):
            if self.used + self.n - start > plan.budget:
                return
            yield start, self.n, samples
        while (share := (plan.budget - self.used) / self.n) >= _LEAST_SHARE:
            yield 0, self.n, round(samples * min(share, 1.0))

    def _pass(self, start: int, end: int, samples: int, tick: Callable[[], None]) -> None:
        """Search windows `start` to `end` anew; what was held is among the samples and stays held."""

        def count() -> None:
            tick()
            self.used += 1

        elite = trace(self.history)
        resumed = with_first(self.history, start)
        noise = np.maximum(self.plan.least_noise, self.plan.noise * self.plan.shrink**self.visits)
        settings = replace(self.basics, samples=samples, kept=min(self.basics.kept, samples))
        effort = self.problem.weights.offsets / 28
        self.feedbacks[start:] = feedbacks(self.seen[start:], self.means[start:], effort, self.plan.feedback)
        guide = Guide(self.means, self.feedbacks, noise)
        history = run_pass(
            self.engine, self.problem, settings, guide, self.rng, count, self._learn, elite, resumed, end
        )
        if len(history) > len(self.longest):
            self.longest = history
        near = [w for w, kept in enumerate(history) if kept.error <= LOST_M]
        self.history = history[: near[-1] + 1 if near else 0]
        found = surviving_means(self.history, self.plan.lookahead)
        self.means[start : len(found)] = found[start:]
        self.visits[start : len(found)] += 1
        del self.seen[len(self.history) :]

    def _learn(self, w: int, off: Array, offsets: Array, after: Array, parts: Array) -> None:
        if w == len(self.seen):
            self.seen.append(Samples(OFF_SIZE + parts.shape[1]))
        self.seen[w].add(off, offsets, after, parts)


def with_first(history: tuple[Kept, ...], windows: int) -> tuple[Kept, ...]:
    """The first `windows` of the history, with the ancestor of its best lineage put first in the last of them."""
    if windows == 0 or not history:
        return ()
    at = int(history[-1].totals.argmin())
    for kept in reversed(history[windows:]):
        at = int(kept.parents[at])
    last = history[windows - 1]
    order = np.concatenate([[at], np.delete(np.arange(len(last.parents)), at)])
    names = ("states", "scores", "parents", "offsets", "actions", "totals", "off")
    arrays = {name: getattr(last, name)[order] for name in names}
    return (*history[: windows - 1], replace(last, **arrays))
