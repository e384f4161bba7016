"""The manifest of a mesh-recovery network: what it may leave open, and what it may not say."""

import json

import pytest

from core.errors import BadInputError
from core.mesh_recovery.contract import FAMILIES, manifest_from_json, read_manifest


@pytest.mark.parametrize("family", FAMILIES)
def test_the_family_is_enough(family):
    manifest = manifest_from_json({"family": family})
    assert manifest.family == family
    assert manifest.title == f"a network of the family {family}"


def test_each_family_has_its_own_ways():
    hmr2, cliff, hmr = (manifest_from_json({"family": name}) for name in ("hmr2", "cliff", "hmr"))
    assert (hmr2.input_size, hmr2.six_d, hmr2.orientation) == ((256, 256), "contiguous", "crop")
    assert (cliff.input_size, cliff.six_d, cliff.orientation) == ((256, 192), "interleaved", "picture")
    assert (hmr.mean, hmr.std, hmr.border) == ((0.5,) * 3, (0.5,) * 3, "edge")


def test_what_the_manifest_says_counts_before_the_family():
    manifest = manifest_from_json(
        {
            "family": "spin",
            "name": "Mine",
            "input_size": 320,
            "margin": 1.5,
            "outputs": {"rotations": ["root", "body"], "camera": "cam"},
            "pelvis": [0, -0.2, 0],
        }
    )
    assert manifest.title == "Mine"
    assert manifest.input_size == (320, 320)
    assert manifest.outputs == {"rotations": ("root", "body"), "camera": ("cam",)}
    assert manifest.pelvis == (0.0, -0.2, 0.0)
    assert manifest.crop == "spin"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([], "JSON object, but holds a list"),
        ({}, "'family' should be one of hmr2, cliff"),
        ({"family": "smplify"}, "is 'smplify'"),
        ({"family": "hmr2", "croop": 1}, "unknown key 'croop'; the known ones are .*border"),
        ({"family": "hmr2", "crop": "cliffs"}, "'crop' should be one of hmr2, cliff, spin, hmr, letterbox"),
        ({"family": "hmr2", "input_size": [256, 0]}, "32 to 2048"),
        ({"family": "hmr2", "input_size": "256"}, "32 to 2048"),
        ({"family": "hmr2", "mean": [123.7, 116.3, 103.5]}, "divide"),
        ({"family": "hmr2", "std": [0.2, 0, 0.2]}, "above 0"),
        ({"family": "hmr2", "mean": [0.5, 0.5]}, "three numbers"),
        ({"family": "hmr2", "margin": True}, "0.5 to 4"),
        ({"family": "hmr2", "outputs": {"pose": "p"}}, "rotations, betas, camera, pelvis"),
        ({"family": "hmr2", "outputs": {"camera": ["a", "b"]}}, "list of two"),
        ({"family": "hmr2", "inputs": {"image": 3}}, "object of names"),
        ({"family": "hmr2", "licence": None}, "a text"),
    ],
)
def test_what_cannot_be_is_refused_in_words(content, words):
    with pytest.raises(BadInputError, match=words):
        manifest_from_json(content)


def test_a_folder_says_what_it_lacks(tmp_path):
    with pytest.raises(BadInputError, match=r"a folder with model\.onnx and manifest\.json"):
        read_manifest(tmp_path / "nowhere")
    with pytest.raises(BadInputError, match=r'The least that will do is ."family": "hmr2".'):
        read_manifest(tmp_path)
    (tmp_path / "manifest.json").write_text('{"family": "hmr2"')
    with pytest.raises(BadInputError, match="should be JSON"):
        read_manifest(tmp_path)
    (tmp_path / "manifest.json").write_text(json.dumps({"family": "hmr2", "licence": "MIT"}))
    assert read_manifest(tmp_path).licence == "MIT"
