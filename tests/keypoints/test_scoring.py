"""What the identity score says of tracks whose truth is known."""

import json

import numpy as np
import pytest

from core.keypoints.scoring import read_labels, score_identity
from core.motion import Track

T = 20


@pytest.fixture
def people(tmp_path):
    path = tmp_path / "labels.json"
    left = {"visible": [[0, 9], [15, 19]], "centres": {"0": [100, 200], "19": [290, 200]}}
    right = {"visible": [[0, 19]], "centres": {"0": [900, 200]}}
    path.write_text(json.dumps({"frames": T, "people": {"left": left, "right": right}}))
    return read_labels(path)


def at(xs) -> Track:
    keypoints, boxes = np.zeros((T, 33, 3)), np.zeros((T, 4))
    for i, x in enumerate(xs):
        if x is not None:
            keypoints[i], boxes[i] = (x, 200, 1), (x - 50, 100, x + 50, 300)
    return Track(30.0, np.arange(T) / 30, keypoints, keypoints * 0, boxes, np.array([1280, 720]))


LEFT, RIGHT = [100 + 10 * i for i in range(T)], [900] * T


def test_labels_are_interpolated_and_hidden_frames_left_out(people):
    left, right = people
    assert left.visible.sum() == 15
    np.testing.assert_allclose(left.centres[10], (200, 200))
    np.testing.assert_allclose(right.centres[19], (900, 200))


def test_right_tracks_score_full(people):
    found = score_identity([at(RIGHT), at(LEFT)], people)
    assert found.swaps == 0
    assert found.coverage == {"left": 1.0, "right": 1.0}


def test_an_exchange_counts_for_both(people):
    one, other = LEFT[:5] + RIGHT[5:], RIGHT[:5] + LEFT[5:]
    found = score_identity([at(one), at(other)], people)
    assert found.swaps == 2
    assert found.coverage == {"left": 10 / 15, "right": 15 / 20}


def test_missing_and_misplaced_frames_are_not_covered(people):
    found = score_identity([at([None] * 3 + RIGHT[3:]), at([x + 200 for x in LEFT])], people)
    assert found.swaps == 0
    assert found.coverage == {"left": 0.0, "right": 17 / 20}


def test_a_window_is_scored_against_its_own_frames(people):
    part = Track(*(getattr(at(LEFT), n)[8:] if n not in ("fps", "image_size") else getattr(at(LEFT), n)
                   for n in ("fps", "times", "keypoints", "world", "boxes", "image_size")))  # fmt: skip
    assert score_identity([part], people, first_frame=8).coverage["left"] == 1.0
