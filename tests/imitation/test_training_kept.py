"""What is left of a training that was stopped, cancelled, killed, or cut in half on the disk, and goes on."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from support.trainings import clip, small

from core.errors import BadInputError, CancelledError
from core.imitation.ppo import train
from core.imitation.ppo.checkpoints import NAME, PREVIOUS, load_checkpoint, save_checkpoint
from core.imitation.ppo.collecting import Batch
from core.imitation.ppo.curve import NAME as CURVE
from core.imitation.ppo.curve import cut_back, note, read_curve
from core.imitation.ppo.learner import Learner
from core.notices import collecting
from core.physics.mujoco_engine import MujocoEngine

ROOT = Path(__file__).parents[2]


def test_a_stop_or_a_cancellation_leaves_a_checkpoint(tmp_path: Path):
    asked = iter([False, False, True])
    trained = train(clip(), small(), tmp_path / "stopped", stop=lambda: next(asked))
    assert (trained.samples, trained.finished) == (256, False)

    def cancel(fraction: float, message: str) -> None:
        raise CancelledError("enough")

    with pytest.raises(CancelledError):
        train(clip(), small(), tmp_path / "cancelled", cancel)
    assert load_checkpoint(tmp_path / "cancelled")["samples"] == 128
    assert train(clip(), small(samples=256), tmp_path / "cancelled", resume=True).samples == 256


def test_an_update_that_fails_spoils_no_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    train(clip(), small(samples=128), tmp_path)
    good, closed = (tmp_path / NAME).read_bytes(), []
    close = MujocoEngine.close
    monkeypatch.setattr(MujocoEngine, "close", lambda engine: (closed.append(engine), close(engine)))

    def fail(learner: Learner, batch: Batch) -> None:
        for each in learner.ppo.policy.parameters():
            each.data.zero_()
        raise MemoryError("no room for gradients")

    monkeypatch.setattr(Learner, "update", fail)
    with pytest.raises(MemoryError):
        train(clip(), small(samples=256), tmp_path, resume=True)
    assert (tmp_path / NAME).read_bytes() == good
    assert len(closed) == 2  # of its collector, and of its evaluations


def test_a_kill_loses_no_more_than_an_interval(tmp_path: Path):
    script = (
        "from pathlib import Path\nfrom support.trainings import clip, small\nfrom core.imitation.ppo import train\n"
        f"train(clip(), small(samples=10**9, checkpoint_s=1e-6), Path({str(tmp_path)!r}))\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    process = subprocess.Popen([sys.executable, "-c", script], env=environment)
    try:
        deadline = time.monotonic() + 120
        while len([x for x in read_curve(tmp_path) if "return" in x]) < 3:
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    at_kill = max(x["samples"] for x in read_curve(tmp_path))
    kept = load_checkpoint(tmp_path)["samples"]
    assert at_kill - kept <= 2 * 128  # checkpoints follow every iteration here
    assert train(clip(), small(samples=kept + 128), tmp_path, resume=True).samples == kept + 128
    samples = [x["samples"] for x in read_curve(tmp_path) if "reward" in x]
    assert samples == list(range(128, kept + 129, 128))


def test_a_line_cut_short_is_left_out_and_forgotten_when_it_goes_on(tmp_path: Path):
    note(tmp_path, {"samples": 128, "terms": {"pose": 1.0}})
    whole = (tmp_path / CURVE).read_text()
    (tmp_path / CURVE).write_text(whole + '{"samples": 256, "terms": {"pose": 1.0}')
    assert [line["samples"] for line in read_curve(tmp_path)] == [128]
    cut_back(tmp_path, 256)
    assert (tmp_path / CURVE).read_text() == whole


def test_a_checkpoint_cut_in_half_is_not_used(tmp_path: Path):
    state = {"samples": 1, "a": {"b": np.arange(5000.0)}, "list": [{"c": np.ones(3)}], "big": 2**100}
    save_checkpoint(tmp_path, state)
    save_checkpoint(tmp_path, {**state, "samples": 2})
    again = load_checkpoint(tmp_path)
    assert again["samples"] == 2
    assert again["big"] == 2**100
    assert np.array_equal(again["a"]["b"], np.arange(5000.0))
    assert np.array_equal(again["list"][0]["c"], np.ones(3))
    content = (tmp_path / NAME).read_bytes()
    (tmp_path / NAME).write_bytes(content[: len(content) // 2])
    with collecting() as notices:
        assert load_checkpoint(tmp_path)["samples"] == 1
    assert "before it" in notices[0]
    (tmp_path / PREVIOUS).unlink()
    with pytest.raises(BadInputError, match="cannot be read"):
        load_checkpoint(tmp_path)
