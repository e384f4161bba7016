"""The published loss on cases that can be worked out by hand; the discriminators' shapes and targets."""

from dataclasses import replace

import pytest
import torch

from core.mesh_recovery.training.discriminators import PoseShapeDiscriminator, adversarial_loss, discriminator_loss
from core.mesh_recovery.training.losses import (
    LossWeights,
    Prediction,
    Truth,
    joints_loss,
    regressor_loss,
    reprojection_loss,
    squared_loss,
)


def test_reprojection_is_the_mean_absolute_error_of_what_is_visible():
    seen = torch.zeros(1, 3, 2)
    predicted = torch.tensor([[[1.0, -3.0], [100.0, 100.0], [2.0, 0.0]]])
    visibility = torch.tensor([[1.0, 0.0, 0.5]])
    assert reprojection_loss(predicted, seen, visibility).item() == pytest.approx((1 + 3 + 0.5 * 2) / 3)
    assert reprojection_loss(predicted, seen, torch.zeros(1, 3)).item() == 0.0


def test_joints_are_compared_about_the_pelvis_and_only_where_there_is_truth():
    truth = torch.randn(2, 5, 3, generator=torch.manual_seed(0))
    moved = truth + torch.tensor([3.0, -1.0, 2.0])
    both = torch.ones(2)
    assert joints_loss(moved, truth, both).item() == pytest.approx(0, abs=1e-10)
    off = moved.clone()
    off[1, 4] += torch.tensor([0.3, 0.0, 0.0])
    assert joints_loss(off, truth, both).item() == pytest.approx(0.09 / 15 / 2, rel=1e-4)
    assert joints_loss(off, truth, torch.tensor([1.0, 0.0])).item() == pytest.approx(0, abs=1e-10)
    assert joints_loss(off, truth, torch.zeros(2)).item() == 0.0


def test_a_half_turn_costs_eight_ninths():
    eye, half = torch.eye(3).expand(1, 24, 3, 3), torch.diag(torch.tensor([1.0, -1.0, -1.0])).expand(1, 24, 3, 3)
    assert squared_loss(half, eye, torch.ones(1)).item() == pytest.approx(8 / 9)


@pytest.fixture
def case():
    generator = torch.manual_seed(1)
    rotations, betas = torch.eye(3).expand(4, 24, 3, 3), torch.zeros(4, 10)
    points, keypoints = torch.randn(4, 57, 3, generator=generator), torch.randn(4, 33, 2, generator=generator)
    truth = Truth(rotations, betas, points, keypoints, torch.ones(4, 33), torch.ones(4))
    predicted = Prediction(rotations + 0.1, betas + 1.0, points * 1.1, keypoints + 0.5, torch.zeros(12, 25))
    return predicted, truth


def test_the_terms_add_up_with_lambda_in_front(case):
    predicted, truth = case
    weights = LossWeights(supervised=60, joints=2.0, rotations=3.0, shape=0.5, adversary=1.0)
    total, terms = regressor_loss(predicted, truth, weights)
    assert total.item() == pytest.approx(sum(t.item() for t in terms.values()), rel=1e-5)
    assert terms["reprojection"].item() == pytest.approx(60 * 0.5, rel=1e-5)
    assert terms["rotations"].item() == pytest.approx(60 * 3 * 0.01, rel=1e-4)
    assert terms["shape"].item() == pytest.approx(60 * 0.5)
    assert terms["adversary"].item() == pytest.approx(25)  # every critic says 0, and 1 is wanted


def test_without_3d_only_keypoints_and_critics_are_left(case):
    predicted, truth = case
    for weights, of in (
        (LossWeights(three_d=False), truth),
        (LossWeights(), replace(truth, labelled=torch.zeros(4))),
    ):
        _, terms = regressor_loss(predicted, of, weights)
        assert terms["joints"].item() == terms["rotations"].item() == terms["shape"].item() == 0.0
        assert terms["reprojection"].item() > 0
    total, terms = regressor_loss(replace(predicted, fakes=None), truth, LossWeights())
    assert "adversary" not in terms
    assert torch.isfinite(total)


def test_25_critics_and_no_say_on_the_global_rotation():
    critics = PoseShapeDiscriminator(hidden=64)
    scores = critics(torch.eye(3).expand(7, 23, 3, 3), torch.zeros(7, 10))
    assert scores.shape == (7, 25)


def test_each_joints_critic_sees_its_joint_only_and_one_sees_all():
    torch.manual_seed(2)
    critics = PoseShapeDiscriminator(hidden=64)
    poses, betas = torch.eye(3).repeat(2, 23, 1, 1), torch.zeros(2, 10)
    poses[1, 5] = torch.tensor([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    changed = (critics(poses, betas).diff(dim=0)[0].abs() > 1e-7).nonzero().flatten().tolist()
    assert changed == [5, 23]
    betas[1] += 1.0
    assert (critics(torch.eye(3).repeat(2, 23, 1, 1), betas).diff(dim=0)[0].abs() > 1e-7).nonzero().tolist() == [[24]]


def test_least_squares_targets():
    ones, zeros = torch.ones(6, 25), torch.zeros(6, 25)
    assert discriminator_loss(ones, zeros).item() == 0
    assert discriminator_loss(zeros, ones).item() == 50
    assert adversarial_loss(ones).item() == 0
    assert adversarial_loss(zeros).item() == 25


def test_critics_learn_to_tell_bent_from_straight():
    torch.manual_seed(3)
    critics = PoseShapeDiscriminator(hidden=64)
    optimiser = torch.optim.Adam(critics.parameters(), 3e-3)
    real = torch.eye(3).expand(32, 23, 3, 3), torch.zeros(32, 10)
    turn = torch.tensor([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    fake = turn.expand(32, 23, 3, 3), torch.full((32, 10), 2.0)
    for _ in range(100):
        loss = discriminator_loss(critics(*real), critics(*fake))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss.item() < 2.0
    assert adversarial_loss(critics(*fake)).item() > 15
