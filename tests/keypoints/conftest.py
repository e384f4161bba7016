"""Frames and clips of the samples, decoded once."""

from dataclasses import dataclass
from itertools import islice

import numpy as np
import pytest

from core.assets import asset_path
from core.motion import Clip
from core.video.decode import read_frames


@dataclass(frozen=True)
class ClipInMemory(Clip):
    """A clip whose frames are given."""

    pictures: tuple = ()

    def frames(self, first=0):
        return iter(self.pictures[first:])


@pytest.fixture(scope="session")
def walker_frames():
    """The first 45 frames (1.5 s) of the walker sample."""
    return list(islice(read_frames(asset_path("samples/walker.mp4")), 45))


@pytest.fixture(scope="session")
def clip_of(tmp_path_factory):
    """A function from frames [H,W,3] to a clip of them at 30 fps."""

    def make(frames):
        height, width = frames[0].shape[:2]
        times = np.arange(len(frames)) / 30.0
        return ClipInMemory(
            tmp_path_factory.getbasetemp() / "none.mp4", 30.0, times, width, height, pictures=tuple(frames)
        )

    return make
