"""Policies against motions, each on each: how long they stay up, and what they earn.

A policy that learned one motion mostly fails on another; the matrix says how soon.
"""

import multiprocessing
import os
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from core.errors import BadInputError, UnderstudyError
from core.imitation.naming import load_policy
from core.imitation.rolling import RolloutSettings, roll_outs
from core.metrics import rollout_figures
from core.motion import HumanoidMotion, Rollout
from core.notices import collecting, notice
from core.progress import Progress, silent

Array = np.ndarray

MOST_PROCESSES = 256
_PATIENCE_S = 0.3
"""How often progress is told, and with it whether the person cancelled."""


@dataclass(frozen=True)
class ChallengeSettings:
    """How a challenge is held.

    `rollouts`: how each policy is run on each motion. `processes`: how many cells are worked on at a time; the figures
    do not depend on it.
    """

    rollouts: RolloutSettings = field(default_factory=lambda: RolloutSettings(starts=4))
    processes: int = 2

    def __post_init__(self) -> None:
        if not 1 <= self.processes <= MOST_PROCESSES:
            raise BadInputError(
                f"A challenge should have 1 to {MOST_PROCESSES} processes, but is to have {self.processes}."
            )


@dataclass(frozen=True)
class Cell:
    """One policy on one motion.

    `engine` where it ran, `seconds` the horizon, `falls` s (one number a start; None where it stayed up), `returns`
    in [0,1] (mean reward over the horizon with zeros after the fall), `problem`: why the motion could not be run at all
    (the rest is then empty).
    """

    policy: str
    motion: str
    engine: str = ""
    seconds: float = 0.0
    falls: tuple[float | None, ...] = ()
    returns: tuple[float, ...] = ()
    problem: str = ""

    @property
    def mean_fall_s(self) -> float:
        """Mean time to fall, the horizon where it stayed up; NaN where it could not be run."""
        return float(np.mean([self.seconds if f is None else f for f in self.falls])) if self.falls else float("nan")

    @property
    def mean_return(self) -> float:
        """Mean return; NaN where it could not be run."""
        return float(np.mean(self.returns)) if self.returns else float("nan")

    @property
    def up(self) -> int:
        """How many starts stayed up over the whole horizon."""
        return sum(f is None for f in self.falls)


@dataclass(frozen=True)
class Matrix:
    """`cells`, row by row: every one of `policies` on every one of `motions`, under `settings`."""

    policies: tuple[str, ...]
    motions: tuple[str, ...]
    cells: tuple[Cell, ...]
    settings: ChallengeSettings

    def cell(self, policy: str, motion: str) -> Cell:
        """What `policy` did on `motion`."""
        return self.cells[self.policies.index(policy) * len(self.motions) + self.motions.index(motion)]

    def to_json(self) -> dict[str, Any]:
        """The matrix as plain JSON, means included."""
        means = [
            {"mean_time_to_fall_s": _plain(c.mean_fall_s), "mean_return": _plain(c.mean_return)} for c in self.cells
        ]
        return {
            "policies": list(self.policies),
            "motions": list(self.motions),
            "settings": asdict(self.settings),
            "cells": [asdict(cell) | mean for cell, mean in zip(self.cells, means, strict=True)],
        }


OnCell = Callable[[Cell, Rollout | None], None]
Boxes = tuple[tuple[float, ...], ...]


