"""A training whose humanoids live on a Ray cluster: several nodes on this machine, one of which is killed."""

import contextlib
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from support.trainings import clip, small

from core.errors import BadInputError
from core.imitation.ppo import train
from core.imitation.ppo.checkpoints import load_checkpoint
from core.imitation.ppo.curve import read_curve
from core.notices import collecting

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install -r requirements-cluster.txt")

QUICK_TO_NOTICE = {
    "health_check_initial_delay_ms": 0,
    "health_check_period_ms": 500,
    "health_check_failure_threshold": 20,
}


@pytest.fixture(scope="module")
def cluster():
    """Two nodes of one core each, and this process connected to them."""
    from ray.cluster_utils import Cluster

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    head = {"num_cpus": 1, "object_store_memory": 100 * 2**20, "include_dashboard": False}
    made = Cluster(initialize_head=True, head_node_args={**head, "_system_config": QUICK_TO_NOTICE})
    made.add_node(num_cpus=1, object_store_memory=100 * 2**20)
    ray.init(address=made.address, log_to_driver=False, logging_level="ERROR")
    made.wait_for_nodes()
    yield made
    ray.shutdown()
    made.shutdown()


def children(process: int) -> list[int]:
    """Processes that a process has started (Linux)."""
    listed = Path(f"/proc/{process}/task").glob("*/children")
    return [int(each) for path in listed for each in path.read_text().split()]


def test_nobody_at_the_address(tmp_path: Path):
    """Asked before Ray is, which would try for minutes. (Before `cluster` connects this process.)"""
    with pytest.raises(BadInputError, match="should be a Ray cluster at"):
        train(clip(), small(cluster="127.0.0.1:1"), tmp_path)
    assert not (tmp_path / "reference.txt").exists()


def test_it_survives_the_loss_of_a_node_and_is_resumed(cluster, tmp_path: Path):
    settings = small(samples=640, processes=2, cluster=cluster.address)
    lost = []

    def lose_a_node(fraction: float, message: str) -> None:
        if not lost:
            lost.append(cluster.list_all_nodes()[-1])
            (raylet,) = lost[0].all_processes["raylet"]
            workers = children(raylet.process.pid)
            cluster.remove_node(lost[0], allow_graceful=False)
            for worker in workers:  # a machine that is lost takes all its processes along at once
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGKILL)

    with collecting() as notices:
        trained = train(clip(), settings, tmp_path, lose_a_node)
    assert trained.samples == 640
    assert [line["samples"] for line in read_curve(tmp_path) if "reward" in line] == list(range(128, 641, 128))
    assert any("machine of the cluster was lost" in text for text in notices)
    collectors = load_checkpoint(tmp_path)["collectors"]
    assert [len(each["ticks"]) for each in collectors] == [8, 8]
    assert train(clip(), replace(settings, samples=768), tmp_path, resume=True).samples == 768


def test_no_cluster_is_one_plain_sentence(tmp_path: Path):
    with pytest.raises(BadInputError, match="HOST:PORT, auto or local"):
        train(clip(), small(cluster="ray://somewhere:10001"), tmp_path)
