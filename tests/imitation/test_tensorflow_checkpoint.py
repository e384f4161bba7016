"""Checkpoints without TensorFlow: hand-made ones, those that ship, damaged ones."""

import numpy as np
import pytest
from support.checkpoints import write_checkpoint

from core.errors import BadInputError
from core.imitation.crc32c import crc32c, masked_crc32c
from core.imitation.pretrained import PRETRAINED, DeepMimicPolicy, data_folder, pretrained
from core.imitation.tensorflow_checkpoint import read_checkpoint

RANDOM = np.random.default_rng(2)
TENSORS = {
    "agent/main/actor/dense/kernel": RANDOM.normal(size=(300, 7)).astype(np.float32),
    "agent/main/actor/dense/bias": RANDOM.normal(size=7).astype(np.float32),
    "agent/resource/count": np.array([70000], np.int32),
    "agent/resource/empty": np.zeros((0,), np.float32),
    **{f"other/{i:02d}": RANDOM.normal(size=(i, 2)).astype(np.float32) for i in range(1, 20)},
}


def bytewise(content: bytes) -> int:
    """CRC-32C by its definition, a bit at a time."""
    state = 0xFFFFFFFF
    for byte in content:
        state ^= byte
        for _ in range(8):
            state = state >> 1 ^ (0x82F63B78 if state & 1 else 0)
    return state ^ 0xFFFFFFFF


@pytest.mark.parametrize("length", [0, 1, 3, 4, 9, 16385, 20001])
def test_checksums_in_lanes_are_those_of_the_definition(length: int):
    content = RANDOM.bytes(length)
    assert crc32c(content) == bytewise(content)


def test_the_checksum_of_the_standard():
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA  # RFC 3720, B.4
    assert masked_crc32c(b"foo") != crc32c(b"foo")


def test_what_was_written_is_read(tmp_path):
    write_checkpoint(tmp_path / "a.ckpt", TENSORS)
    found = read_checkpoint(tmp_path / "a.ckpt")
    assert found.keys() == TENSORS.keys()
    for name, array in TENSORS.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize("part", [".index", ".data-00000-of-00001"])
def test_every_damaged_byte_is_noticed(tmp_path, part: str):
    stem = tmp_path / "a.ckpt"
    write_checkpoint(stem, TENSORS)
    path = tmp_path / f"a.ckpt{part}"
    good = path.read_bytes()
    footer = 48 if part == ".index" else 0  # the padding within the footer means nothing
    for at in RANDOM.choice(len(good) - footer, 60, replace=False):
        path.write_bytes(good[:at] + bytes([good[at] ^ 0x10]) + good[at + 1 :])
        with pytest.raises(BadInputError, match=r"a\.ckpt should be a TensorFlow checkpoint"):
            read_checkpoint(stem)


@pytest.mark.parametrize("part", [".index", ".data-00000-of-00001"])
def test_files_cut_short_foreign_or_missing_are_refused_in_plain_words(tmp_path, part: str):
    stem, path = tmp_path / "a.ckpt", tmp_path / f"a.ckpt{part}"
    write_checkpoint(stem, TENSORS)
    good = path.read_bytes()
    for content in (b"", good[:40], good[:-1], good[: len(good) // 2], b"junk" * 100):
        path.write_bytes(content)
        with pytest.raises(BadInputError, match="damaged or of another kind"):
            read_checkpoint(stem)
    path.unlink()
    with pytest.raises(BadInputError, match=f"there is no {path.name}"):
        read_checkpoint(stem)


@pytest.mark.parametrize("name", PRETRAINED)
def test_those_that_ship_are_whole(name: str):
    policy = pretrained(name)
    actions = policy.actions(np.zeros((2, 197)))
    assert actions.shape == (2, 36)
    assert np.isfinite(actions).all()
    np.testing.assert_array_equal(actions[0], actions[1])


def test_all_tensors_of_one_that_ships():
    tensors = read_checkpoint(data_folder() / "policies" / "humanoid3d" / "humanoid3d_walk.ckpt")
    assert len(tensors) == 36  # four of them empty
    np.testing.assert_allclose(tensors["agent/resource/s_norm/mean"][0], 0.5)  # the phase is normalised to [-1, 1]
    np.testing.assert_allclose(1 / tensors["agent/resource/a_norm/std"][:5], [0.2083333, 1, 1, 1, 0.25], rtol=1e-4)


def test_another_network_and_another_name_are_refused(tmp_path):
    write_checkpoint(tmp_path / "a.ckpt", TENSORS)
    with pytest.raises(BadInputError, match=r"actor/0/dense/kernel \(197, 1024\)"):
        DeepMimicPolicy(tmp_path / "a.ckpt", "a")
    with pytest.raises(BadInputError, match="walk, walk_COMenabled"):
        pretrained("run")
