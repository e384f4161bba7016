import os
import signal
import time
from pathlib import Path

import pytest

from core.imitation.ppo.stopping import STOP_FILE, stopping


def test_a_stop_file_stops_and_an_old_one_does_not(tmp_path: Path):
    (tmp_path / STOP_FILE).touch()
    with stopping(tmp_path) as stop:
        assert not stop()
        (tmp_path / STOP_FILE).touch()
        assert stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_stop_and_mean_what_they_did_before_afterwards(tmp_path: Path, number: signal.Signals):
    before = signal.getsignal(number)
    with stopping(tmp_path) as stop:
        assert not stop()
        os.kill(os.getpid(), number)
        deadline = time.monotonic() + 10
        while not stop():
            assert time.monotonic() < deadline
    assert signal.getsignal(number) == before


def test_the_end_of_the_input_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    reading, writing = os.pipe()
    with os.fdopen(reading) as ours:
        monkeypatch.setattr("sys.stdin", ours)
        with stopping(tmp_path, watch_input=True) as stop:
            os.write(writing, b"still here")
            assert not stop()
            os.close(writing)
            deadline = time.monotonic() + 10
            while not stop():
                assert time.monotonic() < deadline
                time.sleep(0.01)
