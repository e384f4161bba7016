"""Gauss-Newton and Adam on the same objective: what they reach, and that their steps are right."""

from dataclasses import replace

import numpy as np
import pytest
from support.people import walker_scene, without

from core.body import load_body
from core.errors import BadInputError
from core.mesh_recovery import recover
from core.reconstruction import ReconstructionSettings, reconstruct
from core.reconstruction.adam import AdamSettings, adam
from core.reconstruction.evaluate import evaluate
from core.reconstruction.evidence import gather
from core.reconstruction.gauss_newton import GaussNewtonSettings, gauss_newton
from core.reconstruction.height import standing_height
from core.reconstruction.normal_equations import normal_equations, solve
from core.reconstruction.objective import OURS, PUBLISHED
from core.reconstruction.reconstruct import reconstruct_with_curves
from core.reconstruction.segments import UNKNOWNS, state_of


@pytest.fixture(scope="module")
def scene():
    return walker_scene(pixels=3.0, metres=0.03, seconds=1.0)


@pytest.fixture(scope="module")
def evidence(scene):
    hmr = recover(scene.track)
    return gather(load_body(), scene.track, hmr, hmr.trans, 0.2, 0.08)


def test_a_step_solves_the_whole_system(evidence):
    """The banded solve with the shape eliminated against a dense one."""
    _, sums = evaluate(OURS, evidence, evidence.network, curved=True)
    equations = normal_equations(sums, evidence.levers.basis)
    T = len(evidence)
    dense = np.zeros((T, UNKNOWNS, T, UNKNOWNS))
    for t in range(T):
        dense[t, :, t] = equations.own[t]
        if t + 1 < T:
            dense[t, :, t + 1] = equations.following[t]
            dense[t + 1, :, t] = equations.following[t].T
        if t + 2 < T:
            dense[t, :, t + 2] = dense[t + 2, :, t] = np.diag(equations.after[t])
    n = T * UNKNOWNS
    whole = np.block(
        [
            [dense.reshape(n, n), equations.shape.reshape(n, -1)],
            [equations.shape.reshape(n, -1).T, equations.corner],
        ]
    )
    assert np.linalg.eigvalsh(whole).min() > -1e-6 * np.abs(whole).max()
    whole[np.diag_indices(len(whole))] *= 1.01
    wanted = -np.linalg.solve(whole, np.concatenate([equations.g.ravel(), equations.shape_g]))
    step, shape_step = solve(equations, 0.01)
    assert np.allclose(np.concatenate([step.ravel(), shape_step]), wanted, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("objective", [OURS, PUBLISHED], ids=["ours", "published"])
def test_gauss_newton_gets_lower_than_three_hundred_iterations_of_adam(evidence, objective):
    _, few = gauss_newton(objective, evidence, evidence.network, GaussNewtonSettings(iterations=12, least_gain=0.0))
    _, many = adam(objective, evidence, evidence.network)
    assert len(many.energies) == 301
    assert few.totals[-1] < many.totals[-1] < many.totals[0]
    assert all(b < a for a, b in zip(few.totals, few.totals[1:], strict=False))


def test_adams_first_step_is_the_learning_rate_against_the_gradients_sign(evidence):
    start, _ = adam(PUBLISHED, evidence, evidence.network, AdamSettings(iterations=0))
    after, curve = adam(PUBLISHED, evidence, evidence.network, AdamSettings(iterations=1))
    assert np.allclose(np.abs(after.pelvis - start.pelvis), 1e-3, rtol=1e-2)
    assert curve.totals[1] < curve.totals[0]


def test_curves_name_every_term_and_solve(scene):
    hmr = recover(scene.track)
    content = reconstruct_with_curves(scene.track, hmr).curves_to_json()
    assert {s["solver"] for s in content["solves"]} == {"gauss_newton"}
    assert 2 <= len(content["solves"]) <= 6
    for solve_ in content["solves"]:
        assert set(solve_["terms"]) == {term.name for term in OURS}
        assert np.allclose(np.sum(list(solve_["terms"].values()), axis=0), solve_["total"])
    assert (
        max(content["solves"][0]["terms"]["contact_slide"]) == 0 < max(content["solves"][1]["terms"]["contact_slide"])
    )
    published = reconstruct_with_curves(scene.track, hmr, ReconstructionSettings(solver="adam")).curves_to_json()
    assert [len(s["total"]) for s in published["solves"]] == [301]


def test_unknown_solvers_are_refused():
    with pytest.raises(BadInputError, match="gauss_newton, adam"):
        ReconstructionSettings(solver="newton")


@pytest.mark.parametrize("height", [1.5, 1.95])
def test_a_height_sets_the_scale(scene, height):
    hmr = recover(scene.track)
    free = reconstruct(scene.track, hmr)
    motion = reconstruct(scene.track, hmr, ReconstructionSettings(height_m=height))
    body = load_body()
    assert np.isclose(standing_height(body, motion.betas), height, atol=2e-3)
    growth = height / standing_height(body, free.betas)
    camera_up = motion.camera_in_world[0, 1, 3] / free.camera_in_world[0, 1, 3]
    assert np.isclose(camera_up, growth, rtol=0.08)


@pytest.mark.parametrize("height", [0.3, 17.0, -1.0])
def test_heights_that_nobody_has_are_refused(scene, height):
    with pytest.raises(BadInputError, match="height"):
        reconstruct(scene.track, recover(scene.track), ReconstructionSettings(height_m=height))


def test_half_the_window_without_the_person(scene):
    track = without(scene.track, slice(8, 23))
    motion = reconstruct(track, recover(track))
    assert np.isfinite(motion.joints).all()
    assert np.linalg.norm(np.diff(motion.joints, axis=0), axis=-1).max() < 0.25


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_very_short_motions_by_adam(frames):
    scene = walker_scene(seconds=frames / 30)
    motion = reconstruct(scene.track, recover(scene.track), ReconstructionSettings(solver="adam"))
    assert np.isfinite(motion.joints).all()


def test_keypoints_without_any_confidence_leave_the_networks_word(scene):
    """Visibility under the threshold everywhere: nothing is known but what the network said."""
    keypoints = scene.track.keypoints.copy()
    keypoints[..., 2] = 0.1
    track = replace(scene.track, keypoints=keypoints)
    motion = reconstruct(track, recover(track))
    assert np.isfinite(motion.joints).all()


def test_state_survives_a_round_trip(evidence):
    body = load_body()
    poses = np.zeros((2, 72))
    state = state_of(body, poses, np.ones((2, 3)), np.zeros(10))
    assert np.allclose(state.rotations, np.eye(3))
