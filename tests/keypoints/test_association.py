"""Identities for keypoints that have none."""

import numpy as np

from core.keypoints.association import follow, same_place

STANDING = np.column_stack([np.random.default_rng(0).uniform([-20, -60], [20, 60], (33, 2)), np.ones(33)])
TIMES = np.arange(40) / 30


def at(x: float, y: float = 200.0) -> np.ndarray:
    return STANDING + np.array([x, y, 0])


def test_two_who_cross_keep_their_way():
    frames = [[at(100 + 6 * i), at(340 - 6 * i)][:: 1 if i % 2 else -1] for i in range(40)]
    people = follow(frames, TIMES)
    assert len(people) == 2
    for person in people:
        steps = np.diff([person.points[i][0, 0] for i in range(40)])
        assert np.allclose(steps, steps[0])


def test_somebody_hidden_for_a_moment_is_the_same_and_later_somebody_new():
    def seen_but(gap: range, fps: float):
        times = np.arange(60) / fps
        return follow([[] if i in gap else [at(100 + 0.5 * i)] for i in range(60)], times)

    assert len(seen_but(range(20, 30), 30.0)) == 1
    assert len(seen_but(range(20, 30), 5.0)) == 2


def test_far_away_is_somebody_else():
    people = follow([[at(100)], [at(600)]], [0.0, 0.03])
    assert len(people) == 2


def test_points_that_are_missing_count_for_nothing():
    half = at(102)
    half[::2] = 0
    assert len(follow([[at(100)], [half], [at(104)]], [0.0, 0.03, 0.07])) == 1
    assert follow([[np.zeros((33, 3))]], [0.0]) == []


def test_two_readings_of_one_person():
    assert same_place(at(100), at(102))
    assert not same_place(at(100), at(130))
