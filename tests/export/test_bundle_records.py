"""The JSON of a run from elsewhere: of the shape that the house reads, or refused in a sentence, never a traceback."""

import pytest

from core.errors import BadInputError
from core.export.bundle_records import check_records
from core.run_folder import RunFolder

HUGE = "1" + 400 * "0"


@pytest.fixture
def folder(tmp_path) -> RunFolder:
    run = RunFolder(tmp_path)
    run.record.write_text('{"seconds": {"clip": 1.5}, "notices": {"clip": ["A sentence."]}, "camera": {}}')
    run.metrics.write_text('{"0": {"motion": {"jitter": 1.0, "float_mm": null}}}')
    run.people_record.write_text('{"people": [{"number": 0, "frames": 4, "thumbnail": "people/person-0.jpg"}]}')
    run.found_track(0).parent.mkdir()
    run.found_track(0).touch()
    return run


def test_what_a_run_writes_is_taken(folder):
    check_records(folder)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("run.json", "[]"),
        ("run.json", '{"seconds": {"clip": "long"}}'),
        ("run.json", f'{{"seconds": {{"clip": {HUGE}}}}}'),
        ("run.json", '{"camera": {"focal_length_px": NaN}}'),
        ("run.json", f'{{"settings": {{"start_s": {HUGE}}}}}'),
        ("run.json", '{"settings": {"more": [[{"deep": -Infinity}]]}}'),
        ("run.json", '{"notices": {"clip": "one"}}'),
        ("metrics.json", '{"0": [1]}'),
        ("metrics.json", '{"0": {"motion": {"jitter": true}}}'),
        ("metrics.json", f'{{"0": {{"motion": {{"jitter": {HUGE}}}}}}}'),
        ("person-0/rollouts/policy-1.json", '{"return": "high"}'),
        ("person-0/rollouts/policy-1.json", "[]"),
        ("people.json", '{"people": [], "notices": [1]}'),
        ("people.json", '{"people": [{"number": -1, "frames": 4}]}'),
        ("people.json", '{"people": [{"number": 0, "thumbnail": "a.jpg"}]}'),
        ("people.json", f'{{"people": [{{"number": {HUGE}, "frames": 4, "thumbnail": "a.jpg"}}]}}'),
    ],
)
def test_other_shapes_are_refused(folder, name, content):
    (folder.root / name).parent.mkdir(parents=True, exist_ok=True)
    (folder.root / name).write_text(content)
    with pytest.raises(BadInputError, match=(folder.root / name).name):
        check_records(folder)


def test_people_whose_tracks_are_missing_are_named(folder):
    folder.found_track(0).unlink()
    with pytest.raises(BadInputError, match=r"names person 0, but people/person-0\.npz is not in the zip"):
        check_records(folder)
