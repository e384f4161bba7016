"""stable-baselines3's PPO (Schulman et al. 2017), fed with whole rollouts that were collected elsewhere.

Policy, value function, buffer (GAE, TD(lambda)) and the update are the library's. Ours: where samples come from, the
normalisation of observations, the KL rule of the learning rate, and rewards times (1 - gamma), which makes the value
function a mean of rewards, 1 at most, whose gradient does not crowd out the policy's in the shared clipping.
"""

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3 import PPO
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.running_mean_std import RunningMeanStd

from core.imitation.environment import ACTION_SIZE
from core.imitation.observations import PHASE
from core.imitation.ppo.collecting import Batch
from core.imitation.ppo.doubling import doubled
from core.imitation.ppo.networks import MOST_ACTION, STD_FLOOR, Actor, moved
from core.imitation.ppo.settings import TrainingSettings

Array = np.ndarray

LEAST_RATE, MOST_RATE = 1e-5, 1e-3


class Learner:
    """The policy, as it learns."""

    def __init__(self, settings: TrainingSettings, observation_size: int, shift: float | None = None) -> None:
        """`shift`: with mirrored samples, the reference's (`core.imitation.mirroring`)."""
        self.settings, self.shift = settings, shift
        self.ppo = make_ppo(settings, observation_size, settings.humanoids * (1 if shift is None else 2))
        self.ppo.set_logger(Logger(folder=None, output_formats=[]))
        self.ppo.policy.log_std.requires_grad_(False)
        self.moments = RunningMeanStd(shape=(observation_size,))
        self.learning_rate = settings.learning_rate
        self.ppo.lr_schedule = lambda _: self.learning_rate

    def actor(self) -> Actor:
        """What collects."""
        policy = self.ppo.policy
        mlp = policy.mlp_extractor
        if not self.settings.environment.phase:  # never seen: whatever stands there must not matter
            with torch.no_grad():
                for first in (next(mlp.policy_net.parameters()), next(mlp.value_net.parameters())):
                    first[:, PHASE] = 0.0
        return Actor(
            self.moments.mean.astype(np.float32),
            np.sqrt(self.moments.var + STD_FLOOR**2).astype(np.float32),
            _layers([*mlp.policy_net, policy.action_net]),
            _layers([*mlp.value_net, policy.value_net]),
            policy.log_std.detach().numpy().copy(),
        )

    def update(self, batch: Batch) -> dict[str, float]:
        """PPO's update by an iteration's batch; what is worth noting of it."""
        before = self.actor()
        self._fill(batch if self.shift is None else doubled(batch, before, self.shift))
        self.ppo.train()
        noted = self.ppo.logger.name_to_value
        figures = {name: float(noted[f"train/{name}"]) for name in ("approx_kl", "clip_fraction", "explained_variance")}
        if self.shift is not None:  # mirrored actions, which the policy did not choose, would blow up the estimate
            figures["approx_kl"] = moved(before, self.actor(), batch.raw.reshape(-1, batch.raw.shape[-1]))
        self._follow(figures["approx_kl"])
        self.moments.update(batch.raw.reshape(-1, batch.raw.shape[-1]).astype(float))
        self.ppo.num_timesteps += batch.rewards.size
        return figures

    def _fill(self, batch: Batch) -> None:
        buffer = self.ppo.rollout_buffer
        buffer.reset()
        buffer.observations[:] = batch.observations
        buffer.actions[:] = batch.actions
        buffer.rewards[:] = batch.rewards * (1 - self.settings.gamma)
        buffer.episode_starts[:] = batch.episode_starts
        buffer.values[:] = batch.values
        buffer.log_probs[:] = batch.log_probs
        buffer.pos, buffer.full = buffer.buffer_size, True
        buffer.compute_returns_and_advantage(torch.tensor(batch.last_values), batch.last_dones)

    def _follow(self, kl: float) -> None:
        if kl > 2 * self.settings.kl:
            self.learning_rate = max(LEAST_RATE, self.learning_rate / 1.5)
        elif kl < 0.5 * self.settings.kl:
            self.learning_rate = min(MOST_RATE, self.learning_rate * 1.5)

    # What a checkpoint keeps -----------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Weights, Adam's moments, normalisation, learning rate and the random generators' states, as plain arrays and
        JSON."""
        adam = self.ppo.policy.optimizer.state_dict()["state"]
        return {
            "weights": {name: each.numpy().copy() for name, each in self.ppo.policy.state_dict().items()},
            "adam": {str(i): {k: np.asarray(v) for k, v in each.items()} for i, each in adam.items()},
            "mean": self.moments.mean,
            "var": self.moments.var,
            "count": float(self.moments.count),
            "learning_rate": self.learning_rate,
            "num_timesteps": int(self.ppo.num_timesteps),
            "numpy_random": _random_state(),
            "torch_random": torch.get_rng_state().numpy(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on as the learner whose `state` this was."""
        policy = self.ppo.policy
        policy.load_state_dict({name: torch.tensor(each) for name, each in state["weights"].items()})
        optimiser = policy.optimizer.state_dict()
        optimiser["state"] = {
            int(i): {k: torch.tensor(v) for k, v in each.items()} for i, each in state["adam"].items()
        }
        policy.optimizer.load_state_dict(optimiser)
        self.moments.mean, self.moments.var, self.moments.count = state["mean"], state["var"], state["count"]
        self.learning_rate = state["learning_rate"]
        self.ppo.num_timesteps = state["num_timesteps"]
        kept = state["numpy_random"]
        np.random.set_state(("MT19937", kept["keys"].astype(np.uint32), kept["position"], 0, 0.0))
        torch.set_rng_state(torch.tensor(state["torch_random"], dtype=torch.uint8))


def make_ppo(settings: TrainingSettings, observation_size: int, n: int) -> PPO:
    """A plain PPO with a plain MlpPolicy and no environment: it is fed."""
    ppo = PPO(
        "MlpPolicy",
        None,  # type: ignore[arg-type]  # the library builds the model without one, too: it does so when it loads
        learning_rate=settings.learning_rate,
        n_steps=settings.steps,
        batch_size=settings.minibatch,
        n_epochs=settings.epochs,
        gamma=settings.gamma,
        gae_lambda=settings.gae_lambda,
        clip_range=settings.clip,
        vf_coef=settings.vf_coef,
        policy_kwargs={
            "net_arch": list(settings.hidden),
            "activation_fn": torch.nn.ReLU,
            "log_std_init": float(np.log(settings.std)),
            "optimizer_kwargs": {"eps": 1e-8},
        },
        seed=settings.seed,
        device="cpu",
        _init_setup_model=False,
    )
    ppo.observation_space = spaces.Box(-np.inf, np.inf, (observation_size,), np.float32)
    ppo.action_space = spaces.Box(-MOST_ACTION, MOST_ACTION, (ACTION_SIZE,), np.float32)
    ppo.n_envs = n
    ppo._setup_model()
    with torch.no_grad():  # V begins at nothing: a random one would be all that the first advantages are made of
        ppo.policy.value_net.weight.mul_(0.01)
    return ppo


def _layers(modules: list[torch.nn.Module]) -> tuple[tuple[Array, Array], ...]:
    linear = [m for m in modules if isinstance(m, torch.nn.Linear)]
    return tuple((m.weight.detach().numpy().copy(), m.bias.detach().numpy().copy()) for m in linear)


def _random_state() -> dict[str, Any]:
    """Of numpy's global generator, which the library shuffles minibatches with."""
    _, keys, position, *_ = np.random.get_state(legacy=True)
    return {"keys": np.asarray(keys), "position": int(position)}
