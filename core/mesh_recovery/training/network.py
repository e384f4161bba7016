"""The regressor: an encoder of a window of keypoints, and HMR's iterative feedback on what it found."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.mesh_recovery.training.body_axes import DERIVED, derived, rest_lengths
from core.mesh_recovery.training.cleaning import cleaned
from core.mesh_recovery.training.first_guess import FirstGuess
from core.mesh_recovery.training.geometry import matrix_from_6d
from core.mesh_recovery.windows import FEATURES

CAMERA, ROTATIONS, SHAPE = 3, 24 * 6, 10
THETA = CAMERA + ROTATIONS + SHAPE


@dataclass(frozen=True)
class NetworkSettings:
    """Sizes of the regressor."""

    window: int = 13
    """Frames that it sees; the middle one is answered for."""
    step_s: float = 1 / 30
    """Time between them [s], times 1, 1, 1, 2, 3, 5 away from the middle (`windows.window_offsets`)."""
    frame_hidden: int = 256
    """Width of the layer that each frame passes by itself."""
    frame_code: int = 64
    """Numbers that a frame becomes."""
    feature: int = 640
    """Width of the encoder."""
    blocks: int = 2
    """Residual blocks of the encoder."""
    hidden: int = 512
    """Width of the feedback's two layers."""
    iterations: int = 3
    """Rounds of feedback: theta <- theta + delta(feature, theta)."""


class ResidualBlock(nn.Module):
    """x + W relu(norm(x))."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm, self.linear = nn.LayerNorm(width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.linear(torch.relu(self.norm(x)))


class Regressor(nn.Module):
    """Features [N,W,199] -> theta = (camera s, tx, ty; 24 rotations in 6D; 10 shape numbers), three times better."""

    mean: Tensor

    def __init__(self, settings: NetworkSettings | None = None, mean_rotations: Tensor | None = None) -> None:
        super().__init__()
        self.settings = s = settings or NetworkSettings()
        self.frame = nn.Sequential(
            nn.Linear(FEATURES + DERIVED, s.frame_hidden), nn.ReLU(), nn.Linear(s.frame_hidden, s.frame_code), nn.ReLU()
        )
        self.enter = nn.Linear(s.window * s.frame_code + FEATURES + 2 * DERIVED, s.feature)
        self.blocks = nn.Sequential(*(ResidualBlock(s.feature) for _ in range(s.blocks)), nn.LayerNorm(s.feature))
        self.from_feature = nn.Linear(s.feature, s.hidden)
        self.from_theta = nn.Linear(THETA, s.hidden, bias=False)
        self.middle = nn.Linear(s.hidden, s.hidden)
        self.delta = nn.Linear(s.hidden, THETA)
        nn.init.normal_(self.delta.weight, std=1e-3)  # the first answers are near the mean
        nn.init.zeros_(self.delta.bias)
        self.first_guess = FirstGuess(rest_lengths())
        self.register_buffer("mean", mean_theta(mean_rotations))

    def forward(self, features: Tensor) -> list[Tensor]:
        """theta [N,157] after each round."""
        with torch.autocast("cpu", enabled=False):  # geometry wants all digits
            seen, calm = cleaned(features)
            start = self.first_guess(calm, parts(self.mean[None])[1][0])[..., :2].transpose(-1, -2).flatten(1)
            frames = torch.cat([seen, derived(calm, self.first_guess.lengths)], dim=-1)
            middle = slice(self.settings.window // 2, self.settings.window // 2 + 1)
            as_seen = derived(seen, self.first_guess.lengths)[:, middle]
        codes = self.frame(frames).flatten(1)
        everything = torch.cat([codes, frames[:, middle].flatten(1), as_seen.flatten(1)], dim=1)
        feature = self.from_feature(torch.relu(self.blocks(self.enter(everything))))
        rows = start[:, :1] * 0.0  # carries the batch's size: exported, `expand` would keep the example's
        camera, shape = rows + self.mean[:CAMERA], rows + self.mean[-SHAPE:]
        theta = torch.cat([camera, start, shape], dim=1)
        answers = []
        for _ in range(self.settings.iterations):
            # the layer on [feature, theta], its two halves apart: the feature's is the same in all rounds
            hidden = torch.relu(self.middle(torch.relu(feature + self.from_theta(theta))))
            theta = theta + self.delta(hidden)
            answers.append(theta)
        return answers


def mean_theta(rotations: Tensor | None = None) -> Tensor:
    """Where the feedback starts when nothing is known: camera (0.9, 0, 0), `rotations` [24,3,3] or upright and at rest,
    mean shape. What is known of the rotations takes their place (`first_guess`)."""
    if rotations is None:
        rotations = torch.eye(3).expand(24, 3, 3).clone()
        rotations[0] = torch.diag(torch.tensor([1.0, -1.0, -1.0]))  # upright before a camera whose y points down
    six = rotations[..., :2].transpose(-1, -2).reshape(-1)
    return torch.cat([torch.tensor([0.9, 0.0, 0.0]), six, torch.zeros(SHAPE)])


def parts(theta: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(camera [N,3], rotations [N,24,3,3], betas [N,10]) of theta [N,157]."""
    six = theta[:, CAMERA : CAMERA + ROTATIONS].reshape(-1, 24, 6)
    return theta[:, :CAMERA], matrix_from_6d(six), theta[:, CAMERA + ROTATIONS :]
