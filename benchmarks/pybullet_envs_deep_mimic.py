"""The DeepMimic environment that comes with PyBullet, for comparison: its speed, its states, its rewards.

`pybullet_envs` registers itself with the long gone `gym` 0.23 when it is imported; a stand-in takes the registrations,
and nothing has to be installed. The environment itself needs no gym.
"""

import contextlib
import os
import sys
import types
from collections.abc import Iterator
from typing import Any

import pybullet_data


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: PTH123
        yield


def _stand_in_for_gym() -> dict[str, types.ModuleType]:
    gym, envs, registration = (types.ModuleType(n) for n in ("gym", "gym.envs", "gym.envs.registration"))
    registration.registry = types.SimpleNamespace(env_specs={})  # type: ignore[attr-defined]
    registration.make = registration.spec = registration.register = lambda *_, **__: None  # type: ignore[attr-defined]
    gym.envs, envs.registration = envs, registration  # type: ignore[attr-defined]
    return {"gym": gym, "gym.envs": envs, "gym.envs.registration": registration}


def deep_mimic_environment(clip: str = "walk") -> Any:
    """A `PyBulletDeepMimicEnv` that imitates humanoid3d_`clip` at 240 Hz, without a window."""
    stand_ins = {name: module for name, module in _stand_in_for_gym().items() if name not in sys.modules}
    sys.modules.update(stand_ins)
    try:
        from pybullet_envs.deep_mimic.env.pybullet_deep_mimic_env import PyBulletDeepMimicEnv
        from pybullet_utils.arg_parser import ArgParser
    finally:
        for name in stand_ins:
            del sys.modules[name]
    arguments = ArgParser()
    with _quietly():
        arguments.load_file(f"{pybullet_data.getDataPath()}/args/run_humanoid3d_{clip}_args.txt")
        return PyBulletDeepMimicEnv(arguments)


def policy_step(environment: Any, action: list[float]) -> tuple[Any, float, bool]:
    """One policy step of 1/30 s, as PyBullet's learning loop takes it: state [197], reward, whether the episode is over
    (it is then begun anew)."""
    environment.set_action(0, action)
    for _ in range(8):
        environment.update(1 / 240)
    state, reward, over = environment.record_state(0), environment.calc_reward(0), environment.is_episode_end()
    if over:
        with _quietly():
            environment.reset()
    return state, reward, over
