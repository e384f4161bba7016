"""The order of the search, on an engine that costs nothing: one number per humanoid, moved by what it is told."""

import numpy as np
import pytest

import core.control.sampling_passes as passes
from core.control.failure import LOST_M
from core.control.sampling_cost import CostWeights
from core.control.sampling_passes import Plan, Search, with_first
from core.control.sampling_search import Kept, PassSettings, surviving_means, trace


def kept(parents: list[int], offsets: list[float], totals: list[float], error: float = 0.1) -> Kept:
    n = len(parents)
    each = np.repeat(np.array(offsets, float)[:, None], 28, axis=1)
    actions = np.repeat(np.array(offsets, float)[:, None, None], 36, axis=2)
    states, off = np.arange(n)[:, None] * 1.0, np.zeros((n, 68))
    return Kept(states, np.zeros(n), np.array(parents), each, actions, np.array(totals), off, error)


HISTORY = (
    kept([0, 0, 0], [1, 2, 3], [1, 1, 1]),
    kept([2, 1, 1], [4, 5, 6], [2, 2, 2]),
    kept([1, 1, 0], [7, 8, 9], [3, 2.5, 4]),
)


def test_the_best_lineage_is_followed_back():
    best = trace(HISTORY)
    assert best.offsets[:, 0].tolist() == [2, 5, 8]
    assert best.actions[:, 0].tolist() == [2, 5, 8]
    assert best.total == 2.5
    assert len(trace(()).offsets) == 0


def test_means_are_of_ancestors_weighted_by_descendants():
    assert surviving_means(HISTORY, 0)[:, 0] == pytest.approx([2, 5, 8])
    assert surviving_means(HISTORY, 1)[:, 0] == pytest.approx([(3 + 2 + 2) / 3, (5 + 5 + 4) / 3, 8])
    assert surviving_means(HISTORY, 9)[:, 0] == pytest.approx([(2 + 2 + 3) / 3, (5 + 5 + 4) / 3, 8])


def test_taking_up_a_history_puts_the_best_ones_ancestor_first():
    resumed = with_first(HISTORY, 2)
    assert resumed[0] is HISTORY[0]
    assert resumed[1].offsets[:, 0].tolist() == [5, 4, 6]
    assert resumed[1].parents.tolist() == [1, 2, 1]
    assert trace((*resumed,)).total == 2
    assert with_first(HISTORY, 0) == ()


class Problem:
    weights = CostWeights()

    def __init__(self, n: int) -> None:
        self.windows = tuple(slice(i, i + 1) for i in range(n))


def search_with(monkeypatch, n: int, falls: dict[int, int], budget: int) -> list[tuple[int, int, int, float]]:
    """(start, end, samples, noise at the end) of each pass; at window w the reference is lost falls[w] times."""
    seen = []

    def fake(engine, problem, settings, guide, rng, tick, learn, elite, resumed, end):
        seen.append((len(resumed), end, settings.samples, round(float(guide.noise[end - 1]), 3)))
        history = list(resumed)
        for w in range(len(resumed), end):
            tick()
            lost = falls.get(w, 0) > 0 and w >= len(elite.offsets)
            history.append(kept([0], [0], [1], LOST_M + 1 if lost else 0.1))
            if lost:
                falls[w] -= 1
                break
        return tuple(history)

    monkeypatch.setattr(passes, "run_pass", fake)
    plan = Plan(budget, stretch=6, visits=3, noise=0.2, shrink=0.5, least_noise=0.04, lookahead=2)
    search = Search(None, Problem(n), PassSettings(10, 2, 0.5, 0.3, 0.5), plan, np.random.default_rng(0))
    search.run(lambda: None, lambda lineage: None)
    assert search.used <= budget + n
    return seen


def test_every_window_is_searched_so_often_and_then_all_of_it(monkeypatch):
    seen = search_with(monkeypatch, 8, {}, 8 * 5)
    assert [each[:2] for each in seen[:6]] == [(0, 2), (0, 4), (0, 6), (2, 8), (4, 8), (6, 8)]
    assert [each[3] for each in seen[:6]] == [0.2, 0.2, 0.2, 0.2, 0.1, 0.05]
    assert [each[:3] for each in seen[6:]] == [(0, 8, 10), (0, 8, 10)]


def test_where_it_falls_the_search_goes_further_back(monkeypatch):
    seen = search_with(monkeypatch, 12, {7: 2}, 60)
    assert [each[:2] for each in seen[:7]] == [(0, 2), (0, 4), (0, 6), (2, 8), (1, 9), (0, 9), (5, 11)]


def test_what_cannot_be_held_ends_with_the_budget(monkeypatch):
    seen = search_with(monkeypatch, 12, {7: 10**6}, 40)
    assert all(end <= 9 for _, end, _, _ in seen)
    assert len(seen) > 5
