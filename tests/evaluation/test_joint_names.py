"""Names of joints as people write them."""

import pytest

from core.body import load_body
from core.errors import BadInputError
from core.evaluation.joint_names import known_order, limb_joint, rows_of_limbs
from core.keypoints.skeletons import BLAZEPOSE_NAMES
from core.metrics.limb_joints import LIMB_JOINTS, LIMBS_IN_BLAZEPOSE, LIMBS_IN_SMPL


@pytest.mark.parametrize(
    "name",
    ["R_Ankle", "RAnkle", "right_ankle", "RightAnkle", "rAnkle", "ankle_r", "Ankle.R", "r-ankle", "RANKLE", "rankle",
     "Subject:RAnkle", "RAJC", "right ankle joint centre", "AnkleRight"],
)  # fmt: skip
def test_a_joint_has_many_names(name):
    assert limb_joint(name) == "right_ankle"


@pytest.mark.parametrize(
    "name", ["", "Neck", "Hip", "RHeel", "left", "LBigToe", "r_knee_medial", "R_Ankle_2", "left_right_hip", "relbows"]
)
def test_other_names_are_no_limb_joints(name):
    assert limb_joint(name) is None


def test_known_orders_hold_the_twelve():
    assert rows_of_limbs(list(known_order(12)), "x") == {i: i for i in range(12)}
    assert rows_of_limbs(list(known_order(14)), "x") == {i: i for i in range(12)}
    assert rows_of_limbs(list(load_body().names), "x") == dict(enumerate(LIMBS_IN_SMPL))
    assert rows_of_limbs(list(BLAZEPOSE_NAMES), "x") == dict(enumerate(LIMBS_IN_BLAZEPOSE))
    assert known_order(24) == load_body().names
    assert known_order(17) is None


def test_every_limb_joint_means_itself():
    assert [limb_joint(name) for name in LIMB_JOINTS] == list(LIMB_JOINTS)


def test_doubles_and_strangers_are_named():
    with pytest.raises(BadInputError, match=r"'RHip' and 'right_hip' mean the right hip"):
        rows_of_limbs(["RHip", "right_hip"], "a.trc")
    with pytest.raises(BadInputError, match=r"its names are Alpha, Beta"):
        rows_of_limbs(["Alpha", "Beta"], "a.trc")
