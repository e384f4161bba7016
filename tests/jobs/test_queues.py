"""Queues: what waits where, who serves what, limits over all workers."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from dbos import DBOS
from jobs_kit import calls, enqueue, make_home, wait_for, wait_until_finished

from core import accelerator
from core.errors import BadInputError
from core.jobs import queues
from core.jobs.heartbeat import is_served, list_workers
from core.jobs.submit import Submission
from core.jobs.worker import Worker, make_client, prepare_queue

HERE = Path(__file__).parent


def test_a_worker_alone_knows_all_workflows():
    """A process that imports no more than the worker, as `understudy worker` does."""
    code = "import sys; import core.jobs.worker; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=HERE.parents[1], capture_output=True, text=True, check=True
    )
    assert {"core.jobs.workflow", "core.jobs.training_workflow"} <= set(loaded.stdout.split())


def test_queues_and_limits_are_read_from_words(monkeypatch):
    assert queues.read_queues("train, cpu") == ("cpu", "train")
    assert queues.read_queues("none") == ()
    monkeypatch.setattr(queues, "has_gpu", lambda: False)
    assert queues.read_queues("") == ("cpu", "train")
    monkeypatch.setattr(queues, "has_gpu", lambda: True)
    assert queues.read_queues("") == ("cpu", "gpu", "train")
    assert queues.read_limits("cpu=8, gpu = 1,") == {"cpu": 8, "gpu": 1}
    for wrong in ("gpus=1", "gpu=0", "gpu=-1", "gpu", "gpu=one"):
        with pytest.raises(BadInputError, match="gpu"):
            queues.read_limits(wrong)
    with pytest.raises(BadInputError, match="cpu, gpu, train"):
        queues.read_queues("cpu,tpu")


def test_a_gpu_wants_a_driver_a_card_and_a_runtime_that_was_built_for_it(monkeypatch):
    import onnxruntime

    def driver(cards):
        def count(reference):
            reference._obj.value = cards
            return 0

        return SimpleNamespace(cuInit=lambda flags: 0, cuDeviceGetCount=count)

    def missing(name):
        raise OSError(name)

    both = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    for library, providers, expected in (
        (lambda name: driver(1), both, True),
        (lambda name: driver(0), both, False),
        (lambda name: driver(1), both[1:], False),
        (missing, both, False),
    ):
        monkeypatch.setattr(accelerator.ctypes, "CDLL", library)
        monkeypatch.setattr(onnxruntime, "get_available_providers", lambda found=providers: found)
        assert accelerator.has_gpu.__wrapped__() is expected


def test_a_machine_without_a_gpu_says_so_in_a_sentence(monkeypatch):
    monkeypatch.setattr(accelerator, "has_gpu", lambda: False)
    with accelerator.computing_on("gpu"), pytest.raises(BadInputError, match="onnxruntime-gpu"):
        accelerator.open_session(Path("any.onnx"), None)
    assert accelerator.current_device() == "cpu"


@pytest.mark.parametrize(("got", "told"), [("CUDAExecutionProvider", 0), ("CPUExecutionProvider", 1)])
def test_a_gpu_is_taken_and_one_that_cannot_be_used_is_told(monkeypatch, got, told):
    import onnxruntime

    from core.notices import collecting

    asked = []

    def session(path, options, providers):
        asked.append(providers)
        return SimpleNamespace(get_providers=lambda: [got])

    monkeypatch.setattr(accelerator, "has_gpu", lambda: True)
    monkeypatch.setattr(onnxruntime, "InferenceSession", session)
    with collecting() as notices, accelerator.computing_on("gpu"):
        accelerator.open_session(Path("any.onnx"), None)
    assert asked == [["CUDAExecutionProvider", "CPUExecutionProvider"]]
    assert len(notices) == told


def test_each_queue_has_a_line_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(HERE))
    home, engine, store = make_home(tmp_path)
    prepare_queue(engine)
    client = make_client(engine)
    try:
        first, second = (enqueue(client, home, store, device="gpu") for _ in range(2))
        other = enqueue(client, home, store)
        assert [store.get(run).ahead for run in (first, second, other)] == [0, 1, 0]
        with Worker(engine, home, "plain", "fake_pipeline", poll_s=0.05, queues=("cpu",)):
            assert wait_until_finished(store, other).state == "done"
            assert not is_served(engine, "gpu")
            assert store.get(first).state == "queued"
        with Worker(engine, home, "strong", "fake_pipeline", poll_s=0.05, queues=("gpu",), limits={"gpu": 3}):
            assert is_served(engine, "gpu")
            limits = {name: DBOS.retrieve_queue(queues.stored_name(name)).global_concurrency for name in queues.QUEUES}
            assert limits == {"cpu": None, "gpu": 3, "train": None}
            last = enqueue(client, home, store)
            assert [wait_until_finished(store, run).state for run in (first, second)] == ["done", "done"]
            assert (store.get(last).state, calls(home, last)) == ("queued", [])
        assert {w.name: w.queues for w in list_workers(engine)} == {"plain": ("cpu",), "strong": ("gpu",)}
    finally:
        client.destroy()


def test_runs_of_two_queues_go_side_by_side(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(HERE))
    home, engine, store = make_home(tmp_path)
    with Worker(engine, home, "both", "fake_pipeline", poll_s=0.05, queues=("cpu", "gpu")):
        client = make_client(engine)
        slow = enqueue(client, home, store, behaviour="stuck")
        wait_for(lambda: "middle" in calls(home, slow))
        assert wait_until_finished(store, enqueue(client, home, store, device="gpu")).state == "done"
        store.request_cancel(slow)
        wait_until_finished(store, slow)
        client.destroy()


def test_a_gpu_that_nobody_has_is_refused_at_once(tmp_path):
    import fake_pipeline

    home, _, store = make_home(tmp_path)
    submission = Submission(store, home, None, fake_pipeline)
    with pytest.raises(BadInputError, match="no worker of this site has one"):
        submission.submit_link("https://example.org/a.mp4", {"device": "gpu"})
    assert store.recent() == []
    assert not any((tmp_path / "runs").iterdir())
