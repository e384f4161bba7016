"""Collectors on all cores: one in this process, the others in processes of their own.

Only orders and whole batches travel, once an iteration. A worker ends with the process that started it, also when that
is killed: its pipe closes.
"""

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

from core.errors import UnderstudyError
from core.imitation.ppo.collecting import Batch, Collector, Order, joined
from core.imitation.ppo.settings import TrainingSettings
from core.motion import HumanoidMotion

_THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Workers:
    """Collects with `processes` processes; leaving the `with` block ends the others."""

    def __init__(self, reference: HumanoidMotion, settings: TrainingSettings) -> None:
        self.count = max(1, min(settings.processes or cores(), settings.humanoids))
        self._own = Collector(reference, settings, 0, self.count)
        context = multiprocessing.get_context("spawn")  # a fork would take the other threads' locks along
        self._pipes: list[Connection] = []
        self._processes = []
        with _one_thread_each():
            for part in range(1, self.count):
                here, there = context.Pipe()
                process = context.Process(
                    target=_serve, args=(there, reference, settings, part, self.count), daemon=True
                )
                process.start()
                there.close()
                self._pipes.append(here)
                self._processes.append(process)

    def collect(self, order: Order) -> Batch:
        """An iteration's batch; `settings.steps` steps of all humanoids."""
        return joined(self._asked("collect", [order] * self.count, lambda: self._own.collect(order)))

    def states(self) -> list[dict[str, Any]]:
        """Each collector's state."""
        return self._asked("state", [None] * self.count, self._own.state)

    def restore(self, states: list[dict[str, Any]]) -> bool:
        """Go on from `states`; False where they are of another number of processes (episodes then begin anew)."""
        if len(states) != self.count:
            return False
        self._asked("restore", states, lambda: self._own.restore(states[0]))
        return True

    def restart(self, salt: int) -> None:
        """Have all begin new episodes, with random numbers that follow from `salt`."""
        self._asked("restart", [salt] * self.count, lambda: self._own.restart(salt))

    def _asked(self, what: str, contents: Sequence[Any], own: Callable[[], Any]) -> list[Any]:
        """What each process answers, this one by `own`; `UnderstudyError` where one has gone."""
        with _none_gone():
            for pipe, content in zip(self._pipes, contents[1:], strict=True):
                pipe.send((what, content))
            try:
                first = own()
            finally:  # also where that fails: else the next question would get these answers
                others = [pipe.recv() for pipe in self._pipes]
        for answer in others:
            if isinstance(answer, Exception):
                raise answer
        return [first, *others]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.terminate()  # it may be in the midst of a batch that nobody wants
            process.join()
        self._own.close()


@contextlib.contextmanager
def _none_gone() -> Iterator[None]:
    try:
        yield
    except (EOFError, BrokenPipeError, ConnectionResetError) as error:
        raise UnderstudyError(
            "All processes that simulate should live as long as the training, but one has gone: killed, or out of "
            "memory. Go on from the last checkpoint, with fewer processes if memory is short."
        ) from error


@contextlib.contextmanager
def _one_thread_each():
    """Processes started within the block have single-threaded linear algebra."""
    before = {name: os.environ.get(name) for name in _THREAD_LIMITS}
    os.environ.update(dict.fromkeys(_THREAD_LIMITS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _serve(pipe: Connection, reference: HumanoidMotion, settings: TrainingSettings, part: int, parts: int) -> None:
    """A worker's whole life."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the process that learns; it ends the others itself
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    collector = Collector(reference, settings, part, parts)
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            what, content = pipe.recv()
            try:
                answer: Any = getattr(collector, what)(content) if what != "state" else collector.state()
            except Exception as error:
                answer = error
            pipe.send(answer)
