"""What the nouns of `core.motion` check of what they are made of, so that a malformed file is told in one sentence."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import BadInputError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

NUMBERS, TRUTHS = "fiu", "b"
"""Kinds of numpy's types."""


def freeze(noun: "DataclassInstance") -> None:
    """Put a read-only copy in the place of each array of a dataclass."""
    for each in fields(noun):
        value = getattr(noun, each.name)
        if isinstance(value, np.ndarray):
            value = value.copy()
            value.setflags(write=False)
            object.__setattr__(noun, each.name, value)


def expect(noun: str, name: str, value: Any, shape: tuple[int | None, ...], kinds: str = NUMBERS) -> None:
    """`BadInputError` where `value` is no array of this shape (None: any length) and of these kinds of numbers."""
    what = "numbers" if kinds == NUMBERS else "true or false"
    if not isinstance(value, np.ndarray):
        raise BadInputError(f"{noun}.{name} should be an array of {what}, but is {_described(value)}.")
    fits = value.ndim == len(shape) and all(n is None or n == m for n, m in zip(shape, value.shape, strict=True))
    if not fits:
        wanted = "x".join("N" if n is None else str(n) for n in shape)
        raise BadInputError(f"{noun}.{name} should have the shape {wanted}, but has {value.shape}.")
    if value.dtype.kind not in kinds:
        raise BadInputError(f"{noun}.{name} should be an array of {what}, but is one of {value.dtype}.")


def expect_clock(noun: str, fps: Any, times: Any) -> int:
    """The number of frames; `BadInputError` where `fps` is no number, or `times` are not numbers [T]."""
    if not isinstance(fps, Real) or isinstance(fps, bool):
        raise BadInputError(f"{noun}.fps should be a number, but is {_described(fps)}.")
    expect(noun, "times", times, (None,))
    return len(times)


def expect_text(noun: str, name: str, value: Any, allowed: tuple[str, ...] = ()) -> None:
    """`BadInputError` where `value` is no text, or none of those `allowed`."""
    if not isinstance(value, str) or (allowed and value not in allowed):
        wanted = " or ".join(map(repr, allowed)) or "text"
        raise BadInputError(f"{noun}.{name} should be {wanted}, but is {_described(value)}.")


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Put the file's name before what a noun made from it complains of."""
    try:
        yield
    except BadInputError as error:
        raise BadInputError(f"{Path(path).name}: {error}") from error


def _described(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of the shape {value.shape}"
    return "several texts" if isinstance(value, tuple) else repr(value)[:60]
