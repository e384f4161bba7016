import numpy as np

from core.imitation.starts import Adaptive, Anywhere, Beginning, Evenly


def test_start_phases_are_phases():
    random = np.random.default_rng(0)
    for starts in (Anywhere(), Beginning(), Evenly(), Adaptive()):
        phases = starts.draw(random, 1000)
        assert phases.shape == (1000,)
        assert phases.min() >= 0
        assert phases.max() < 1
    assert np.allclose(Evenly().draw(random, 4), [0, 0.25, 0.5, 0.75])
    assert not Beginning().draw(random, 4).any()


def test_the_density_is_that_of_what_is_drawn():
    starts = Adaptive(logits=np.linspace(-1, 1, 10), log_stds=np.full(10, np.log(0.04)))
    grid = (np.arange(2000) + 0.5) / 2000
    assert np.isclose(starts.density(grid).mean(), 1.0, atol=1e-6)
    drawn = np.histogram(starts.draw(np.random.default_rng(1), 200_000), 20, (0, 1))[0] / 10_000
    assert np.allclose(drawn, starts.density(grid).reshape(20, 100).mean(axis=1), atol=0.03)


def test_it_moves_to_where_episodes_go_well_and_keeps_a_share_everywhere():
    random = np.random.default_rng(2)
    starts = Adaptive()
    for _ in range(300):
        phases = starts.draw(random, 200)
        starts = starts.improved(phases, np.exp(-0.5 * ((phases - 0.7) / 0.1) ** 2), rate=0.1)
    grid = np.linspace(0, 1, 101)[:-1]
    density = starts.density(grid)
    assert abs(grid[density.argmax()] - 0.7) < 0.08
    assert density[np.abs(grid - 0.2) < 0.1].max() < 0.7
    assert density.min() >= 0.1


def test_returns_that_tell_nothing_change_nothing():
    starts = Adaptive()
    assert starts.improved(np.array([0.1, 0.5]), np.array([3.0, 3.0])) is starts
    assert starts.improved(np.zeros(0), np.zeros(0)) is starts