def challenge(
    policies: dict[str, str],
    motions: dict[str, HumanoidMotion],
    settings: ChallengeSettings | None = None,
    on_cell: OnCell | None = None,
    progress: Progress = silent,
    supports: Mapping[str, Boxes] | None = None,
) -> Matrix:
    """Run each of `policies` (short name -> what `core.imitation.naming.load_policy` takes) on each of `motions`.

    `supports`: the boxes of those motions that stand on some, beside the settings' own. `on_cell` is given each cell as
    it is done, with the rollout of its first start if it could be run. Every policy is loaded before anything is run,
    so a damaged one is refused at once (`BadInputError`); a motion that cannot be simulated only makes its own cells
    empty. The same settings give the same figures with any number of processes. `UnderstudyError` where one of these is
    killed; all cells that were done by then were given to `on_cell`.
    """
    settings = settings or ChallengeSettings()
    if not policies or not motions:
        raise BadInputError("A challenge needs at least one policy and one motion.")
    for what in policies.values():
        load_policy(what)
    found: dict[tuple[str, str], Cell] = {}
    wanted = [(policy, motion) for policy in policies for motion in motions]
    on_boxes = {name: _with_boxes(settings.rollouts, (supports or {}).get(name, ())) for name in motions}
    jobs = {names: (policies[names[0]], motions[names[1]], on_boxes[names[1]]) for names in wanted}
    with closing(_results(jobs, settings.processes)) as results:  # ends the processes if it is cancelled
        for done in results:
            if done is not None:
                names, (rollouts, problem, notices) = done
                for text in notices:
                    notice(text)
                found[names] = _cell(*names, rollouts, problem)
                if on_cell is not None:
                    on_cell(found[names], rollouts[0] if rollouts else None)
            progress(len(found) / len(jobs), f"{len(found)} of {len(jobs)} rollouts")
    cells = tuple(found[names] for names in wanted)
    return Matrix(tuple(policies), tuple(motions), cells, settings)


def _with_boxes(settings: RolloutSettings, boxes: Boxes) -> RolloutSettings:
    return replace(settings, supports=(*settings.supports, *boxes))


_Names = tuple[str, str]
_Job = tuple[str, HumanoidMotion, RolloutSettings]
_Result = tuple[list[Rollout], str, list[str]]


def _results(jobs: dict[_Names, _Job], processes: int) -> Generator[tuple[_Names, _Result] | None]:
    """What came out of each job, as they end; None now and then, for whoever wants to tell progress or to cancel."""
    if processes == 1 or len(jobs) == 1:
        for names, job in jobs.items():
            yield names, _work(*job)
        return
    # Spawned: the engines' threads and a fork do not go together.
    pool = ProcessPoolExecutor(
        min(processes, len(jobs)), multiprocessing.get_context("spawn"), initializer=_end_with_parent
    )
    try:
        with _none_gone():
            running: dict[Future, _Names] = {pool.submit(_work, *job): names for names, job in jobs.items()}
        while running:
            done, _ = wait(running, timeout=_PATIENCE_S, return_when=FIRST_COMPLETED)
            for future in sorted(done, key=lambda each: each.exception() is not None):  # first what came out of it
                with _none_gone():
                    result = future.result()
                yield running.pop(future), result
            yield None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _none_gone() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool as error:
        raise UnderstudyError(
            "All processes of a challenge should live as long as it does, but one has gone: killed, or out of memory. "
            "Start it again, with fewer processes if memory is short."
        ) from error


def _end_with_parent() -> None:
    """Have this worker end when the process that started it does: one that was killed ends nobody, and a worker would
    wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait_for_end() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait_for_end, daemon=True).start()


def _work(what: str, motion: HumanoidMotion, settings: RolloutSettings) -> _Result:
    with collecting() as notices:
        try:
            return roll_outs(load_policy(what), motion, settings), "", notices
        except BadInputError as error:
            return [], str(error), notices


def _cell(policy: str, motion: str, rollouts: list[Rollout], problem: str) -> Cell:
    if problem:
        return Cell(policy, motion, problem=problem)
    figures = [rollout_figures(each) for each in rollouts]
    return Cell(
        policy,
        motion,
        engine=rollouts[0].engine,
        seconds=rollouts[0].horizon_s,
        falls=tuple(each["time_to_fall_s"] for each in figures),
        returns=tuple(each["return"] or 0.0 for each in figures),
    )


def _plain(number: float) -> float | None:
    return None if np.isnan(number) else number
