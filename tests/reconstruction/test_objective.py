"""Every term of the objective: its gradient and curvature against numbers, its energy at known states."""

from dataclasses import replace

import numpy as np
import pytest
from support.people import walker_scene

from core.body import load_body
from core.body.kinematics import pose_body
from core.mesh_recovery import recover
from core.reconstruction.evaluate import TERMS, evaluate
from core.reconstruction.evidence import Footing, gather
from core.reconstruction.normal_equations import normal_equations
from core.reconstruction.objective import OURS, PUBLISHED, Term, robust
from core.reconstruction.segments import (
    FIXED,
    JOINTS,
    LANDMARKS,
    UNKNOWNS,
    State,
    arms,
    levers_of,
    poses_and_trans,
    relative_points,
    state_of,
)

TABLES = {"ours": OURS, "published": PUBLISHED}
ALL = [pytest.param(term, id=f"{name}-{term.name}") for name, table in TABLES.items() for term in table]
QUADRATIC = ("reprojection", "points", "contact_slide", "joint_steps", "path", "path_steps", "shape")


@pytest.fixture(scope="module")
def evidence():
    scene = walker_scene(pixels=3.0, metres=0.02, seconds=0.4)
    hmr = recover(scene.track)
    found = gather(load_body(), scene.track, hmr, hmr.trans, 0.2, 0.08)
    rng = np.random.default_rng(1)
    up = scene.camera_in_world[1, :3]
    contacts = (rng.random((len(hmr), 4)) > 0.4).astype(float)
    height = -1.6 + 0.05  # the true ground, raised so that much lies under it
    return replace(found, footing=Footing(up, height, contacts, 0.1 * rng.random(contacts.shape)))


@pytest.fixture(scope="module")
def state(evidence) -> State:
    """A state in which every term has something to say: bent back knees, twisted spines, off the keypoints."""
    rng = np.random.default_rng(2)
    T = len(evidence)
    return evidence.network.moved(rng.normal(0, 0.4, (T, UNKNOWNS)) * ([1.0] * 60 + [0.1] * 3), rng.normal(0, 0.3, 10))


def energy(term: Term, evidence, state) -> float:
    return evaluate((term,), evidence, state, curved=False)[0][term.name]


def test_points_are_the_bodys():
    body = load_body()
    rng = np.random.default_rng(0)
    poses = rng.normal(0, 0.4, (5, 24, 3))
    poses[:, list(FIXED)] = 0
    poses, betas, trans = poses.reshape(5, 72), rng.normal(size=10), rng.normal(size=(5, 3))
    truth = pose_body(body, poses, betas, trans)
    state = state_of(body, poses, trans, betas)
    levers = levers_of(body).of(betas)
    points = relative_points(levers, state.rotations) + state.pelvis[:, None]
    assert np.allclose(points[:, LANDMARKS], truth.landmarks)
    assert np.allclose(points[:, JOINTS], truth.joints)
    assert np.allclose(arms(levers, state.rotations).sum(axis=2) + state.pelvis[:, None], points)
    back, moved = poses_and_trans(body, state)
    assert np.allclose(back, poses)
    assert np.allclose(moved, trans)


@pytest.mark.parametrize("term", ALL)
def test_gradients(term, evidence, state):
    energies, sums = evaluate((term,), evidence, state, curved=False)
    assert energies[term.name] > 0
    by_step, by_shape = sums.gradients(evidence.levers.basis)
    rng = np.random.default_rng(3)
    for _ in range(3):
        step, shape = rng.normal(size=by_step.shape), rng.normal(size=10)
        h = 1e-6
        numeric = (
            energy(term, evidence, state.moved(h * step, h * shape))
            - energy(term, evidence, state.moved(-h * step, -h * shape))
        ) / (2 * h)
        assert np.isclose(
            (by_step * step).sum() + by_shape @ shape, numeric, rtol=1e-5, atol=1e-6 * abs(energies[term.name])
        )


@pytest.mark.parametrize("term", [p for p in ALL if p.values[0].name in QUADRATIC])
def test_curvatures_at_a_minimum_are_second_derivatives(term, evidence, state):
    """Where residuals vanish, Gauss-Newton's matrix is the Hessian: compare its product with a direction."""
    term = replace(term, loss="square")
    footing = replace(evidence.footing, heights=0 * evidence.footing.heights)
    still = evidence.network.moved(np.zeros((len(evidence), UNKNOWNS)), np.zeros(10))
    still = State(
        np.repeat(still.rotations[:1], len(evidence), 0), np.repeat(still.pelvis[:1], len(evidence), 0), still.betas
    )
    points = relative_points(evidence.levers.of(still.betas), still.rotations)
    seen = (points + still.pelvis[:, None])[:, LANDMARKS]
    pixels = seen[..., :2] / seen[..., 2:] * evidence.intrinsics[[0, 1], [0, 1]] + evidence.intrinsics[:2, 2]
    exact = replace(evidence, keypoints=pixels, points=points, network=still, footing=footing)
    energies, sums = evaluate((term,), exact, still, curved=True)
    assert energies[term.name] < 1e-9
    equations = normal_equations(sums, exact.levers.basis)
    rng = np.random.default_rng(4)
    step, shape = rng.normal(size=(len(exact), UNKNOWNS)), rng.normal(size=10)
    h = 1e-6
    ahead = evaluate((term,), exact, still.moved(h * step, h * shape), curved=False)[1].gradients(exact.levers.basis)
    back = evaluate((term,), exact, still.moved(-h * step, -h * shape), curved=False)[1].gradients(exact.levers.basis)
    numeric, numeric_shape = ((a - b) / (2 * h) for a, b in zip(ahead, back, strict=True))
    got, got_shape = product(equations, step, shape)
    assert np.allclose(got, numeric, rtol=1e-4, atol=1e-5 * np.abs(numeric).max())
    assert np.allclose(got_shape, numeric_shape, rtol=1e-4, atol=1e-5 * max(np.abs(numeric_shape).max(), 1.0))


