"""Zips that pretend to be a run's, made of one that is."""

import hashlib
import io
import json
import random
import stat
import struct
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.hostile_inputs import Input, upload
from core.export.bundle import FORMAT, MANIFEST, VERSION

Files = dict[str, bytes]


def bundles(good: bytes, dice: random.Random) -> Iterator[Input]:
    """All of them, as uploads."""
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        run = {name: archive.read(name) for name in archive.namelist() if name != MANIFEST}
    small = {
        name: run[name]
        for name in run
        if name in ("run.json", "clip.mp4", "people.json", "metrics.json")
        or (name.startswith("person-0/") and name.endswith((".npz", ".txt")))
    }
    for name, content in (*_zips(good, small, dice), *_names(small), *_records(small), *_arrays(small)):
        yield upload("files", f"bundle {name}", f"{name}.zip".replace(" ", "-"), content, "/api/runs/import")


def bundle(files: Files, manifest: Any = None, **entry: Any) -> bytes:
    """A zip with a list that fits its files; `entry` sets attributes of all entries."""
    listed = {name: {"bytes": len(c), "sha256": hashlib.sha256(c).hexdigest()} for name, c in files.items()}
    usual = {"format": FORMAT, "version": VERSION, "files": listed}
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            for key, value in entry.items():
                setattr(info, key, value)
            archive.writestr(info, content)
        archive.writestr(MANIFEST, json.dumps(usual) if manifest is None else manifest)
    return data.getvalue()


