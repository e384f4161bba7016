from pathlib import Path

import numpy as np
import pybullet_data
import pytest

from core.control.feasible import feasible
from core.control.sampling import SamplingSettings
from core.control.sampling_problem import problem_of, spread
from core.humanoid.bodies import BODY_NAMES
from core.humanoid.character import JOINTS
from core.humanoid.deepmimic_file import read_deepmimic

WALK = read_deepmimic(Path(pybullet_data.getDataPath()) / "data" / "motions" / "humanoid3d_walk.txt")


def test_windows_cover_every_step_once_and_arrays_are_of_the_steps():
    prepared = feasible(WALK)
    problem = problem_of(prepared, SamplingSettings(), np.zeros((1, 5)), 8)
    steps = len(prepared.motion) - 1
    covered = [step for window in problem.windows for step in range(steps)[window]]
    assert covered == list(range(steps))
    assert {window.stop - window.start for window in problem.windows[:-1]} == {3}
    assert [len(each) for each in (problem.targets, problem.velocities, problem.standing)] == [steps] * 3
    assert np.array_equal(problem.reference.frames, prepared.motion.frames[1:])
    assert (problem.substeps, problem.step_s) == (8, pytest.approx(1 / 30))


def test_one_foot_after_the_other_stands_in_a_walk():
    standing = problem_of(feasible(WALK), SamplingSettings(), np.zeros((1, 5)), 8).standing.max(axis=2)
    assert (standing.max(axis=1) > 0.5).mean() > 0.9
    assert all(standing[:, foot].min() < 0.05 and standing[:, foot].max() > 0.9 for foot in (0, 1))


def test_noise_is_less_on_arms_and_neck():
    share = {BODY_NAMES[j.body]: spread()[j.dof].tolist() for j in JOINTS}
    assert share["left_hip"] == [1.0, 1.0, 1.0]
    assert share["right_knee"] == [1.0]
    assert max(share["neck"] + share["right_elbow"] + share["left_shoulder"]) <= 0.5
