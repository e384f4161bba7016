"""A database that is away for a moment."""

import sqlite3

import pytest
import sqlalchemy as sa
from jobs_kit import make_home

from core.jobs import patience
from core.jobs.patience import is_passing, patiently


def error(words, kind=sa.exc.OperationalError):
    return kind("SELECT 1", {}, sqlite3.OperationalError(words))


def test_what_passes_and_what_does_not():
    for words in ("database is locked", "database or disk is full", "disk I/O error", "unable to open database file"):
        assert is_passing(error(words))
    assert not is_passing(error("no such column: runs.nothing"))
    assert not is_passing(error("UNIQUE constraint failed", sa.exc.IntegrityError))
    assert not is_passing(ValueError("x"))


def test_it_asks_again_until_the_database_is_back(monkeypatch):
    monkeypatch.setattr(patience.time, "sleep", lambda seconds: None)
    answers = iter([error("database is locked"), error("disk is full"), None])

    def work(value):
        if (problem := next(answers)) is not None:
            raise problem
        return value

    assert patiently(work, 7) == 7


def test_it_gives_up_at_last_and_on_real_mistakes_at_once(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(patience.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(patience.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    tries = []

    def work(words):
        tries.append(words)
        raise error(words)

    with pytest.raises(sa.exc.OperationalError):
        patiently(work, "database is locked")
    assert len(tries) > 10
    assert now[0] <= patience.PATIENCE_S
    with pytest.raises(sa.exc.OperationalError):
        patiently(work, "no such table")
    assert tries[-2:] == ["database is locked", "no such table"]


def test_a_full_disk_is_a_passing_trouble_of_the_real_database(tmp_path):
    engine = make_home(tmp_path)[1]
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    with engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(sa.exc.OperationalError) as caught:
            connection.exec_driver_sql("CREATE TABLE big (x)")
    assert is_passing(caught.value)