def _zips(good: bytes, run: Files, dice: random.Random) -> Iterator[tuple[str, bytes]]:
    yield "empty", b""
    yield "no zip", b"PK\3\4" + dice.randbytes(1000)
    yield "nothing in it", bundle({})
    for percent in (10, 60, 99):
        yield f"first {percent} percent", good[: len(good) * percent // 100]
    whole = bundle(run)
    for i in range(8):
        changed = bytearray(whole)
        for _ in range(1 + 10 * i):
            changed[dice.randrange(len(changed))] ^= 1 << dice.randrange(8)
        yield f"damage {i}", bytes(changed)
    yield "wrong sum", whole.replace(hashlib.sha256(run["run.json"]).hexdigest()[:8].encode(), b"00000000")
    for text in ("", "[]", "null", "{", "[" * 100_000, '{"format":"x"}', '{"files":[]}', " " * 5_000_000):
        yield f"list {text[:12]!r}".replace("/", ""), bundle(run, text)
    yield "newer", bundle(run, json.dumps({"format": FORMAT, "version": 99, "files": {}}))
    yield "bomb", bundle({**run, "a.txt": bytes(400_000_000)})
    yield "policy", bundle({"policy.pth": b"cos\nsystem\n(S'id'\ntR."}, "{}")
    yield "encrypted", bundle(run, flag_bits=1)
    yield "many files", bundle({f"a{i}.txt": b"" for i in range(3000)})
    method = bytearray(whole)
    for mark, at in ((b"PK\1\2", 10), (b"PK\3\4", 8)):
        where = method.index(mark) + at
        method[where : where + 2] = struct.pack("<H", 97)
    yield "unknown packing", bytes(method)


def _names(run: Files) -> Iterator[tuple[str, bytes]]:
    names = (
        "../evil.txt",
        "../../runs/evil.txt",
        "/tmp/evil.txt",
        "a/../../evil.txt",
        "C:\\evil.txt",
        "a\\..\\b.txt",
        ".hidden.txt",
        "a//b.txt",
        "a/",
        "x" * 5000 + ".txt",
        "/".join("abcdefghij") + ".txt",
        "a\x01.txt",
        "\u202e.txt",
        "run.json/x.txt",
        "person-0",
    )
    for i, name in enumerate(names):
        yield f"name {i}", bundle({**run, name: b"x"})
    yield "link", bundle({**run, "a.txt": b"/etc/passwd"}, external_attr=(stat.S_IFLNK | 0o777) << 16)
    yield "device", bundle(run, external_attr=(stat.S_IFCHR | 0o666) << 16)
    yield "programs", bundle({**run, "play.py": b"import os", "a.html": b"<script>", "p.pkl": b"cos\nsystem\n."})


def _records(run: Files) -> Iterator[tuple[str, bytes]]:
    record = json.loads(run["run.json"])
    texts = ("", "[]", "null", '"x"', "{}", "NaN", "[" * 50_000, '{"a":' * 900 + "1" + "}" * 900)
    for text in texts:
        yield f"record {text[:8]!r}".replace("/", ""), bundle({**run, "run.json": text.encode()})
        for other in ("metrics.json", "people.json"):
            yield f"{other} {text[:8]!r}".replace("/", ""), bundle({**run, other: text.encode()})
    changes: tuple[dict[str, Any], ...] = (
        {"settings": []},
        {"settings": {"start_s": "x", "body": "/etc/passwd", "hmr": "../x", "link": "http://127.0.0.1/"}},
        {"settings": {"corrections": [[]], "person": "9" * 5000, "max_seconds": float("inf")}},
        {"seconds": []},
        {"seconds": {"clip": float("nan")}},
        {"seconds": {"clip": 1e300}},
        {"notices": [1]},
        {"notices": {"clip": [{"a": "<script>"}]}},
        {"source": "x"},
        {"source": {"title": ["<script>"], "name": None}},
    )
    for i, change in enumerate(changes):
        yield f"change {i}", bundle({**run, "run.json": json.dumps(record | change).encode()})
    for name in ("clip.mp4", "run.json", "people.json", "person-0/track.npz", "person-0/motion.npz"):
        yield f"without {name.replace('/', ' ')}", bundle({k: v for k, v in run.items() if k != name})
    for content in (b"", b"#EXTM3U\nfile:///etc/passwd\n", run["clip.mp4"][:3000]):
        yield f"clip of {len(content)}", bundle({**run, "clip.mp4": content})


def _arrays(run: Files) -> Iterator[tuple[str, bytes]]:
    for name in [n for n in run if n.endswith(("track.npz", "motion.npz"))][:2]:
        with np.load(io.BytesIO(run[name]), allow_pickle=False) as arrays:
            found = dict(arrays)
        for label, changed in _changed(found).items():
            data = io.BytesIO()
            np.savez(data, allow_pickle=True, **changed)
            yield f"{name.rpartition('/')[2]} {label}", bundle({**run, name: data.getvalue()})
        for label, header in {
            "huge": "{'descr': '<f8', 'fortran_order': False, 'shape': (100000000000,), }",
            "negative": "{'descr': '<f8', 'fortran_order': False, 'shape': (-5,), }",
            "code": "__import__('os').system('id')",
            "object": "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
        }.items():
            text = header.ljust(117).encode() + b"\n"
            array = b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text + b"cos\nsystem\n(S'id'\ntR."
            data = io.BytesIO()
            with zipfile.ZipFile(data, "w") as archive:
                for key in found:
                    archive.writestr(f"{key}.npy", array)
            yield f"{name.rpartition('/')[2]} header {label}", bundle({**run, name: data.getvalue()})


def _changed(found: dict[str, np.ndarray]) -> dict[str, dict[str, np.ndarray]]:
    floats = [key for key, value in found.items() if value.dtype.kind == "f" and value.size]
    alone = {f"not numbers in {key}": {**found, key: np.full_like(found[key], np.nan)} for key in floats}
    return {
        **alone,
        "pickled": {key: np.array([{"a": 1}], dtype=object) for key in found},
        "not numbers": {**found, **{key: np.full_like(found[key], np.nan) for key in floats}},
        "infinite": {**found, **{key: np.full_like(found[key], np.inf) for key in floats}},
        "empty": {key: value[:0] if value.ndim else value for key, value in found.items()},
        "flat": {key: value.reshape(-1) for key, value in found.items()},
        "texts": {key: np.array("x") for key in found},
        "one key": dict(list(found.items())[:1]),
        "none": {},
        "more": {**found, "more": np.zeros(3)},
    }
