"""Goals beside imitation: walk in a direction that changes, or to places.

r = (1 - w) r_I + w r_G, as DeepMimic adds a task (Peng et al. 2018a, equation 2). So that the goal and not the
reference says where to go, the reference is moved after every step: turned about the vertical and shifted to where the
humanoid is and looks (DeepMimic's code does so with its roots).
"""

from typing import Any

import numpy as np

from core.errors import BadInputError
from core.humanoid.kinematics import centre_of_mass
from core.imitation.environment import OBSERVATION_SIZE, EnvironmentSettings, ImitationEnvironment
from core.imitation.observations import conjugate, heading
from core.imitation.reference import POLICY_HZ, TICK_HZ, Kinematics
from core.motion import HumanoidMotion
from core.physics.engine import Engine
from core.physics.rotations import product, rotate

Array = np.ndarray

GOAL_SIZE = 3
TASKS = ("heading", "target")

_LASTS_S = {"heading": (2.0, 4.0), "target": (6.0, 10.0)}
_REACHED_M = 0.5
_FARTHEST_M = 5.0


class TaskEnvironment(ImitationEnvironment):
    """Imitation with a goal, "heading" or "target"; observations end in the goal [3]: in the humanoid's heading, the
    way to it along x and z (heading: a unit vector; target: metres), and the speed wanted (m/s, the reference's own).

    `goal_errors` [n]: how far off everybody is: radians between the way taken and the way wanted, or metres.
    """

    def __init__(
        self, reference: HumanoidMotion, engine: Engine, settings: EnvironmentSettings, seed: int | tuple[int, ...],
        task: str, weight: float,
    ) -> None:  # fmt: skip
        super().__init__(reference, engine, settings, seed)
        if task not in TASKS:
            raise BadInputError(f"The task should be {' or '.join(TASKS)}, but is {task!r}.")
        self.task, self.weight = task, weight
        self.reward_names = (*self.reward_names, "goal")
        self.observation_size = OBSERVATION_SIZE + GOAL_SIZE
        self.speed = speed_of(self)
        self.goal_errors = np.zeros(self.n)
        self.goals = np.zeros((self.n, 3))
        self._due = np.zeros(self.n, int)
        self._turns = np.tile([1.0, 0.0, 0.0, 0.0], (self.n, 1))
        self._shifts = np.zeros((self.n, 3))

    def state(self) -> dict[str, Any]:
        """See `ImitationEnvironment`."""
        ours = {"goals": self.goals, "due": self._due, "turns": self._turns, "shifts": self._shifts}
        return super().state() | {name: each.copy() for name, each in ours.items()}

    def restore(self, state: dict[str, Any]) -> None:
        """See `ImitationEnvironment`."""
        super().restore(state)
        self.goals, self._due = state["goals"].copy(), state["due"].copy()
        self._turns, self._shifts = state["turns"].copy(), state["shifts"].copy()

    def _start(self, which: Array) -> Kinematics:
        self._turns[which], self._shifts[which] = (1.0, 0.0, 0.0, 0.0), 0.0
        at = super()._start(which)
        self._due[which] = 0
        self._set_goals(at.frames[:, :3], which)
        return at

    def _wanted(self, ticks: Array, which: Array) -> Kinematics:
        return _moved(super()._wanted(ticks, which), self._turns[which], self._shifts[which])

    def _moved_on(self, now: Kinematics) -> None:
        """Put the reference where the humanoids are; give new goals where they are due or reached."""
        plain = self.reference.at(self.ticks)
        self._turns = product(conjugate(heading(now.frames[:, 3:7])), heading(plain.frames[:, 3:7]))
        self._shifts = (now.frames[:, :3] - rotate(self._turns, plain.frames[:, :3])) * (1.0, 0.0, 1.0)
        self._due -= 1
        if self.task == "target":
            self._due[np.linalg.norm(self._way(now.frames[:, :3]), axis=1) < _REACHED_M] = 0
        self._set_goals(now.frames[:, :3], np.arange(self.n))

    def _set_goals(self, roots: Array, which: Array) -> None:
        """New goals for those of `which` [k], whose roots are at `roots` [k,3], that have none left."""
        fresh = which[self._due[which] <= 0]
        if not len(fresh):
            return
        k = len(fresh)
        angle = self._random.uniform(-np.pi, np.pi, k)
        way = np.stack([np.cos(angle), np.zeros(k), -np.sin(angle)], axis=1)
        if self.task == "target":
            way = way * self._random.uniform(1.0, _FARTHEST_M, k)[:, None] + roots[self._due[which] <= 0]
        self.goals[fresh] = way * (1.0, 0.0, 1.0)
        self._due[fresh] = np.round(self._random.uniform(*_LASTS_S[self.task], k) * POLICY_HZ).astype(int)

    def _way(self, roots: Array, which: Array | slice = slice(None)) -> Array:
        """[k,3]: the way to the goal in the world."""
        return self.goals[which] if self.task == "heading" else (self.goals[which] - roots) * (1.0, 0.0, 1.0)

    def _observe(self, now: Kinematics, which: Array) -> Array:
        way = rotate(heading(now.frames[:, 3:7]), self._way(now.frames[:, :3], which))
        wanted = np.full((len(way), 1), self.speed)
        return np.concatenate([super()._observe(now, which), way[:, [0, 2]], wanted], axis=1)

    def _terms(self, now: Kinematics, wanted: Kinematics) -> Array:
        way = self._way(now.frames[:, :3])
        distance = np.linalg.norm(way, axis=1)
        ahead = way / np.maximum(distance, 1e-9)[:, None]
        velocity = centre_of_mass(now.body_velocities) * (1.0, 0.0, 1.0)
        slow = np.maximum(0.0, self.speed - (velocity * ahead).sum(axis=1))
        if self.task == "heading":
            goal = heading_reward(slow)
            off = (velocity * ahead).sum(axis=1) / np.maximum(np.linalg.norm(velocity, axis=1), 1e-9)
            self.goal_errors = np.arccos(np.clip(off, -1, 1))
        else:
            goal = target_reward(distance, slow)
            self.goal_errors = distance
        imitation = super()._terms(now, wanted)
        return np.concatenate([(1 - self.weight) * imitation, self.weight * goal[:, None]], axis=1)


