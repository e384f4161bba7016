"""What the regressor works out before it learns: sides, lost points and outliers put right, rotations guessed."""

import numpy as np
import pytest
import torch

from core.keypoints.skeletons import SYMMETRIC_PAIRS
from core.mesh_recovery.training.batches import BatchSettings, BatchSource
from core.mesh_recovery.training.body_axes import rest_lengths
from core.mesh_recovery.training.cleaning import cleaned, filled, median_of_five, shifted, sides_put_right
from core.mesh_recovery.training.first_guess import FirstGuess, between, shortest_turned
from core.mesh_recovery.training.geometry import matrix_from_rotation_vector
from core.mesh_recovery.training.network import NetworkSettings, mean_theta, parts
from core.metrics.limb_joints import LIMBS_IN_BLAZEPOSE
from core.metrics.procrustes import pa_mpjpe

MEAN = parts(mean_theta()[None])[1][0]


@pytest.fixture(scope="module")
def people():
    """A source of people and 64 of them, seen without any error."""
    clean = BatchSettings(strength=(0, 0), without_world=0, without_parts=0, hidden_limb=0, missing_frames=0)
    source = BatchSource(3, NetworkSettings(), clean)
    return source.body, source.draw(64)


def guess_error_mm(body, batch, features):
    rotations = FirstGuess(rest_lengths())(features, MEAN)
    landmarks = body.pose(rotations[:, None], batch.betas)[1][:, 0, LIMBS_IN_BLAZEPOSE]
    return 1000 * pa_mpjpe(landmarks.numpy(), batch.landmarks[:, LIMBS_IN_BLAZEPOSE].numpy()).mean()


def test_the_first_guess_is_near_on_people_seen_without_error(people):
    assert guess_error_mm(*people, people[1].features) < 16


def test_without_world_landmarks_the_first_guess_is_the_mean(people):
    features = people[1].features.clone()
    features[..., :-1].unflatten(-1, (33, 6))[..., 3:] = 0
    got = FirstGuess(rest_lengths())(features, MEAN)
    assert torch.allclose(got, MEAN.expand_as(got))


def test_swapped_sides_are_put_right(people):
    _, batch = people
    frames = batch.features[..., :-1].unflatten(-1, (33, 6))
    order = np.arange(33)
    for left, right in SYMMETRIC_PAIRS:
        if left >= 23:
            order[[left, right]] = right, left
    swapped = frames.clone()
    swapped[:, 5:8] = frames[:, 5:8][:, :, order]
    right_again = (sides_put_right(swapped) - sides_put_right(frames)).abs().amax(dim=(1, 2, 3)) < 1e-6
    assert right_again.float().mean() > 0.9  # not of those who turn round within the window


def test_what_is_not_seen_comes_from_the_next_frames():
    frames = torch.zeros(1, 5, 33, 6)
    frames[..., 0] = torch.arange(5.0)[:, None]
    frames[..., 2] = 1.0
    frames[0, 2, 7, 0], frames[0, 2, 7, 2] = 50.0, 0.0
    got = filled(frames)
    assert got[0, 2, 7, 0].item() == pytest.approx(2.0, abs=0.05)
    assert got[0, 2, 8, 0].item() == pytest.approx(2.0, abs=0.05)


def test_short_outliers_go_and_steady_motion_stays():
    frames = torch.arange(9.0)[None, :, None, None].expand(1, 9, 33, 6).clone()
    assert torch.equal(median_of_five(frames)[:, 2:-2], frames[:, 2:-2])
    spoilt = frames.clone()
    spoilt[0, 4:6] += 100
    assert (median_of_five(spoilt) - frames)[:, 2:-2].abs().max() <= 2
    assert shifted(frames, 2)[0, :4, 0, 0].tolist() == [0, 0, 0, 1]
    assert shifted(frames, -1)[0, -2:, 0, 0].tolist() == [8, 8]


def test_cleaning_makes_the_first_guess_better_under_noise():
    source = BatchSource(4, NetworkSettings(), BatchSettings(without_world=0))
    batch = source.draw(256)
    seen, calm = cleaned(batch.features)
    assert seen.shape == calm.shape == batch.features.shape
    raw, better = (guess_error_mm(source.body, batch, f) for f in (batch.features, calm))
    assert better < 0.9 * raw


def test_half_way_and_shortest_turns():
    a = matrix_from_rotation_vector(torch.tensor([[0.0, 0.0, 0.2]]))
    b = matrix_from_rotation_vector(torch.tensor([[0.0, 0.0, 0.8]]))
    assert torch.allclose(between(a, b, 0.5), matrix_from_rotation_vector(torch.tensor([[0.0, 0.0, 0.5]])), atol=1e-5)
    x, y, z = torch.eye(3)[:, None]
    assert torch.allclose(shortest_turned(x, y, x), y)
    assert torch.allclose(shortest_turned(x, y, z), z)
