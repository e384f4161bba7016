"""Collectors on the machines of a Ray cluster (Moritz et al. 2018): actors that hold whole environments.

Weights go out once an iteration, as one object that every actor reads; whole rollouts come back. Where a machine is
lost, Ray makes its actors anew on the others and asks them again: their humanoids begin new episodes, nothing else is
lost. Ray itself is not durable; the checkpoint is.
"""

import contextlib
import dataclasses
import logging
import os
import pickle
import secrets
import signal
import socket
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

from core.errors import BadInputError, MissingDependencyError, UnderstudyError
from core.imitation.ppo.collecting import Batch, Collector, Order, joined
from core.imitation.ppo.settings import TrainingSettings
from core.imitation.ppo.workers import cores
from core.motion import HumanoidMotion
from core.notices import notice

LOCAL = "local"
PATIENCE_S = 300.0
"""So long [s] may a cluster take for anything before it is given up."""

_MOST_BY_VALUE = 90_000
"""Bytes; what is larger Ray would put into its store, and forget before it makes an actor anew."""


class ClusterWorkers:
    """Collects with `settings.processes` actors (0: one for each core) of the cluster `settings.cluster`.

    Leaving the `with` block ends them. Same interface as `core.imitation.ppo.workers.Workers`.
    """

    def __init__(self, reference: HumanoidMotion, settings: TrainingSettings) -> None:
        """Raises `MissingDependencyError` without Ray, `BadInputError` where there is no such cluster."""
        self._exit = contextlib.ExitStack()
        self._ray = self._exit.enter_context(_connected(settings.cluster, settings.processes))
        there = int(self._ray.cluster_resources().get("CPU", 1))
        self.count = max(1, min(settings.processes or there, settings.humanoids))
        # No more than placing needs a core: after a loss the machines that are left carry all actors.
        member = self._ray.remote(max_restarts=-1, max_task_retries=-1)(_Member)
        self._given: Any = (reference, settings)
        if len(pickle.dumps(self._given)) > _MOST_BY_VALUE:
            self._given = self._ray.put(self._given)  # kept as long as this is: actors are made anew from it
        self._members = [
            member.options(scheduling_strategy=place).remote(self._given, part, self.count)
            for part, place in enumerate(_places(self.count))
        ]
        self._lives: list[str] = []

    def collect(self, order: Order) -> Batch:
        """An iteration's batch; `settings.steps` steps of all humanoids."""
        shared = self._ray.put(order)
        answers = self._answers([member.collect.remote(shared) for member in self._members])
        lives = [life for life, _ in answers]
        if self._lives and lives != self._lives:
            notice("A machine of the cluster was lost; its humanoids began new episodes on the others.")
        self._lives = lives
        return joined([batch for _, batch in answers])

    def states(self) -> list[dict[str, Any]]:
        """Each collector's state; nothing where the cluster has gone (episodes then begin anew)."""
        try:
            return self._answers([member.state.remote() for member in self._members])
        except UnderstudyError:
            return []

    def restore(self, states: list[dict[str, Any]]) -> bool:
        """Go on from `states`; False where they are of another number of actors (episodes then begin anew)."""
        if len(states) != self.count:
            return False
        self._answers([m.restore.remote(state) for m, state in zip(self._members, states, strict=True)])
        return True

    def restart(self, salt: int) -> None:
        """Have all begin new episodes, with random numbers that follow from `salt`."""
        self._answers([member.restart.remote(salt) for member in self._members])

    def _answers(self, asked: list[Any]) -> list[Any]:
        try:
            return self._ray.get(asked, timeout=PATIENCE_S)
        except self._ray.exceptions.RayTaskError as error:
            raise (error.cause if isinstance(error.cause, UnderstudyError) else error) from None
        except self._ray.exceptions.RayError as error:
            raise UnderstudyError(
                f"The Ray cluster should collect, but does not answer any more ({type(error).__name__}). Go on from "
                "the last checkpoint with --resume when it is back, or without --cluster."
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for member in self._members:
            with contextlib.suppress(self._ray.exceptions.RayError):
                self._ray.kill(member)
        self._exit.close()


def _places(count: int) -> list[Any]:
    """Where `count` actors are to live: on all machines in turn, as many on each as it has cores; elsewhere if one is
    lost. (Ray's own spreading may put two on one machine while another has none.)"""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    cores_of = {each["NodeID"]: int(each["Resources"].get("CPU", 0)) for each in ray.nodes() if each["Alive"]}
    turns = [node for turn in range(max(cores_of.values(), default=0)) for node, has in cores_of.items() if has > turn]
    turns = turns or list(cores_of)
    return [NodeAffinitySchedulingStrategy(turns[i % len(turns)], soft=True) for i in range(count)]


class _Member:
    """An actor: a collector, and a name for its life that tells whether it is still the same."""

    def __init__(self, given: tuple[HumanoidMotion, TrainingSettings], part: int, parts: int) -> None:
        import ray

        reference, settings = given
        if ray.get_runtime_context().was_current_actor_reconstructed:
            # The old seed would repeat the episodes that were had already.
            settings = dataclasses.replace(settings, seed=secrets.randbits(31))
        self._life = secrets.token_hex(8)
        self._collector = Collector(reference, settings, part, parts)

    def collect(self, order: Order) -> tuple[str, Batch]:
        return self._life, self._collector.collect(order)

    def state(self) -> dict[str, Any]:
        return self._collector.state()

    def restore(self, state: dict[str, Any]) -> None:
        self._collector.restore(state)

    def restart(self, salt: int) -> None:
        self._collector.restart(salt)


@contextlib.contextmanager
def _connected(address: str, processes: int) -> Iterator[Any]:
    """The module `ray`, connected to the cluster at `address` (LOCAL: one of this machine's cores, ended after)."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would report to its makers
    try:
        import ray
    except ImportError:
        raise MissingDependencyError(
            "Training on a cluster needs Ray, which is not installed: pip install -r requirements-cluster.txt"
        ) from None
    if address.startswith("ray://"):
        raise BadInputError(
            f"A cluster should be given as HOST:PORT, auto or local, but is {address}. This machine takes part in the "
            "cluster: `ray start --address=HOST:PORT` joins it."
        )
    if ray.is_initialized():
        yield ray
        return
    _knock(address)
    own: dict[str, Any] = {"num_cpus": processes or cores(), "include_dashboard": False}
    with _own_signals():
        try:
            ray.init(address, log_to_driver=False, logging_level=logging.ERROR, **(own if address == LOCAL else {}))
        except (ConnectionError, ValueError, RuntimeError, TimeoutError) as error:
            raise _no_cluster(address, error) from error
    try:
        yield ray
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """Raise `BadInputError` where nobody listens at HOST:PORT; Ray would try for minutes."""
    host, _, port = address.rpartition(":")
    if not host:
        return  # auto, local
    try:
        socket.create_connection((host, int(port)), timeout=10.0).close()
    except (OSError, ValueError, OverflowError) as error:
        raise _no_cluster(address, error) from error


def _no_cluster(address: str, error: Exception) -> BadInputError:
    return BadInputError(
        f"There should be a Ray cluster at {address} that this machine takes part in, but there is none "
        f"({' '.join(str(error).split())[:200]}). `ray start --head` begins one, `ray start --address=HOST:PORT` joins "
        "it; `--cluster local` needs neither."
    )


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """Ray takes SIGTERM for itself when it starts; whoever had it before gets it back."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
