"""Times and windows as people write them."""

import pytest

from core.errors import BadInputError
from core.video.times import seconds, window


@pytest.mark.parametrize(
    ("text", "value"), [("", None), (" ", None), ("12.5", 12.5), ("1:05", 65), ("1:02:03,5", 3723.5), ("0", 0)]
)
def test_times_are_read_as_people_write_them(text, value):
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["soon", "-1", "1:2:3:4", "nan", "1e9", "1:", "٣", "9" * 5000, "1:2\n:3"])
def test_other_times_are_refused_in_a_short_sentence(text):
    with pytest.raises(BadInputError, match="minutes:seconds") as error:
        seconds(text)
    assert len(str(error.value)) < 200


@pytest.mark.parametrize("text", ["2:55-3:00", " 2:55 - 3:00 ", "175–180", "2:55 to 3:00", "2:55 — 180"])
def test_one_field_may_hold_the_whole_window(text):
    assert window(text) == (175, 180)


def test_two_fields_hold_one_time_each():
    assert window("2:55", "3:00") == (175, 180)
    assert window("", "3:00") == (None, 180)
    assert window("1", "") == (1, None)
    with pytest.raises(BadInputError, match="minutes:seconds"):
        window("2:55-3:00", "4:00")
