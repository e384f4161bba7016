from pathlib import Path

import numpy as np
import pybullet_data
import pytest
from support.humanoids import upright

from core.control.feasible import at_control_rate, clearance, feasible
from core.errors import BadInputError
from core.humanoid.deepmimic_file import read_deepmimic
from core.motion import HumanoidMotion

WALK = read_deepmimic(Path(pybullet_data.getDataPath()) / "data" / "motions" / "humanoid3d_walk.txt")
SOLE = 0.881  # m: the hips' height when the soles of `upright` touch the ground


def motion(heights: np.ndarray, fps: float = 30.0) -> HumanoidMotion:
    frames = np.repeat(upright()[None], len(heights), axis=0)
    frames[:, 1] = heights
    return HumanoidMotion(fps, np.arange(len(heights)) / fps, frames)


def test_a_good_reference_stays_as_it_is():
    prepared = feasible(motion(np.full(20, SOLE)))
    assert np.array_equal(prepared.motion.frames[:, 1], np.full(20, SOLE))
    assert prepared.remarks == ()
    assert not prepared.velocities.any()


def test_penetration_is_lifted_smoothly_and_nowhere_else():
    heights = np.full(60, SOLE)
    heights[30:33] -= 0.1
    prepared = feasible(motion(heights))
    assert clearance(prepared.motion.frames).min() > -0.0051
    assert (prepared.motion.frames[:20, 1] == SOLE).all()
    assert "lifted" in prepared.remarks[0]


def test_one_who_hovers_is_set_down():
    prepared = feasible(motion(np.full(40, SOLE + 0.3)))
    assert clearance(prepared.motion.frames).min() == pytest.approx(0, abs=1e-6)
    assert "lowered" in prepared.remarks[0]
    with pytest.raises(BadInputError, match="above"):
        feasible(motion(np.full(40, SOLE + 2.0)))
    high = feasible(motion(np.full(40, SOLE + 2.0)), on_supports=True)
    assert high.motion.frames[0, 1] == SOLE + 2.0


def test_a_start_in_the_air_is_launched_so_that_it_lands_in_time():
    times = np.arange(30) / 30
    flight = SOLE + 0.3 + 1.0 * times - 4.9 * times**2
    held = np.maximum(flight, SOLE)
    held[:4] = held[0]  # the reconstruction saw no launch
    prepared = feasible(motion(held))
    landing = times[np.argmax(clearance(prepared.motion.frames) <= 0.05)]
    fallen = held[0] + prepared.velocities[0, 1] * landing - 4.9 * landing**2
    assert fallen == pytest.approx(prepared.motion.frames[np.searchsorted(times, landing), 1], abs=0.01)
    assert any("launched" in text for text in prepared.remarks)


def test_a_whole_flight_stays_in_the_air():
    times = np.arange(15) / 30
    prepared = feasible(motion(SOLE + 0.2 + 2.0 * times - 4.9 * times**2))
    assert prepared.motion.frames[0, 1] == pytest.approx(SOLE + 0.2)


def test_impossible_speeds_are_named():
    frames = np.repeat(upright(SOLE)[None], 30, axis=0)
    frames[15:, 19] = -2.8  # the right knee bends within a frame
    prepared = feasible(HumanoidMotion(30.0, np.arange(30) / 30, frames))
    assert len(prepared.remarks) == 1
    assert "right knee" in prepared.remarks[0]


@pytest.mark.parametrize(("fps", "rate"), [(60, 30), (16, 32), (25, 25), (30, 30), (120, 30), (50, 25), (1, 30)])
def test_the_control_rate_divides_or_multiplies_the_motions(fps: float, rate: float):
    still = motion(np.full(121, SOLE), fps)
    result = at_control_rate(still, 30.0)
    assert result.fps == rate
    assert result.times[-1] == pytest.approx(still.times[-1])


def test_frames_at_the_control_rate_are_the_motions_own():
    fast = HumanoidMotion(60.0, np.arange(len(WALK)) / 60, WALK.frames)
    assert np.allclose(at_control_rate(fast, 30.0).frames, WALK.frames[::2], atol=1e-12)
