"""Other skeletons in BlazePose's names: sides kept, what is missing at visibility 0."""

import numpy as np
import pytest

from core.keypoints.skeleton_maps import BODY_25, BY_COUNT, COCO_17, COCO_18, COCO_133, HALPE_26, to_blazepose
from core.keypoints.skeletons import BLAZEPOSE_NAMES, INDEX


@pytest.mark.parametrize(
    ("names", "rows"),
    [
        (COCO_17, {"nose": 0, "left_shoulder": 5, "right_ankle": 16}),
        (HALPE_26, {"left_foot_index": 20, "right_foot_index": 21, "left_heel": 24, "right_heel": 25, "left_hip": 11}),
        (COCO_18, {"right_shoulder": 2, "left_wrist": 7, "right_hip": 8, "left_ankle": 13, "left_ear": 17}),
        (BODY_25, {"right_hip": 9, "left_hip": 12, "left_foot_index": 19, "left_heel": 21, "right_heel": 24}),
        (COCO_133, {"left_foot_index": 17, "right_heel": 22, "left_index": 96, "right_pinky": 129}),
    ],
)  # fmt: skip
def test_points_go_where_they_belong(names, rows):
    points = np.stack([np.arange(len(names))] * 2 + [np.ones(len(names))], axis=1)
    made = to_blazepose(points, names)
    for name, row in rows.items():
        assert made[INDEX[name], 0] == row, name


@pytest.mark.parametrize("count", BY_COUNT)
def test_every_name_is_blazeposes_and_used_once(count):
    names = [name for name in BY_COUNT[count] if name]
    assert len(BY_COUNT[count]) == count
    assert len(set(names)) == len(names)
    assert set(names) <= set(BLAZEPOSE_NAMES)


def test_what_is_missing_is_not_visible():
    made = to_blazepose(np.ones((4, 18, 3)), COCO_18)
    assert made.shape == (4, 33, 3)
    assert not made[:, INDEX["left_heel"]].any()
