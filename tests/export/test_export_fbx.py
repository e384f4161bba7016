"""FBX: read back through assimp the joints are the motion's, and the file says that it is in metres."""

import stat
import struct
import subprocess

import numpy as np
import pytest
from support.gltf import Glb
from support.motions import waving

from core.body import load_body
from core.errors import BadInputError, MissingDependencyError
from core.export.fbx import find_assimp, write_fbx


@pytest.fixture(scope="module", autouse=True)
def assimp():
    try:
        return find_assimp()
    except MissingDependencyError as error:
        pytest.skip(str(error))


def read_back(assimp, path) -> Glb:
    back = path.with_name("back.glb")
    subprocess.run([assimp, "export", path, back, "-fglb2"], check=True, capture_output=True, timeout=60)
    return Glb.read(back)


@pytest.mark.parametrize("frames", [1, 2, 40])
def test_assimp_finds_the_joints_where_they_were(tmp_path, assimp, frames):
    motion = waving(frames)
    write_fbx(tmp_path / "motion.fbx", motion, load_body())
    glb = read_back(assimp, tmp_path / "motion.fbx")
    names = [glb.json["nodes"][joint]["name"] for joint in glb.json["skins"][0]["joints"]]
    order = [names.index(name) for name in load_body().names]
    for t in {0, frames // 2, frames - 1}:
        there = glb.joint_transforms(motion.times[t])[order, :3, 3]
        assert np.abs(there - motion.joints[t]).max() < 1e-3


def property_of(content: bytes, name: bytes, layout: str) -> float:
    """The number of a GlobalSettings property: it follows four strings and the letter of its kind."""
    at = content.index(b"S" + struct.pack("<I", len(name)) + name)
    for _ in range(4):
        (length,) = struct.unpack_from("<I", content, at + 1)
        at += 5 + length
    return struct.unpack_from(layout, content, at + 1)[0]


def test_it_declares_metres_and_the_motions_rate(tmp_path):
    write_fbx(tmp_path / "motion.fbx", waving(3, fps=25.0), load_body())
    content = (tmp_path / "motion.fbx").read_bytes()
    assert property_of(content, b"UnitScaleFactor", "<d") == 100.0
    assert property_of(content, b"OriginalUnitScaleFactor", "<d") == 100.0
    assert property_of(content, b"TimeMode", "<i") == 14
    assert property_of(content, b"CustomFrameRate", "<d") == 25.0


def test_without_assimp_it_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr("core.export.fbx.sysconfig.get_path", lambda name: str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingDependencyError, match="pip install cmeel-assimp"):
        write_fbx(tmp_path / "motion.fbx", waving(1), load_body())


@pytest.mark.parametrize("script", ["echo no such codec >&2; exit 1", "exit 0", "echo nonsense > $3"])
def test_an_assimp_that_fails_leaves_the_old_file(tmp_path, script):
    program = tmp_path / "assimp"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "motion.fbx").write_text("old")
    with pytest.raises(BadInputError, match="should"):
        write_fbx(tmp_path / "motion.fbx", waving(1), load_body(), assimp=program)
    assert (tmp_path / "motion.fbx").read_text() == "old"
