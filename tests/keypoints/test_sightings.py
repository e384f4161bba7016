"""Keypoints told while they are found."""

import numpy as np
import pytest

from core.keypoints.sightings import read_sightings, sighted, sightings_in


def test_frames_are_told_as_they_come_and_are_gone_at_the_end(tmp_path):
    path = tmp_path / "run" / ".seen.jsonl"
    somebody = np.arange(99.0).reshape(33, 3)
    sighted([somebody])  # nobody asked
    with sightings_in(path):
        assert read_sightings(path) == []
        sighted([])
        sighted([somebody, somebody + 0.123456])
        assert read_sightings(path)[0] == []
        (frame,) = read_sightings(path, 1)
        np.testing.assert_allclose(frame, [somebody, somebody + 0.123456], atol=0.005)
        with path.open("a") as file:
            file.write("[[1,2")  # a line on its way
        assert len(read_sightings(path)) == 2
    assert read_sightings(path) == []
    sighted([somebody])
    assert not path.exists()


def test_a_search_that_is_broken_off_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError), sightings_in(tmp_path / "seen"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
