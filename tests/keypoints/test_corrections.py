"""Who is who, by a person's own word: ends change places, nothing else changes."""

import numpy as np
import pytest

from core.errors import BadInputError
from core.keypoints.corrections import Correction, corrected, person_at
from core.motion import Track

T = 12


def standing_at(x: float, mark: float, frames=range(T)) -> Track:
    """Somebody 200 px tall around x, all of whose world numbers are `mark`."""
    keypoints, world, boxes = np.zeros((T, 33, 3)), np.zeros((T, 33, 3)), np.zeros((T, 4))
    for i in frames:
        keypoints[i] = (x, 200, 1)
        world[i] = mark
        boxes[i] = (x - 40, 100, x + 40, 300)
    return Track(30.0, np.arange(T) / 30, keypoints, world, boxes, np.array([640, 480]))


def marks(track: Track) -> list[float]:
    return track.world[:, 0, 0].tolist()


def test_the_ends_change_places():
    one, two = corrected([standing_at(100, 1), standing_at(400, 2)], [Correction(5, 405, 190, 0)])
    assert marks(one) == [1] * 5 + [2] * 7
    assert marks(two) == [2] * 5 + [1] * 7
    assert one.boxes[4, 0] == 60
    assert one.boxes[5, 0] == 360


def test_a_correction_that_says_what_is_already_so_changes_nothing():
    tracks = [standing_at(100, 1), standing_at(400, 2)]
    assert corrected(tracks, [Correction(5, 100, 200, 0)]) == tracks
    assert corrected(tracks, []) == tracks


def test_later_corrections_see_what_the_earlier_ones_did():
    tracks = [standing_at(100, 1), standing_at(400, 2)]
    one, two = corrected(tracks, [Correction(4, 400, 200, 0), Correction(8, 100, 200, 0)])
    assert marks(one) == [1] * 4 + [2] * 4 + [1] * 4
    assert marks(two) == [2] * 4 + [1] * 4 + [2] * 4


def test_a_fragment_can_be_given_back_to_the_person_it_belongs_to():
    one, rest = corrected(
        [standing_at(100, 1, range(6)), standing_at(130, 2, range(8, T))], [Correction(8, 130, 200, 0)]
    )
    assert one.present.tolist() == [True] * 6 + [False] * 2 + [True] * 4
    assert not rest.present.any()


def test_the_nearest_trunk_counts_where_boxes_overlap():
    tracks = [standing_at(100, 1), standing_at(150, 2)]
    assert person_at(tracks, 3, 120, 200) == 0
    assert person_at(tracks, 3, 135, 200) == 1
    assert person_at(tracks, 3, 600, 200) is None
    assert person_at(tracks, 99, 120, 200) is None


@pytest.mark.parametrize(
    ("correction", "why"),
    [
        (Correction(5, 600, 200, 0), "nobody was followed at"),
        (Correction(5, 100, 200, 7), "numbered 0 to 1"),
        (Correction(50, 100, 200, 0), "has 12 frames"),
    ],
)
def test_what_cannot_be_meant_is_refused(correction, why):
    with pytest.raises(BadInputError, match=why):
        corrected([standing_at(100, 1), standing_at(400, 2)], [correction])


@pytest.mark.parametrize(
    "content", [{}, {"frame": 1}, 5, {"frame": -1, "x": 0, "y": 0, "person": 0},
                {"frame": 1, "x": float("nan"), "y": 0, "person": 0}, {"frame": "a", "x": 0, "y": 0, "person": 0}]
)  # fmt: skip
def test_corrections_from_json_are_checked(content):
    with pytest.raises(BadInputError, match="correction should"):
        Correction.from_json(content)


def test_corrections_survive_json():
    given = {"frame": 3, "x": 10.5, "y": 20.0, "person": 1}
    assert Correction.from_json(given) == Correction(3, 10.5, 20.0, 1)
