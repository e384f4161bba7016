"""The JSON records of a run that came from elsewhere: of the shape that the rest of the house reads, or refused."""

from typing import Any

from core.errors import BadInputError
from core.run_figures import POLICY
from core.run_folder import RunFolder, read_json

_MAX_BYTES = 8_000_000
_MAX_NOTICES, _MAX_NOTICE = 100, 1_000
_MAX_NUMBER = 1e300
"""Python reads whole numbers of any length out of JSON; those that no float holds break whoever reckons with them."""
_MAX_PERSON = 10_000


def check_records(folder: RunFolder) -> None:
    """Check run.json, people.json and the figures of a run; `BadInputError` names what is wrong."""
    of_policies = sorted(folder.root.glob(f"person-*/rollouts/{POLICY}*.json"))
    for path in (folder.record, folder.metrics, folder.people_record, *of_policies):
        if path.exists():
            _expect(path.stat().st_size <= _MAX_BYTES, path.name, f"at most {_MAX_BYTES // 10**6} MB")
            _expect(_is_plain(read_json(path)), path.name, "finite numbers alone")
    record = read_json(folder.record)
    for name in ("settings", "seconds", "notices", "camera"):
        _expect(isinstance(record.get(name, {}), dict), "run.json", f"an object called {name}")
    seconds = record.get("seconds", {}).values()
    _expect(all(_is_number(value) and 0 <= value < 1e9 for value in seconds), "run.json", "seconds that are numbers")
    _check_notices(record.get("notices", {}))
    _check_metrics(read_json(folder.metrics))
    for path in of_policies:
        _expect(_are_figures(read_json(path)), path.name, "numbers")
    _check_people(read_json(folder.people_record))
    for each in read_json(folder.people_record).get("people", []):
        path = folder.found_track(each["number"])
        if not path.is_file():
            raise BadInputError(
                f"people.json of the bundle names person {each['number']}, but people/{path.name} is not in the zip. "
                "It may have been changed, or written in part: write it again."
            )


def _check_notices(notices: dict[str, Any]) -> None:
    for texts in notices.values():
        _expect(_are_sentences(texts), "run.json", "notices that are lists of sentences")


def _are_sentences(texts: Any) -> bool:
    short = isinstance(texts, list) and len(texts) <= _MAX_NOTICES
    return short and all(isinstance(text, str) and len(text) <= _MAX_NOTICE for text in texts)


def _check_metrics(metrics: dict[str, Any]) -> None:
    for of_person in metrics.values():
        _expect(isinstance(of_person, dict), "metrics.json", "an object for each person")
        for figures in of_person.values():
            _expect(_are_figures(figures), "metrics.json", "numbers for each stage")


def _are_figures(figures: Any) -> bool:
    return isinstance(figures, dict) and all(v is None or _is_number(v) for v in figures.values())


def _check_people(content: dict[str, Any]) -> None:
    people = content.get("people", [])
    _expect(isinstance(people, list), "people.json", "a list of people")
    _expect(_are_sentences(content.get("notices", [])), "people.json", "notices that are a list of sentences")
    for each in people:
        fits = isinstance(each, dict) and all(type(each.get(name, 0)) is int for name in ("number", "frames"))
        fits = fits and 0 <= each.get("number", -1) <= _MAX_PERSON and ("thumbnail" not in each or "frames" in each)
        fits = fits and isinstance(each.get("thumbnail", ""), str)
        _expect(fits, "people.json", "a number, frames and a thumbnail for everybody")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_plain(content: Any) -> bool:
    if isinstance(content, dict | list):
        return all(_is_plain(each) for each in (content.values() if isinstance(content, dict) else content))
    return not isinstance(content, (int, float)) or abs(content) <= _MAX_NUMBER


def _expect(holds: bool, name: str, what: str) -> None:
    if not holds:
        raise BadInputError(f"{name} of the bundle should hold {what}, but does not. The zip may have been changed.")
