"""The beginning of a guided training: an expert is found, the network is taught by it, its value function is fitted."""

import dataclasses
import time
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Any

import torch

from core.imitation.environment import ImitationEnvironment
from core.imitation.guided.cloning import teach
from core.imitation.guided.expert import Expert, Search
from core.imitation.guided.settings import GuidedSettings
from core.imitation.making import make_engine
from core.imitation.ppo.collecting import Collectors, Order
from core.imitation.ppo.curve import cut_back, note
from core.imitation.ppo.learner import MOST_RATE, Learner
from core.imitation.ppo.settings import START_NOISE, TrainingSettings
from core.imitation.ppo.workers import cores
from core.imitation.starts import Anywhere
from core.motion import HumanoidMotion
from core.progress import Progress

if TYPE_CHECKING:
    from core.imitation.ppo.training_run import TrainingRun

Tell = Callable[[str, dict[str, Any]], bool]
"""Told of each step of the head start: the stage ("expert", "cloning" or "value") and what is worth noting, `samples`
so far among it; answers whether to go on with this stage."""

_SAYS = {"expert": "an expert is sought", "cloning": "the network is taught", "value": "returns are estimated"}


def begin(run: "TrainingRun", progress: Progress, stop: Callable[[], bool]) -> None:
    """Give `run`, which has not begun, its head start; told to stop, it has not begun afterwards either."""
    settings, guided = run.settings, run.settings.guided
    assert guided is not None
    cut_back(run.folder, 0)
    began, before, stopped = time.perf_counter(), 0, False

    def tell(stage: str, figures: dict[str, Any]) -> bool:
        nonlocal stopped
        stopped = stopped or stop()
        samples, seconds = before + figures["samples"], time.perf_counter() - began
        note(run.folder, {**figures, "stage": stage, "samples": samples, "seconds": seconds})
        spent = settings.fraction_spent(samples, seconds)
        progress(spent, f"{samples:,} samples, {_SAYS[stage]}")
        shares = {"expert": guided.expert_share, "cloning": guided.taught_share}
        return not stopped and spent < shares.get(stage, 1.0)

    threads = settings.processes or cores()
    expert, taken = find_expert(run.reference, settings, guided, threads, tell)
    before += taken
    if not stopped:
        before += clone_expert(expert, run.reference, run.learner, guided, threads, tell)
    if not stopped:
        before += fit_values(run.learner, run.workers, guided.value_iterations, tell)
    if stopped:
        run.learner = Learner(settings, run.evaluation_environment.observation_size, run.learner.shift)
        return
    run.width = settings.disturbed
    run.samples, run.seconds = before, time.perf_counter() - began


def find_expert(
    reference: HumanoidMotion, settings: TrainingSettings, guided: GuidedSettings, threads: int, tell: Tell
) -> tuple[Expert, int]:
    """The expert for `reference`, and the samples that it took. The search ends after some iterations without any
    assist, or when `tell` says so."""
    world = dataclasses.replace(settings.environment, restarts=False, most_steps=10**9)
    settled = 0
    with closing(make_engine(settings.engine, guided.expert.humanoids, settings.step_hz, threads=threads)) as engine:
        environment = ImitationEnvironment(reference, engine, world, (settings.seed, 20_000))
        search = Search(environment, guided.expert, settings.seed)
        for _ in range(guided.expert.iterations):
            figures = search.iterate()
            settled += environment.assist == 0
            if not tell("expert", figures) or settled >= guided.expert.settled:
                break
    return search.expert, search.samples


def clone_expert(
    expert: Expert,
    reference: HumanoidMotion,
    learner: Learner,
    guided: GuidedSettings,
    threads: int,
    tell: Tell,
) -> int:
    """Teach `learner`'s policy what `expert` does; the samples that it took."""
    settings = learner.settings
    with closing(make_engine(settings.engine, guided.cloning.humanoids, settings.step_hz, threads=threads)) as engine:
        environment = ImitationEnvironment(reference, engine, settings.environment, (settings.seed, 30_000))
        environment.start_noise = guided.cloning.start_joints_rad, guided.cloning.start_root_speed
        return teach(environment, expert, learner, guided.cloning, settings.seed, lambda line: tell("cloning", line))


def fit_values(learner: Learner, collectors: Collectors, iterations: int, tell: Tell) -> int:
    """Fit `learner`'s value function to its policy, which stays; the samples that it took."""
    policy = learner.ppo.policy
    held = [*policy.mlp_extractor.policy_net.parameters(), *policy.action_net.parameters()]
    rate, samples = learner.learning_rate, 0
    try:
        _hold(held, True)
        for _ in range(iterations):
            learner.learning_rate = MOST_RATE
            batch = collectors.collect(Order(learner.actor(), Anywhere(), 0.0, START_NOISE))
            figures = learner.update(batch)
            samples += batch.rewards.size
            if not tell("value", {"samples": samples, "explained_variance": figures["explained_variance"]}):
                break
    finally:
        _hold(held, False)
        learner.learning_rate = rate
    return samples


def _hold(parameters: list[torch.nn.Parameter], still: bool) -> None:
    for each in parameters:
        each.requires_grad_(not still)
