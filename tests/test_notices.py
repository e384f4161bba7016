"""Notices reach whoever collects them, once each, and nobody else."""

import logging

from core.notices import collecting, notice


def test_notices_are_collected_once_each():
    with collecting() as outer:
        notice("a")
        with collecting() as inner:
            notice("b")
        notice("a")
    assert (outer, inner) == (["a"], ["b"])


def test_without_a_collector_they_are_logged(caplog):
    with caplog.at_level(logging.WARNING):
        notice("nobody listens")
    assert "nobody listens" in caplog.text
