"""A run's zip: complete, streamed, opened elsewhere as it was; what is no run's zip, or a trap, is refused whole."""

import io
import json
import stat
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from support.motions import spoiled, waving
from support.videos import write_numbered_video

from core.errors import BadInputError, RunNotFoundError
from core.export.bundle import MANIFEST, stream_bundle, write_bundle
from core.export.bundle_opening import BundleLimits, open_bundle
from core.notices import collecting
from core.run_folder import RunFolder, write_json


@pytest.fixture
def run(tmp_path) -> RunFolder:
    folder = RunFolder(tmp_path / "run")
    (folder.root / "source").mkdir(parents=True)
    write_numbered_video(folder.root / "source" / "dance.mp4", frames=4, fps=30)
    write_numbered_video(folder.clip, frames=4, fps=30)
    write_json(folder.record, {"settings": {"seed": 3}, "notices": {}})
    write_json(folder.metrics, {"0": {"motion": {"jitter": 1.0}}})
    waving(4).save(folder.person(0) / "motion.npz")
    (folder.root / ".log.txt").write_text("a path of this machine")
    return folder


@pytest.fixture
def bundle(run, tmp_path) -> Path:
    write_bundle(run, tmp_path / "run.zip")
    return tmp_path / "run.zip"


def changed(bundle: Path, edit) -> Path:
    """The zip with its files {name: bytes} edited by `edit`; a value may be a (ZipInfo, bytes)."""
    with zipfile.ZipFile(bundle) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    edit(files)
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(*(content if isinstance(content, tuple) else (name, content)))
    return bundle


