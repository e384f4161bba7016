"""The expert: a linear feedback for each phase of a motion, learned from disturbed humanoids.

After the guided learning of control graphs (Liu, van de Panne & Yin 2016), with the models of guided policy search
(Levine & Abbeel 2014): roll many humanoids from disturbed starts under the feedback so far and some noise, fit linear
models to what they went through, take the best feedback under these, again and again. At first springs hold the root
near the reference, so that everybody stays where linear models hold; they are taken away as the feedback learns to do
their work (continuation, as van de Panne & Lamouret 1995 guide a walk).
"""

from dataclasses import dataclass

import numpy as np

from core.control.sampling_cost import RESIDUALS, CostWeights, Posture, residuals
from core.control.sampling_problem import spread
from core.imitation.environment import ACTION_SIZE, ImitationEnvironment
from core.imitation.guided.deviations import OFF_SIZE, deviations
from core.imitation.guided.models import Samples
from core.imitation.guided.riccati import Feedback, best_feedback
from core.imitation.guided.settings import ExpertSettings
from core.imitation.reference import TICKS_A_STEP, Kinematics, ReferenceTable

Array = np.ndarray

_LEAST_ASSIST = 0.003
"""Less of it is taken away altogether."""


def phases_of(table: ReferenceTable) -> int:
    """How many feedbacks a motion has: one for each control step."""
    return max(1, round(table.length / TICKS_A_STEP))


def phase_at(table: ReferenceTable, ticks: Array) -> Array:
    """[n] int: the feedback that is due at `ticks` [n]."""
    return np.minimum((table.phase(ticks) * phases_of(table)).astype(int), phases_of(table) - 1)


@dataclass(frozen=True)
class Expert:
    """A feedback with what it needs to act: where it is in the motion, how far it may go."""

    feedback: Feedback
    table: ReferenceTable
    most: float

    def __call__(self, now: Kinematics, ticks: Array) -> Array:
        """[n,28] rad: the offsets on the reference's targets for humanoids `now` at `ticks` [n]."""
        return self.offsets(deviations(now, self.table.at(ticks)), ticks)

    def offsets(self, off: Array, ticks: Array) -> Array:
        """The same for humanoids off by `off` [n,68]."""
        return np.clip(self.feedback(phase_at(self.table, ticks), off), -self.most, self.most)


class Search:
    """A search for an expert in `environment`, which must not restart by itself."""

    def __init__(self, environment: ImitationEnvironment, settings: ExpertSettings, seed: int = 0) -> None:
        self.environment, self.settings = environment, settings
        table = environment.reference
        self.phases = phases_of(table)
        self.seen = Samples(self.phases, RESIDUALS)
        nothing = Feedback(np.zeros((self.phases, ACTION_SIZE, OFF_SIZE)), np.zeros((self.phases, ACTION_SIZE)))
        self.expert = Expert(nothing, table, settings.most)
        self.samples = 0
        self._random = np.random.default_rng((seed, 77))
        self._began = False
        environment.assist = settings.assist
        environment.start_noise = settings.start_joints_rad, settings.start_root_speed

    def iterate(self) -> dict[str, float]:
        """Roll, fit, improve; what is worth noting of it."""
        settings = self.settings
        failures, kept = self._roll()
        models = self.seen.models(settings.ridge, settings.neighbours, self.environment.reference.loop)
        found = best_feedback(
            models, self.expert.feedback, settings.effort, settings.trust, settings.discount,
            self.environment.reference.loop,
        )  # fmt: skip
        moved = float(np.abs(found.gains - self.expert.feedback.gains).mean())
        self.expert = Expert(found, self.environment.reference, settings.most)
        rate = failures / (settings.steps * self.environment.n)
        self._follow(rate)
        return {
            "samples": self.samples,
            "failures": rate,
            "assist": self.environment.assist,
            "kept": kept,
            "gain": float(np.abs(found.gains).mean()),
            "moved": moved,
            "offset": float(np.abs(found.offsets).mean()),
        }

    def _follow(self, failures: float) -> None:
        """Help less where few fail, more where many do."""
        settings, environment = self.settings, self.environment
        if failures < settings.failures:
            left = settings.taken * environment.assist
            environment.assist = left if left > _LEAST_ASSIST else 0.0
        elif failures > 2 * settings.failures and settings.assist:
            environment.assist = min(settings.assist, max(_LEAST_ASSIST, environment.assist) / settings.taken)

    def _roll(self) -> tuple[int, float]:
        """Let all act for `settings.steps` and learn from it; how many failed, and the share that was learned from."""
        environment, settings = self.environment, self.settings
        if not self._began:
            environment.reset()
            environment.steps[:] = self._random.integers(0, settings.episode, environment.n)
            self._began = True
        rows = []
        failed = np.zeros((settings.steps, environment.n), bool)
        now = environment.look()
        for step in range(settings.steps):
            ticks = environment.ticks.copy()
            off = deviations(now, environment.reference.at(ticks))
            noise = settings.noise * spread() * self._random.standard_normal((environment.n, ACTION_SIZE))
            pulls = np.clip(self.expert.offsets(off, ticks) + noise, -settings.most, settings.most)
            outcome = environment.step(pulls / environment.settings.action_scale)
            now, wanted = environment.look(), environment.reference.at(environment.ticks)
            rows.append(
                (phase_at(environment.reference, ticks), off, pulls, deviations(now, wanted), _costs(now, wanted))
            )
            failed[step] = outcome.terminated
            over = np.flatnonzero(outcome.terminated | outcome.truncated | (environment.steps >= settings.episode))
            if len(over):
                environment.restart(over)
                now = environment.look()
        good = ~_before(failed, settings.dropped)
        self.seen.forget(settings.kept)
        self.seen.add(*(np.stack(each)[good] for each in zip(*rows, strict=True)))
        self.samples += failed.size
        return int(failed.sum()), float(good.mean())


def _costs(now: Kinematics, wanted: Kinematics) -> Array:
    ours, theirs = (Posture(k.frames, k.positions, k.body_velocities) for k in (now, wanted))
    return residuals(ours, theirs, CostWeights())


def _before(failed: Array, steps: int) -> Array:
    """[S,n] bool: whether `failed` [S,n] within this step or `steps` later ones."""
    result = failed.copy()
    for k in range(1, steps + 1):
        result[:-k] |= failed[k:]
    return result


def seconds_up(environment: ImitationEnvironment, expert: Expert, steps: int) -> Array:
    """[n] s that each humanoid of `environment` (as it is; without restarts) holds out under `expert`, at most
    `steps` / 30."""
    up, alive = np.zeros(environment.n), np.ones(environment.n, bool)
    for _ in range(steps):
        pulls = expert(environment.look(), environment.ticks)
        outcome = environment.step(pulls / environment.settings.action_scale)
        alive &= ~outcome.terminated
        up += alive
        if not alive.any():
            break
    return up / 30.0
