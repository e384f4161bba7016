"""The manifest: what ships is what it says, and tampering is noticed."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.assets import asset_path, checked_path, read_manifest
from core.errors import AssetError
from tools.asset_manifest import add, problems


def filled(folder: Path) -> Path:
    (folder / "a.bin").write_bytes(b"content")
    add("a.bin", "MIT", "here", "tools/make_a.py", folder=folder)
    return folder


def test_everything_that_ships_is_what_the_manifest_says():
    assert problems() == []
    assert {
        "blazepose_detector.onnx",
        "blazepose_heavy.onnx",
        "blazepose_full.onnx",
        "samples/walker.mp4",
        "samples/flip.mp4",
    } <= set(read_manifest())


def test_every_entry_names_licence_origin_and_tool():
    for name, entry in read_manifest().items():
        assert entry["licence"], name
        assert entry["origin"], name
        assert (Path(__file__).parents[2] / entry["tool"]).is_file(), name


def test_the_samples_together_are_small():
    assert sum(asset_path(f"samples/{name}.mp4").stat().st_size for name in ("walker", "flip")) <= 3_000_000


def test_a_good_file_is_found(tmp_path):
    assert checked_path(filled(tmp_path), "a.bin") == tmp_path / "a.bin"
    assert problems(tmp_path) == []


def test_a_changed_file_is_refused(tmp_path):
    filled(tmp_path)
    (tmp_path / "a.bin").write_bytes(b"contents")
    with pytest.raises(AssetError, match="changed or cut short"):
        checked_path(tmp_path, "a.bin")
    assert len(problems(tmp_path)) == 1


def test_a_missing_file_names_the_tool_that_makes_it(tmp_path):
    filled(tmp_path)
    (tmp_path / "a.bin").unlink()
    with pytest.raises(AssetError, match=r"tools/make_a\.py"):
        checked_path(tmp_path, "a.bin")


def test_an_unknown_name_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(AssetError, match=r"a\.bin"):
        checked_path(filled(tmp_path), "../secret")


def test_a_broken_manifest_is_an_asset_error(tmp_path):
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(AssetError, match="JSON"):
        checked_path(tmp_path, "a.bin")


def test_a_file_without_an_entry_is_reported(tmp_path):
    filled(tmp_path)
    (tmp_path / "stray.bin").write_bytes(b"?")
    assert ["stray.bin" in line for line in problems(tmp_path)] == [True]


def test_entries_written_at_the_same_time_all_stay(tmp_path):
    names = [f"{i}.bin" for i in range(20)]
    for name in names:
        (tmp_path / name).write_bytes(name.encode())
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: add(name, "MIT", "here", "tools/x.py", folder=tmp_path), names))
    assert set(json.loads((tmp_path / "manifest.json").read_text())["files"]) == set(names)
