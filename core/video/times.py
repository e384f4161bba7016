"""Times as people write them: 12.5, 2:55, 1:02:03, and windows such as 2:55-3:00."""

import re

from core.errors import BadInputError

_TIME = r"(?:\d{1,6}:){0,2}\d{1,9}(?:[.,]\d{0,6})?"
_WINDOW = re.compile(rf"\s*({_TIME})\s*(?:-|–|—|to)\s*({_TIME})\s*")


def seconds(text: str) -> float | None:
    """A time as a person writes it, "12.5" or "1:23" or "1:02:03", in seconds; None where the field is empty."""
    given = text.strip()
    if not given:
        return None
    if not re.fullmatch(_TIME, given, re.ASCII):
        shown = given if len(given) <= 40 else given[:40] + "…"
        raise BadInputError(f"A time should be given in seconds or as minutes:seconds (1:23), but is {shown!r}.")
    total = 0.0
    for part in given.replace(",", ".").split(":"):
        total = total * 60 + float(part)
    return total


def clock_text(time_s: float) -> str:
    """A time in seconds as people read it: 2:55, 1:02:03.5."""
    whole, rest = divmod(round(time_s, 2), 60)
    tail = f"{rest:05.2f}".rstrip("0").rstrip(".")
    hours, minutes = divmod(int(whole), 60)
    return f"{hours}:{minutes:02d}:{tail}" if hours else f"{minutes}:{tail}"


def window(start: str, end: str = "") -> tuple[float | None, float | None]:
    """Start and end in seconds from two fields; the first may hold both, "2:55-3:00", where the second is empty."""
    if not end.strip() and (both := _WINDOW.fullmatch(start)):
        return seconds(both[1]), seconds(both[2])
    return seconds(start), seconds(end)