def listed(files: dict, name: str, content: bytes) -> None:
    """Add a file together with its line in the list, as somebody who knows the format would."""
    import hashlib

    manifest = json.loads(files[MANIFEST])
    manifest["files"][name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    files[MANIFEST] = json.dumps(manifest).encode()
    files[name] = content


def test_it_opens_elsewhere_as_it_was(run, bundle, tmp_path):
    opened = open_bundle(bundle, tmp_path / "elsewhere" / "run")
    assert opened.artifacts() == run.artifacts()
    for name in run.artifacts():
        assert (opened.root / name).read_bytes() == (run.root / name).read_bytes()
    assert opened.source().read_bytes() == run.source().read_bytes()
    assert not (opened.root / ".log.txt").exists()
    assert [p.name for p in (tmp_path / "elsewhere").iterdir()] == ["run"]


def test_it_is_streamed_in_small_pieces_and_always_the_same(run):
    np.savez(run.person(0) / "large.npz", noise=np.random.default_rng(0).bytes(5_000_000))
    pieces = list(stream_bundle(run))
    assert len(pieces) > 4
    assert max(map(len, pieces)) < 3_000_000
    assert b"".join(pieces) == b"".join(stream_bundle(run))
    assert zipfile.ZipFile(io.BytesIO(b"".join(pieces))).testzip() is None


def test_a_folder_without_a_run_makes_no_zip(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(RunNotFoundError, match=r"run\.json"):
        write_bundle(RunFolder(tmp_path / "empty"), tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()


def test_the_zip_lies_outside_the_run(run):
    with pytest.raises(BadInputError, match="outside"):
        write_bundle(run, run.root / "run.zip")


def test_a_link_out_of_the_run_is_not_followed(run, tmp_path):
    (tmp_path / "secret.txt").write_text("secret")
    (run.person(0) / "notes.txt").symlink_to(tmp_path / "secret.txt")
    content = b"".join(stream_bundle(run))
    assert "person-0/notes.txt" not in zipfile.ZipFile(io.BytesIO(content)).namelist()


@pytest.mark.parametrize(
    "name",
    ["../evil.txt", "/etc/evil.txt", "a/../../evil.txt", "C:/evil.txt", "a\\..\\evil.txt", ".hidden.txt", "a//b.txt"],
)
def test_names_that_lead_elsewhere_are_refused(bundle, tmp_path, name):
    changed(bundle, lambda files: listed(files, name, b"evil"))
    with pytest.raises(BadInputError, match="plain files"):
        open_bundle(bundle, tmp_path / "out" / "run")
    assert list((tmp_path / "out").iterdir()) == []
    assert not (tmp_path / "evil.txt").exists()


def test_links_are_refused(bundle, tmp_path):
    link = zipfile.ZipInfo("person-0/link.txt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16

    def edit(files):
        listed(files, "person-0/link.txt", b"/etc/passwd")
        files["person-0/link.txt"] = (link, b"/etc/passwd")

    with pytest.raises(BadInputError, match="plain files"):
        open_bundle(changed(bundle, edit), tmp_path / "out")


def test_a_zip_bomb_is_refused_before_it_is_unpacked(bundle, tmp_path):
    changed(bundle, lambda files: listed(files, "person-0/zeros.txt", bytes(5_000_000)))
    with pytest.raises(BadInputError, match="fold"):
        open_bundle(bundle, tmp_path / "out", BundleLimits(free_bytes=1_000_000, max_ratio=5))
    with pytest.raises(BadInputError, match="at most"):
        open_bundle(bundle, tmp_path / "out", BundleLimits(max_bytes=1_000_000))
    with pytest.raises(BadInputError, match="at most 2 files"):
        open_bundle(bundle, tmp_path / "out", BundleLimits(max_files=2))


def test_a_zip_that_lies_about_a_size_is_refused(bundle, tmp_path):
    """The directory at the end says that a file is small; its data go on."""
    changed(bundle, lambda files: listed(files, "person-0/zeros.txt", bytes(100_000)))
    content = bytearray(bundle.read_bytes())
    at = content.rindex(b"person-0/zeros.txt") - 46
    assert content[at : at + 4] == b"PK\x01\x02"
    struct.pack_into("<I", content, at + 24, 10)
    bundle.write_bytes(bytes(content))
    with pytest.raises(BadInputError):
        open_bundle(bundle, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_changed_file_is_noticed(bundle, tmp_path):
    changed(bundle, lambda files: files.update({"metrics.json": b'{"0": {}}'}))
    with pytest.raises(BadInputError, match="changed or damaged"):
        open_bundle(bundle, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_files_beside_the_list_are_refused(bundle, tmp_path):
    with pytest.raises(BadInputError, match="lists"):
        open_bundle(changed(bundle, lambda files: files.update({"more.txt": b"x"})), tmp_path / "out")


def test_a_motion_that_cannot_be_read_is_refused(bundle, tmp_path):
    changed(bundle, lambda files: listed(files, "person-0/motion.npz", b"not a motion"))
    with pytest.raises(BadInputError, match=r"motion\.npz"):
        open_bundle(bundle, tmp_path / "out")


@pytest.mark.parametrize(
    "wrong",
    [
        {"fps": 0.0},
        {"fps": float("nan")},
        {"times": np.array([0.0, np.nan, 0.2, 0.3])},
        {"joints": np.full((4, 24, 3), np.nan)},
        {"intrinsics": np.full((3, 3), np.inf)},
        {"camera_in_world": np.eye(4)},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_motion_that_nobody_can_reckon_with_is_refused(run, tmp_path, wrong):
    spoiled(waving(4), **wrong).save(run.person(0) / "motion.npz")
    write_bundle(run, tmp_path / "run.zip")
    with pytest.raises(BadInputError, match=r"motion\.npz( of the bundle|: BodyMotion)"):
        open_bundle(tmp_path / "run.zip", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("key", ["fps", "times", "rotations"])
def test_texts_in_the_place_of_numbers_are_refused(run, tmp_path, key):
    path = run.person(0) / "motion.npz"
    with np.load(path) as arrays:
        found = dict(arrays)
    np.savez(path, **{**found, **{name: np.array("x") for name in (found if key not in found else [key])}})
    write_bundle(run, tmp_path / "run.zip")
    with pytest.raises(BadInputError):
        open_bundle(tmp_path / "run.zip", tmp_path / "new")


def test_a_file_where_a_folder_should_be_is_refused(bundle, tmp_path):
    changed(bundle, lambda files: listed(files, "run.json/x.txt", b"x"))
    with pytest.raises(BadInputError, match="under one name"):
        open_bundle(bundle, tmp_path / "new")
    assert list(tmp_path.glob(".bundle-*")) == []


def test_what_may_run_as_code_is_left_out(bundle, tmp_path):
    changed(bundle, lambda files: listed(files, "person-0/policies/a/policy.zip", b"pickles"))
    with collecting() as notices:
        opened = open_bundle(bundle, tmp_path / "out")
    assert not (opened.person(0) / "policies").exists()
    assert "policy.zip was left out" in notices[0]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_truncated_zip_is_named(bundle, tmp_path, share):
    content = bundle.read_bytes()
    bundle.write_bytes(content[: int(share * len(content))])
    with pytest.raises(BadInputError, match="should be a run's zip"):
        open_bundle(bundle, tmp_path / "out")


def test_another_zip_and_a_newer_version_are_named(bundle, tmp_path):
    def newer(files):
        files[MANIFEST] = json.dumps(json.loads(files[MANIFEST]) | {"version": 2}).encode()

    with pytest.raises(BadInputError, match="version 2"):
        open_bundle(changed(bundle, newer), tmp_path / "out")
    with zipfile.ZipFile(tmp_path / "holiday.zip", "w") as archive:
        archive.writestr("photo.jpg", "x")
    with pytest.raises(BadInputError, match=MANIFEST):
        open_bundle(tmp_path / "holiday.zip", tmp_path / "out")


def test_what_is_there_already_is_not_touched(bundle, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(BadInputError, match="not empty"):
        open_bundle(bundle, tmp_path / "out")
    assert (tmp_path / "out" / "mine.txt").read_text() == "mine"