def test_a_number_that_hangs_on_many_points_is_one_row_of_the_jacobian(evidence, state):
    """With J the derivatives of r by a frame's unknowns: H = J J' / sigma^2, g = J r / sigma^2, E = r^2 / 2 sigma^2."""
    term = replace(next(t for t in OURS if t.name == "balance"), loss="square")
    energies, sums = evaluate((term,), evidence, state, curved=True)
    equations = normal_equations(sums, evidence.levers.basis)
    total = 0.0
    for own, g in zip(equations.own, equations.g, strict=True):
        trace = np.trace(own)
        assert np.allclose(own * (g @ g), np.outer(g, g) * trace, atol=1e-9 * (g @ g) * trace)
        total += g @ g / trace if trace > 0 else 0.0
    assert np.isclose(total, 2 * energies[term.name])


def test_feet_belong_under_the_body_unless_it_walks_along_the_view(evidence, state):
    term = next(t for t in OURS if t.name == "balance")
    steady = replace(evidence, metres_per_px=np.full(len(evidence), evidence.metres_per_px.mean()))
    soles = slice(29, 33)
    off = evaluate((term,), steady, state, curved=False)[1]
    leaning = energy(term, steady, state)
    # The gradient says which way the feet should go: towards where they are under the body.
    assert (np.abs(off.relative_g[:, soles]).sum(axis=(1, 2)) > 0).sum() == (steady.footing.contacts.any(axis=1)).sum()
    assert np.allclose(off.relative_g[:, soles] @ steady.footing.normal, 0, atol=1e-9)
    walking = replace(steady, metres_per_px=steady.metres_per_px * np.linspace(1.0, 1.1, len(evidence)))
    assert walking.speed_along_view.mean() > 1.0
    assert energy(term, walking, state) < 0.2 * leaning


def product(equations, step, shape):
    """The matrix of the normal equations times (step, shape)."""
    out = np.einsum("tij,tj->ti", equations.own, step) + equations.shape @ shape
    out[:-1] += np.einsum("tij,tj->ti", equations.following, step[1:])
    out[1:] += np.einsum("tij,ti->tj", equations.following, step[:-1])
    out[:-2] += equations.after * step[2:]
    out[2:] += equations.after * step[:-2]
    return out, np.einsum("tij,ti->j", equations.shape, step) + equations.corner @ shape


@pytest.mark.parametrize("loss", ["square", "huber", "l1", "geman"])
def test_losses_and_their_influence(loss):
    term = Term("x", sigma=0.5, unit="m", loss=loss, bend=2.0, weight=3.0)
    r = np.linspace(0.05, 4, 50)
    h = 1e-6
    numeric = [
        (robust(term, np.array([(x + h) ** 2]))[0] - robust(term, np.array([(x - h) ** 2]))[0]) / (2 * h) for x in r
    ]
    assert np.allclose(robust(term, r**2)[1] * r, numeric, rtol=1e-4)
    near = robust(term, np.array([1e-4]))[0]
    assert np.isclose(near, 3 * (0.02 if loss == "l1" else 0.5 * 4e-4), rtol=0.05)
    if loss == "geman":
        assert robust(term, np.array([1e9]))[0] < 3 * 0.5 * 2.0**2


def test_every_row_of_the_tables_is_a_term_and_says_its_unit_and_source():
    for term in (*OURS, *PUBLISHED):
        assert term.name in TERMS
        assert term.unit
        assert term.source
        assert term.sigma > 0


def test_smoothness_is_physical_whatever_the_frame_rate(evidence):
    """The same swing at 30 and 60 frames a second accelerates the same; twice the frames count it twice."""
    turning = next(replace(t, loss="square") for t in OURS if t.name == "turning")
    path = next(replace(t, loss="square") for t in OURS if t.name == "path")
    body = load_body()
    found = {}
    for fps in (30.0, 60.0):
        times = np.arange(0, 4, 1 / fps)
        poses = np.zeros((len(times), 72))
        poses[:, 0] = 0.8 * np.sin(2 * np.pi * times)
        trans = np.stack([np.sin(2 * np.pi * times), 0 * times, 4 + 0 * times], axis=1)
        still = replace(evidence, fps=fps, keypoints=np.zeros((len(times), 33, 2)))
        state = state_of(body, poses, trans, np.zeros(10))
        found[fps] = np.array([energy(t, still, state) for t in (turning, path)]) / len(times)
    assert np.allclose(found[30.0], found[60.0], rtol=0.03)
