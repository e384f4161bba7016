"""Whether links can be fetched is told truly."""

import importlib.metadata

import pytest

from core.video import fetch_ready
from core.video.fetch_ready import link_parts, scripts_version_wanted


def test_everything_that_links_need_is_installed_and_fits_together():
    assert importlib.metadata.version("yt-dlp-ejs") == scripts_version_wanted()
    parts = {name: (detail, good) for name, detail, good in link_parts()}
    assert set(parts) == {"yt-dlp", "yt-dlp-ejs", "deno"}
    assert all(good for _, good in parts.values()), parts
    assert parts["deno"][0].startswith("deno 2")


@pytest.mark.parametrize(("version", "words"), [("0.0.1", "but is 0.0.1"), (None, "not installed")])
def test_scripts_of_another_version_are_named(monkeypatch, version, words):
    monkeypatch.setattr(fetch_ready, "_version", lambda name: version)
    _, detail, good = fetch_ready._scripts()
    assert not good
    assert words in detail
    assert "pip install" in detail


def test_a_missing_runtime_is_named(tmp_path):
    assert fetch_ready._runtime(None)[2] is False
    _, detail, good = fetch_ready._runtime(tmp_path / "deno")
    assert not good
    assert "does not start" in detail
