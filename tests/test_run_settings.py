"""The settings of a run: what makes no sense is refused in a sentence, and all of them go through JSON."""

import json

import pytest

from core.errors import BadInputError
from core.run_settings import RunSettings


@pytest.mark.parametrize(
    "wrong",
    [
        {"physics": "magic"},
        {"keypoints": "guess"},
        {"hmr": "nowhere"},
        {"hmr": ""},
        {"person": "-1"},
        {"body": "nowhere.pkl"},
        {"person": "me"},
        {"start_s": 3.0, "end_s": 2.0},
        {"start_s": float("nan")},
        {"seed": -1},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(BadInputError, match="should"):
        RunSettings(**wrong)


def test_settings_go_through_json():
    settings = RunSettings(start_s=1.5, end_s=3.0, person="all", seed=4)
    assert RunSettings.from_json(json.loads(json.dumps(settings.to_json()))) == settings
    with pytest.raises(BadInputError, match="colour"):
        RunSettings.from_json({"colour": "red"})


@pytest.mark.parametrize(
    ("wrong", "says"),
    [({"solver": "newton"}, "gauss_newton"), ({"height_m": 17.0}, "height"), ({"time_scale": 0.0}, "time scale")],
)
def test_settings_of_the_reconstruction_that_make_no_sense_are_refused(wrong: dict, says: str):
    with pytest.raises(BadInputError, match=says):
        RunSettings(**wrong)
