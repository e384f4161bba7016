"""The picture of how policies learned: every evaluation is a dot, a head start lies on the ground."""

import json
import subprocess
import sys
from pathlib import Path

from PIL import Image

from tools.plot_training_curves import COLOURS, HEIGHT, WIDTH, draw

PPO = [{"samples": 1000 * i, "return": i / 10, "seconds_up": 2.0 * i} for i in range(1, 10)]
GUIDED = [
    {"samples": 4000, "stage": "expert"},
    {"samples": 5000, "return": 0.9, "seconds_up": 18.0},
    {"samples": 6000, "kl": 0.1},
]


def test_each_panel_has_a_dot_for_each_evaluation_and_the_head_start_is_dashed():
    drawn = draw({"PPO": PPO, "guided": GUIDED}).parts
    assert sum(part[0] == "dot" for part in drawn) == 2 * (9 + 1)
    dashed = [part for part in drawn if part[0] == "line" and part[-1]]
    assert [part[5] for part in dashed] == 2 * [COLOURS[1]]
    assert {part[3] for part in drawn if part[0] == "text"} >= {"PPO", "guided", "20", "1", "seconds up"}
    assert len([part for part in draw({"PPO": PPO}, ("seconds_up",)).parts if part[0] == "dot"]) == 9


def test_the_command_writes_it(tmp_path: Path):
    (tmp_path / "curve.jsonl").write_text("".join(json.dumps(line) + "\n" for line in PPO))
    tool = Path(__file__).parents[2] / "tools" / "plot_training_curves.py"
    command = [sys.executable, str(tool), str(tmp_path / "a" / "b.png"), f"a=b={tmp_path}"]
    subprocess.run([*command, "--show", "seconds_up"], check=True)
    with Image.open(tmp_path / "a" / "b.png") as picture:
        assert picture.width == 2 * WIDTH
        assert picture.height > 2 * HEIGHT


def test_a_folder_without_a_curve_is_named(tmp_path: Path):
    tool = Path(__file__).parents[2] / "tools" / "plot_training_curves.py"
    command = [sys.executable, str(tool), str(tmp_path / "b.png"), f"none={tmp_path}"]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 2
    assert "in the folder of none" in ended.stderr