def heading_reward(slow: Array) -> Array:
    """[n]: exp(-2.5 max(0, v* - v.d)^2), `slow` the maximum in m/s (Peng et al. 2018a, section 9.3)."""
    return np.exp(-2.5 * slow**2)


def target_reward(distance: Array, slow: Array) -> Array:
    """[n]: 0.7 exp(-0.5 distance^2) + 0.3 exp(-slow^2), in m and m/s (Peng et al. 2021, AMP, target location); who has
    arrived need not hurry."""
    return 0.7 * np.exp(-0.5 * distance**2) + 0.3 * np.where(distance < _REACHED_M, 1.0, np.exp(-(slow**2)))


def speed_of(environment: ImitationEnvironment) -> float:
    """m/s: how fast the reference gets along on the ground, as the crow flies; at least 0.5."""
    frames = environment.reference.table.frames
    way = (frames[-1, :3] - frames[0, :3]) * (1.0, 0.0, 1.0)
    return max(0.5, float(np.linalg.norm(way)) * TICK_HZ / environment.reference.length)


def _moved(k: Kinematics, turns: Array, shifts: Array) -> Kinematics:
    frames, velocities = k.frames.copy(), k.velocities.copy()
    frames[:, :3] = rotate(turns, frames[:, :3]) + shifts
    frames[:, 3:7] = product(turns, frames[:, 3:7])
    velocities[:, :3], velocities[:, 3:6] = rotate(turns, velocities[:, :3]), rotate(turns, velocities[:, 3:6])
    each = turns[:, None]
    return Kinematics(
        frames,
        velocities,
        rotate(each, k.positions) + shifts[:, None],
        product(each, k.rotations),
        rotate(each, k.body_velocities),
        rotate(each, k.angular_velocities),
    )
