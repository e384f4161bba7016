"""What ships is whole, is found by its name, and is put there by the tool's function."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from support.trainings import clip, small

from core.assets import ASSETS
from core.errors import BadInputError
from core.imitation.naming import load_policy
from core.imitation.observations import OBSERVATION_SIZE
from core.imitation.ppo import train
from core.imitation.ppo.curve import read_curve
from core.imitation.shipped import known_policies, own_clip, ship, shipped, shipped_policy


@pytest.mark.parametrize("name", ["understudy_dance_b", "understudy_run", "understudy_walk"])
def test_those_that_ship_are_whole_small_and_found(name: str):
    policy = load_policy(name)
    assert np.isfinite(policy.offsets(np.zeros((2, OBSERVATION_SIZE)))).all()
    folder = ASSETS / "policies" / shipped()[name]
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 3_000_000
    card = (folder / "card.md").read_text()
    assert card.startswith(f"# {shipped()[name]}")
    assert {path.name for path in folder.iterdir()} == {"card.md", *re.findall(r"`([a-z]+\.[a-z]+)`", card)}
    assert read_curve(folder)
    assert name in known_policies()


def test_each_knows_its_clip():
    assert own_clip("walk_COMenabled") == "walk"
    assert own_clip("mine") == "mine"
    for name, of in shipped().items():
        assert own_clip(name) == of


def test_another_name_is_refused():
    with pytest.raises(BadInputError, match="that ships"):
        shipped_policy("understudy_moonwalk")


def test_a_training_ships(tmp_path: Path):
    training = tmp_path / "training"
    train(clip("kick"), small(samples=256), training)
    names = ship(training, "kick", tmp_path)
    assert names == ["policies/kick/policy.onnx", "policies/kick/card.md", "policies/kick/curve.jsonl"]
    lines = [json.loads(line) for line in (tmp_path / names[2]).read_text().splitlines()]
    assert lines == read_curve(training)
    assert load_policy(str(tmp_path / "policies" / "kick")).name == "kick"
