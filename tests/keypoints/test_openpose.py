"""OpenPose's JSON in its shapes, and what is none."""

import json
import zipfile

import numpy as np
import pytest
from support.openpose_files import body_25, coco_18, frame_of, write_folder

from core.errors import BadInputError
from core.keypoints.openpose import read_openpose
from core.keypoints.skeletons import INDEX

POINTS = np.column_stack([np.random.default_rng(0).uniform(10, 200, (33, 2)), np.full(33, 0.8)])
HEEL, PINKY = INDEX["left_heel"], INDEX["left_pinky"]


def test_a_folder_of_body_25(tmp_path):
    recording = read_openpose(write_folder(tmp_path / "json", {5: [body_25(POINTS)], 7: [], 9: [body_25(POINTS)] * 2}))
    assert recording.skeleton == "BODY_25"
    assert {number: len(people) for number, people in recording.frames.items()} == {5: 1, 7: 0, 9: 2}
    assert (recording.length, recording.step, recording.normalised) == (10, 2, False)
    assert recording.frames[5][0][HEEL] == pytest.approx(POINTS[HEEL], abs=1e-3)
    assert not recording.frames[5][0][PINKY].any()


def test_a_zip_of_coco_18(tmp_path):
    folder = write_folder(tmp_path / "json", {i: [coco_18(POINTS)] for i in range(3)})
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for each in folder.iterdir():
            archive.write(each, f"out/{each.name}")
        archive.writestr("__MACOSX/out/x.json", "no")
    recording = read_openpose(tmp_path / "all.zip")
    assert recording.skeleton == "COCO-18"
    assert len(recording.frames) == 3
    assert not recording.frames[0][0][HEEL].any()


@pytest.mark.parametrize("wrap", [list, lambda frames: {"frames": frames}])
def test_all_frames_in_one_file(tmp_path, wrap):
    path = tmp_path / "all.json"
    path.write_text(json.dumps(wrap([frame_of([body_25(POINTS)])] * 4)))
    assert read_openpose(path).length == 4


def test_one_frame_and_shares_of_the_picture(tmp_path):
    path = tmp_path / "picture_keypoints.json"
    path.write_text(json.dumps(frame_of([body_25(POINTS * [1 / 400, 1 / 400, 1])])))
    recording = read_openpose(path)
    assert (recording.length, recording.normalised) == (1, True)


def test_files_without_numbers_come_by_name(tmp_path):
    for name in "cab":
        (tmp_path / f"{name}.json").write_text(json.dumps(frame_of([body_25(POINTS + np.array([ord(name), 0, 0]))])))
    recording = read_openpose(tmp_path)
    assert [recording.frames[i][0][0, 0] - POINTS[0, 0] for i in range(3)] == pytest.approx([97, 98, 99], abs=1e-3)


def person(numbers):
    return {"people": [{"pose_keypoints_2d": numbers}]}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "should be JSON as OpenPose writes it"),
        ("3", "holds a int"),
        ("[]", "holds none"),
        ('{"persons": []}', "a list 'people'"),
        ('[{"people": []}]', "nobody is in any"),
        (json.dumps(person([1.0] * 60)), r"75 numbers \(BODY_25\) or 54 \(COCO-18\).* has 60"),
        (json.dumps(person([1.0] * 74)), "has 74"),
        (json.dumps(person(["a"] * 75)), "list of numbers"),
        (json.dumps(person(None)), "list of numbers"),
        ('{"people": [7]}', "list of numbers"),
        ('{"people": [{"pose_keypoints_2d": [NaN, 1, 1]}]}', "list of numbers"),
        (json.dumps([person([1.0] * 75), person([1.0] * 54)]), "one skeleton throughout.* 18 and 25 points"),
    ],
)
def test_what_openpose_would_not_write(tmp_path, content, words):
    path = tmp_path / "keypoints.json"
    path.write_text(content)
    with pytest.raises(BadInputError, match=words):
        read_openpose(path)


def test_empty_folders_broken_zips_and_nothing(tmp_path):
    with pytest.raises(BadInputError, match="holds no JSON file"):
        read_openpose(tmp_path)
    with pytest.raises(BadInputError, match="does not exist"):
        read_openpose(tmp_path / "nowhere")
    folder = write_folder(tmp_path / "json", {i: [body_25(POINTS)] for i in range(9)})
    whole = tmp_path / "whole.zip"
    with zipfile.ZipFile(whole, "w") as archive:
        for each in folder.iterdir():
            archive.write(each, each.name)
    damaged = bytearray(whole.read_bytes())
    damaged[60:120] = bytes(60)
    (tmp_path / "damaged.zip").write_bytes(bytes(damaged))
    with pytest.raises(BadInputError, match=r"cannot be (unpacked|read)"):
        read_openpose(tmp_path / "damaged.zip")
