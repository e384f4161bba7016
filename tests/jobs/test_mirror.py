"""A run's folder and its copy in an object store: what travels, who may write, what a reader sees."""

import json
from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from core.errors import BadInputError
from core.jobs.home import new_run_id
from core.jobs.mirror import Mirror, MovedOnError
from core.jobs.mirror_folder import part_of
from core.jobs.mirror_manifest import DamagedCopyError
from core.jobs.object_store import ObjectStore, StoreAwayError


@pytest.fixture(params=["file", "memory"])
def store(request, tmp_path):
    yield ObjectStore(f"file://{tmp_path}/store" if request.param == "file" else "memory://artifacts/here")
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]


@pytest.fixture
def run_id():
    return new_run_id()


@pytest.fixture
def left(store, tmp_path):
    return Mirror(store, tmp_path / "left")


@pytest.fixture
def right(store, tmp_path):
    return Mirror(store, tmp_path / "right")


def write(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def contents(root: Path) -> dict[str, str]:
    paths = (path for path in root.rglob("*") if path.is_file() and not path.name.startswith(".mirror"))
    return {path.relative_to(root).as_posix(): path.read_text() for path in paths}


def test_a_folder_arrives_whole_and_only_changes_travel(left, right, store, run_id, tmp_path, monkeypatch):
    here, there = tmp_path / "left" / run_id, tmp_path / "right" / run_id
    write(here, source__a="video", metrics="1", same="as it was")
    write(here, **{".lock": "", ".preview-motion.webp": "drawn anew", ".half.4711.npz": "not whole"})
    right.pull(run_id)
    assert not there.exists()
    left.push(run_id)
    right.pull(run_id)
    assert contents(there) == {"source/a": "video", "metrics": "1", "same": "as it was"}
    write(there, metrics="22", more="new")
    (there / "source" / "a").unlink()
    sent = []
    upload = store.upload
    monkeypatch.setattr(store, "upload", lambda name, *rest: (sent.append(name), upload(name, *rest)))
    right.push(run_id, "run")
    assert len(sent) == 2
    right.push(run_id, "run")
    assert len(sent) == 2
    left.pull(run_id)
    assert contents(here) | {"x": ""} == {
        "metrics": "22", "more": "new", "same": "as it was", ".lock": "", "x": "",
        ".preview-motion.webp": "drawn anew", ".half.4711.npz": "not whole",
    }  # fmt: skip
    assert len(store.names(f"{run_id}/files")) == 3  # the others are gone from the store
    assert (left.is_whole(run_id), left.size(run_id), left.runs()) == (True, 14, [run_id])
    left.remove(run_id)
    assert (left.runs(), store.names(run_id)) == ([], [])


def test_who_was_cut_off_does_not_write_over_what_came_after(left, right, run_id, tmp_path):
    write(tmp_path / "left" / run_id, a="1")
    left.push(run_id)
    right.pull(run_id)
    write(tmp_path / "right" / run_id, a="22")
    right.push(run_id)
    write(tmp_path / "left" / run_id, a="333")
    with pytest.raises(MovedOnError):
        left.push(run_id)
    left.pull(run_id)
    assert contents(tmp_path / "left" / run_id) == {"a": "22"}


def test_trainings_are_parts_that_others_write_at_the_same_time(left, right, run_id, tmp_path):
    training = new_run_id()
    ours = f"person-0/policies/{training}/.training/checkpoint.npz"
    assert part_of(ours) == part_of(f"person-0/rollouts/policy-{training}-body.glb") == training
    assert part_of(f"person-0/policies/{training}/.put-away") == "site"
    assert part_of("person-0/policies/1/card.md") == part_of("person-0/rollouts/sampling.npz") == "run"
    write(tmp_path / "left" / run_id, motion="m")
    left.push(run_id)
    right.pull(run_id)
    write(tmp_path / "right" / run_id, **{ours: "learned"})
    right.push(run_id, training)
    write(tmp_path / "left" / run_id, motion="better")
    left.push(run_id, "run")
    for each in (left, right):
        each.pull(run_id)
    both = {"motion": "better", ours: "learned"}
    assert contents(tmp_path / "left" / run_id) == contents(tmp_path / "right" / run_id) == both


def test_what_breaks_off_in_the_middle_leaves_the_last_state(left, right, store, run_id, tmp_path, monkeypatch):
    write(tmp_path / "left" / run_id, a="1", b="1")
    left.push(run_id)
    write(tmp_path / "left" / run_id, a="22", b="22")
    upload = store.upload

    def break_off(name, file, count):
        upload(name, file, count)
        raise StoreAwayError("away")

    monkeypatch.setattr(store, "upload", break_off)
    with pytest.raises(StoreAwayError):
        left.push(run_id)
    right.pull(run_id)
    assert contents(tmp_path / "right" / run_id) == {"a": "1", "b": "1"}
    monkeypatch.setattr(store, "upload", upload)
    left.push(run_id)
    right.pull(run_id)
    assert contents(tmp_path / "right" / run_id) == {"a": "22", "b": "22"}


def test_a_push_whose_answer_is_lost_is_done_again(left, right, store, run_id, tmp_path, monkeypatch):
    here = tmp_path / "left" / run_id
    write(here, a="1")
    left.push(run_id)
    write(here, a="22")
    put = store.write

    def lose(name, content):
        put(name, content)
        raise StoreAwayError("no answer")

    monkeypatch.setattr(store, "write", lose)
    with pytest.raises(StoreAwayError):
        left.push(run_id)
    monkeypatch.setattr(store, "write", put)
    write(here, a="333")
    left.pull(run_id)  # its own, which is no news
    assert contents(here) == {"a": "333"}
    write(here, a="1")
    left.push(run_id)
    right.pull(run_id)
    assert contents(tmp_path / "right" / run_id) == {"a": "1"}
    write(here, a="4444")
    left.push(run_id)
    with pytest.raises(MovedOnError):
        right.push(run_id)


def test_a_folder_is_given_up_only_whole_and_what_a_kill_leaves_of_it_is_fetched_anew(
    left, run_id, tmp_path, monkeypatch
):
    here = tmp_path / "left" / run_id
    write(here, a="1", b="2")
    left.push(run_id)
    write(here, b="new")
    assert not left.give_up(run_id)
    left.push(run_id)
    with left._locked(here):  # its files are moving
        assert not left.give_up(run_id)
    monkeypatch.setattr("core.jobs.mirror.shutil.rmtree", lambda root, ignore_errors: (root / "a").unlink())
    assert left.give_up(run_id)
    with pytest.raises(MovedOnError):
        left.push(run_id)
    left.pull(run_id)
    assert contents(here) == {"a": "1", "b": "new"}


def test_a_first_push_that_breaks_off_is_finished_later(left, right, store, run_id, tmp_path, monkeypatch):
    write(tmp_path / "left" / run_id, a="1", **{f"person-0__policies__{new_run_id()}__card.md": "learned"})
    upload, sent = store.upload, []

    def break_off(name, file, count):
        if sent:
            raise StoreAwayError("away")
        sent.append(name)
        upload(name, file, count)

    monkeypatch.setattr(store, "upload", break_off)
    with pytest.raises(StoreAwayError):
        left.push_missing(run_id)
    monkeypatch.setattr(store, "upload", upload)
    right.pull(run_id)
    right.push_missing(run_id)  # which has but a part of it
    left.push_missing(run_id)
    right.pull(run_id)
    assert contents(tmp_path / "right" / run_id) == contents(tmp_path / "left" / run_id)
    assert len(contents(tmp_path / "right" / run_id)) == 2


def test_damage_in_the_store_is_told_and_never_taken(left, right, store, run_id, tmp_path):
    write(tmp_path / "left" / run_id, a="1")
    left.push(run_id)
    (name,) = store.names(f"{run_id}/files")
    store.write(f"{run_id}/files/{name}", b"2")
    with pytest.raises(DamagedCopyError, match="damaged"):
        right.pull(run_id)
    store.remove([f"{run_id}/files/{name}"])
    with pytest.raises(DamagedCopyError, match="missing"):
        right.pull(run_id)
    assert contents(tmp_path / "right" / run_id) == {}
    manifest = f"{run_id}/parts/run.json"
    content = json.loads(store.read(manifest))
    for wrong in (b"{", json.dumps(content | {"files": {"../a": [1, "x"]}}).encode(), b"[]"):
        store.write(manifest, wrong)
        with pytest.raises(DamagedCopyError, match="record"):
            right.pull(run_id)


def test_a_store_that_fails_is_one_error_and_an_address_is_looked_at(store, monkeypatch, tmp_path):
    monkeypatch.setattr(store._fs, "cat_file", lambda path: (_ for _ in ()).throw(PermissionError("secret key")))
    with pytest.raises(StoreAwayError) as caught:
        store.read("a")
    assert "secret" not in str(caught.value)
    for url in ("nonsense://x", "s4://bucket"):
        with pytest.raises(BadInputError, match="UNDERSTUDY_ARTIFACTS"):
            ObjectStore(url)
