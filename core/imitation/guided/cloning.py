"""A network is taught what an expert does where the network goes (DAgger; Ross, Gordon & Bagnell 2011).

Humanoids are driven by the expert at first, then more and more by the network, always with some noise; the expert says
at each step what it would do. The labels cost nothing: the expert is linear.
"""

from collections.abc import Callable

import numpy as np
import torch

from core.control.sampling_problem import spread
from core.imitation.environment import ACTION_SIZE, ImitationEnvironment
from core.imitation.guided.expert import Expert
from core.imitation.guided.settings import CloningSettings
from core.imitation.ppo.learner import Learner
from core.imitation.ppo.networks import clipped

Array = np.ndarray
Note = Callable[[dict[str, float]], bool]


class Lessons:
    """What was seen and what the expert would have done there; the newest `most` of it."""

    def __init__(self, most: int, observation_size: int) -> None:
        self.observations = np.zeros((most, observation_size), np.float32)
        self.labels = np.zeros((most, ACTION_SIZE), np.float32)
        self.count = 0

    def __len__(self) -> int:
        return min(self.count, len(self.labels))

    def add(self, observations: Array, labels: Array) -> None:
        """n more: `observations` [n,O], `labels` [n,28] in units of action."""
        places = (self.count + np.arange(len(labels))) % len(self.labels)
        self.observations[places], self.labels[places] = observations, labels
        self.count += len(labels)


def teach(
    environment: ImitationEnvironment,
    expert: Expert,
    learner: Learner,
    settings: CloningSettings,
    seed: int = 0,
    note: Note = lambda line: True,
) -> int:
    """Teach `learner`'s policy in `environment` (one that restarts by itself, from disturbed starts), and set its
    normalisation; the samples that it took. `note` is told of each round and answers
    whether to go on."""
    random = np.random.default_rng((seed, 99))
    lessons = Lessons(settings.memory, environment.observation_size)
    optimiser = torch.optim.Adam(_policy_parameters(learner), lr=settings.learning_rate)
    observations = environment.reset()
    samples = 0
    for k in range(settings.rounds):
        share = max(settings.least_expert, settings.expert_share**k)
        led = random.random(environment.n) < share
        observations, failures = _collect(environment, expert, learner, settings, led, observations, lessons, random)
        samples += settings.steps * environment.n
        if k < settings.normalising_rounds:  # afterwards it stays: what is learned depends on it
            learner.moments.update(lessons.observations[: len(lessons)].astype(float))
        for group in optimiser.param_groups:
            group["lr"] = settings.learning_rate * (settings.last_rate ** (k / max(1, settings.rounds - 1)))
        loss = _fit(learner, lessons, optimiser, settings, random)
        if not note({"samples": samples, "loss": loss, "expert": share, "failures": failures}):
            break
    return samples


def _collect(
    environment: ImitationEnvironment,
    expert: Expert,
    learner: Learner,
    settings: CloningSettings,
    led: Array,
    observations: Array,
    lessons: Lessons,
    random: np.random.Generator,
) -> tuple[Array, float]:
    """Let humanoids act, those `led` [n] by the expert, and note what it would do; what they see then, and the
    failures a step of those that the network drives."""
    actor = learner.actor()
    scale = environment.settings.action_scale
    failures = 0
    for _ in range(settings.steps):
        labels = expert(environment.look(), environment.ticks) / scale
        lessons.add(observations, labels)
        actions = np.where(led[:, None], labels, actor.means(actor.normalised(observations)))
        noise = settings.noise / scale * spread() * random.standard_normal(actions.shape)
        outcome = environment.step(clipped(actions + noise))
        observations = outcome.observations
        failures += int(outcome.terminated[~led].sum())
    return observations, failures / max(1, settings.steps * int((~led).sum()))


def _fit(
    learner: Learner,
    lessons: Lessons,
    optimiser: torch.optim.Optimizer,
    settings: CloningSettings,
    random: np.random.Generator,
) -> float:
    """Some passes over the lessons; the mean squared error of the last, in units of action."""
    actor = learner.actor()
    policy = learner.ppo.policy
    losses: list[float] = []
    for _ in range(settings.epochs):
        losses = []
        order = random.permutation(len(lessons))
        for start in range(0, len(order), settings.minibatch):
            rows = order[start : start + settings.minibatch]
            seen = torch.as_tensor(actor.normalised(lessons.observations[rows]))
            wanted = torch.as_tensor(lessons.labels[rows])
            done = policy.action_net(policy.mlp_extractor.forward_actor(seen))
            loss = ((done - wanted) ** 2).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(float(loss.detach()))
    return float(np.mean(losses))


def _policy_parameters(learner: Learner) -> list[torch.nn.Parameter]:
    policy = learner.ppo.policy
    return [*policy.mlp_extractor.policy_net.parameters(), *policy.action_net.parameters()]
