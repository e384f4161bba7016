"""Everybody is kept, whoever is chosen: the search is run once, the choice as often as wanted."""

import shutil

import numpy as np
import pytest
from PIL import Image

from core.assets import asset_path
from core.errors import BadInputError
from core.keypoints.corrections import Correction
from core.keypoints.people_files import choose_people, found_people, keep_people
from core.keypoints.thumbnails import SIZE, good_frame
from core.motion import Track
from core.notices import collecting, notice
from core.run_folder import RunFolder, read_json


def at(x: float, frames, T=120) -> Track:
    keypoints, boxes = np.zeros((T, 33, 3)), np.zeros((T, 4))
    for i in frames:
        keypoints[i] = (x, 500, 0.9)
        boxes[i] = (x - 100, 300, x + 100, 700)
    return Track(30.0, np.arange(T) / 30, keypoints, keypoints * 0, boxes, np.array([1768, 994]))


@pytest.fixture
def folder(tmp_path) -> RunFolder:
    shutil.copyfile(asset_path("samples/walker.mp4"), tmp_path / "clip.mp4")
    return RunFolder(tmp_path)


def never():
    raise AssertionError("searched again")


def test_the_search_is_run_once_and_its_notices_are_told_again(folder):
    def find():
        notice("It rained.")
        return [at(600, range(120)), at(1200, range(30, 90))]

    keep_people(folder, "blazepose", find)
    with collecting() as said:
        again = keep_people(folder, "blazepose", never)
    assert said == ["It rained."]
    assert [int(track.present.sum()) for track in again] == [120, 60]
    with pytest.raises(AssertionError):
        keep_people(folder, "blazepose:full", never)


def test_another_clip_means_another_search(folder):
    keep_people(folder, "blazepose", lambda: [at(600, range(120))])
    shutil.copyfile(asset_path("samples/flip.mp4"), folder.clip)
    with pytest.raises(AssertionError):
        keep_people(folder, "blazepose", never)


def test_a_track_that_is_missing_means_another_search(folder):
    keep_people(folder, "blazepose", lambda: [at(600, range(120)), at(1200, range(30, 90))])
    folder.found_track(1).unlink()
    with pytest.raises(AssertionError):
        keep_people(folder, "blazepose", never)


def test_the_chosen_are_written_and_everybody_is_listed(folder):
    tracks = keep_people(folder, "blazepose", lambda: [at(600, range(120)), at(1200, range(30, 90))])
    choose_people(folder, tracks, "1")
    assert folder.people() == [1]
    first, second = read_json(folder.people_record)["people"]
    assert (first["number"], first["frames"], first["height_px"]) == (0, 120, 400)
    assert (second["first_frame"], second["last_frame"]) == (30, 89)
    with Image.open(folder.root / second["thumbnail"]) as picture:
        assert picture.size == (SIZE, SIZE)
    choose_people(folder, tracks, "all")
    assert folder.people() == [0, 1]
    choose_people(folder, tracks, "0")
    assert folder.people() == [0]
    assert len(found_people(folder)) == 2
    with pytest.raises(BadInputError, match="numbered 0 to 1"):
        choose_people(folder, tracks, "2")


def test_corrections_change_the_chosen_track_and_not_what_was_found(folder):
    tracks = keep_people(folder, "blazepose", lambda: [at(600, range(120)), at(1200, range(120))])
    choose_people(folder, tracks, "0", [Correction(60, 1200, 500, 0)])
    track = Track.load(folder.person(0) / "track.npz")
    assert (track.keypoints[59, 0, 0], track.keypoints[60, 0, 0]) == (600, 1200)
    assert found_people(folder)[0].keypoints[60, 0, 0] == 600


def test_a_thumbnail_shows_a_frame_without_anybody_else_in_the_way():
    one = at(600, range(120))
    assert good_frame([one, at(650, range(60))], 0) >= 60
    assert 30 <= good_frame([one, at(1200, range(30, 90))], 1) < 90
