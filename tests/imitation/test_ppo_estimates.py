"""stable-baselines3's buffer against sums done by hand: GAE, TD(lambda), ends of episodes."""

import numpy as np
import pytest

pytest.importorskip("stable_baselines3")

import torch
from gymnasium import spaces
from stable_baselines3.common.buffers import RolloutBuffer

GAMMA, LAMBDA = 0.9, 0.5


def filled(rewards: list[float], values: list[float], starts: list[int], last_value: float, last_done: bool):
    space = spaces.Box(-1, 1, (1,), np.float32)
    buffer = RolloutBuffer(len(rewards), space, space, "cpu", gae_lambda=LAMBDA, gamma=GAMMA, n_envs=1)
    buffer.rewards[:, 0], buffer.values[:, 0], buffer.episode_starts[:, 0] = rewards, values, starts
    buffer.compute_returns_and_advantage(torch.tensor([last_value]), np.array([last_done]))
    return buffer


def lambda_return(rewards: list[float], following: list[float]) -> float:
    """Of the first step, by definition: the mean of all n-step returns, weighed by (1 - lambda) lambda^(n-1).

    `following` [T]: V of the state after each step; the last is the bootstrap, 0 where the episode ended.
    """
    total, weight_left = 0.0, 1.0
    for n in range(1, len(rewards) + 1):
        steps = sum(GAMMA**k * rewards[k] for k in range(n)) + GAMMA**n * following[n - 1]
        weight = weight_left * (1 - LAMBDA) if n < len(rewards) else weight_left
        total += weight * steps
        weight_left -= weight
    return total


def test_advantages_of_a_toy_trajectory():
    """Three steps, all numbers worked out on paper."""
    buffer = filled([1.0, 0.5, 0.0], [2.0, 1.0, 4.0], [1, 0, 0], 2.0, False)
    # delta_2 = 0 + .9 * 2 - 4 = -2.2; delta_1 = .5 + .9 * 4 - 1 = 3.1; delta_0 = 1 + .9 * 1 - 2 = -.1
    # A_2 = -2.2; A_1 = 3.1 + .45 * -2.2 = 2.11; A_0 = -.1 + .45 * 2.11 = .8495
    assert np.allclose(buffer.advantages[:, 0], [0.8495, 2.11, -2.2], atol=1e-6)
    assert np.allclose(buffer.returns[:, 0], [2.8495, 3.11, 1.8], atol=1e-6)


def test_targets_of_the_value_function_are_lambda_returns():
    rewards, values, last = [0.3, 0.7, 0.2, 0.9], [1.0, -0.5, 0.8, 0.1], 0.6
    buffer = filled(rewards, values, [1, 0, 0, 0], last, False)
    following = [*values[1:], last]
    expected = [lambda_return(rewards[t:], following[t:]) for t in range(4)]
    assert np.allclose(buffer.returns[:, 0], expected, atol=1e-6)


def test_nothing_is_expected_after_a_failure():
    """The second step fails; the third begins a new episode."""
    buffer = filled([1.0, 0.0, 0.5], [2.0, 1.0, 3.0], [1, 0, 1], 5.0, True)
    assert np.allclose(buffer.returns[:2, 0], [lambda_return([1.0, 0.0], [1.0, 0.0]), 0.0], atol=1e-6)
    assert np.allclose(buffer.returns[2, 0], 0.5, atol=1e-6)
