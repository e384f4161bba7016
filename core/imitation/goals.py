"""Where n humanoids should go, and a reference that goes along with them.

So that the goal and not the reference says where to go, the reference is moved after every step: turned about the
vertical and shifted to where the humanoid is and looks (DeepMimic's code does so with its roots).
"""

import numpy as np

from core.errors import BadInputError
from core.humanoid.kinematics import centre_of_mass
from core.imitation.observations import conjugate, heading
from core.imitation.reference import POLICY_HZ, TICK_HZ, Kinematics, ReferenceTable
from core.physics.rotations import product, rotate

Array = np.ndarray

GOAL_SIZE = 3
TASKS = ("heading", "target")

_LASTS_S = {"heading": (2.0, 4.0), "target": (6.0, 10.0)}
_REACHED_M = 0.5
_FARTHEST_M = 5.0
_GROUND = np.array([1.0, 0.0, 1.0])


class Goals:
    """The goals of n humanoids: "heading", a direction to walk in, or "target", a place to walk to.

    `where` [n,3]: unit vectors, or places in m, in the world; `errors` [n]: how far off everybody was when last
    rewarded: radians between the way taken and the way wanted, or metres.
    """

    def __init__(
        self, task: str, n: int, speed: float, random: np.random.Generator, fixed: Array | None = None
    ) -> None:
        """`speed` m/s is wanted. Goals are drawn from `random` and change as they are reached or in time; `fixed` [3]
        is one goal for everybody and for good, seen from where a humanoid begins: x ahead, y up, z to its right."""
        if task not in TASKS:
            raise BadInputError(f"The task should be {' or '.join(TASKS)}, but is {task!r}.")
        self.task, self.speed = task, speed
        self.where, self.errors = np.zeros((n, 3)), np.zeros(n)
        self._random, self._fixed = random, fixed
        self._due = np.zeros(n, int)
        self._turns = np.tile([1.0, 0.0, 0.0, 0.0], (n, 1))
        self._shifts = np.zeros((n, 3))

    def begin(self, which: Array, at: Kinematics) -> None:
        """New goals for humanoids `which` [k], who begin as their reference: `at`, unmoved."""
        self._turns[which], self._shifts[which] = (1.0, 0.0, 0.0, 0.0), 0.0
        if self._fixed is None:
            self._due[which] = 0
            self._draw(at.frames[:, :3], which)
            return
        way = rotate(conjugate(heading(at.frames[:, 3:7])), np.tile(self._fixed, (len(which), 1)))
        self.where[which] = way if self.task == "heading" else way + at.frames[:, :3] * _GROUND

    def moved(self, reference: Kinematics, which: Array) -> Kinematics:
        """The reference of humanoids `which` [k], moved to where they were when it last followed them."""
        return _moved(reference, self._turns[which], self._shifts[which])

    def follow(self, now: Kinematics, reference: Kinematics) -> None:
        """Put the reference (as it is unmoved) where the humanoids are; give new goals where they are due or reached.
        To be called once a control step, for all."""
        self._turns = product(conjugate(heading(now.frames[:, 3:7])), heading(reference.frames[:, 3:7]))
        self._shifts = (now.frames[:, :3] - rotate(self._turns, reference.frames[:, :3])) * _GROUND
        if self._fixed is not None:
            return
        self._due -= 1
        if self.task == "target":
            self._due[np.linalg.norm(self._ways(now.frames[:, :3]), axis=1) < _REACHED_M] = 0
        self._draw(now.frames[:, :3], np.arange(len(self.where)))

    def seen(self, now: Kinematics, which: Array) -> Array:
        """[k,3]: what humanoids `which` see of their goals, in their heading: the way along x and z (heading: a unit
        vector; target: m), and the speed wanted (m/s)."""
        way = rotate(heading(now.frames[:, 3:7]), self._ways(now.frames[:, :3], which))
        return np.concatenate([way[:, [0, 2]], np.full((len(way), 1), self.speed)], axis=1)

    def rewards(self, now: Kinematics) -> Array:
        """[n], 1 at most; also takes down `errors`."""
        way = self._ways(now.frames[:, :3])
        distance = np.linalg.norm(way, axis=1)
        ahead = way / np.maximum(distance, 1e-9)[:, None]
        velocity = centre_of_mass(now.body_velocities) * _GROUND
        slow = np.maximum(0.0, self.speed - (velocity * ahead).sum(axis=1))
        if self.task == "target":
            self.errors = distance
            return target_reward(distance, slow)
        off = (velocity * ahead).sum(axis=1) / np.maximum(np.linalg.norm(velocity, axis=1), 1e-9)
        self.errors = np.arccos(np.clip(off, -1, 1))
        return heading_reward(slow)

    def state(self) -> dict[str, Array]:
        """All that what follows depends on, but for the generator."""
        ours = {"goals": self.where, "due": self._due, "turns": self._turns, "shifts": self._shifts}
        return {name: each.copy() for name, each in ours.items()}

    def restore(self, state: dict[str, Array]) -> None:
        """Go on as those whose `state` this was."""
        self.where, self._due = state["goals"].copy(), state["due"].astype(int)
        self._turns, self._shifts = state["turns"].copy(), state["shifts"].copy()

    def _draw(self, roots: Array, which: Array) -> None:
        """New goals for those of `which` [k], whose roots are at `roots` [k,3], that have none left."""
        due = self._due[which] <= 0
        fresh = which[due]
        if not len(fresh):
            return
        k = len(fresh)
        angle = self._random.uniform(-np.pi, np.pi, k)
        way = np.stack([np.cos(angle), np.zeros(k), -np.sin(angle)], axis=1)
        if self.task == "target":
            way = way * self._random.uniform(1.0, _FARTHEST_M, k)[:, None] + roots[due]
        self.where[fresh] = way * _GROUND
        self._due[fresh] = np.round(self._random.uniform(*_LASTS_S[self.task], k) * POLICY_HZ).astype(int)

    def _ways(self, roots: Array, which: Array | slice = slice(None)) -> Array:
        """[k,3]: the way to the goal in the world."""
        return self.where[which] if self.task == "heading" else (self.where[which] - roots) * _GROUND


def heading_reward(slow: Array) -> Array:
    """[n]: exp(-2.5 max(0, v* - v.d)^2), `slow` the maximum in m/s (Peng et al. 2018a, section 9.3)."""
    return np.exp(-2.5 * slow**2)


def target_reward(distance: Array, slow: Array) -> Array:
    """[n]: 0.7 exp(-0.5 distance^2) + 0.3 exp(-slow^2), in m and m/s (Peng et al. 2021, AMP, target location); who has
    arrived need not hurry."""
    return 0.7 * np.exp(-0.5 * distance**2) + 0.3 * np.where(distance < _REACHED_M, 1.0, np.exp(-(slow**2)))


def speed_of(reference: ReferenceTable) -> float:
    """m/s: how fast the reference gets along on the ground, as the crow flies; at least 0.5."""
    frames = reference.table.frames
    way = (frames[-1, :3] - frames[0, :3]) * _GROUND
    return max(0.5, float(np.linalg.norm(way)) * TICK_HZ / reference.length)


def direction(degrees: float) -> Array:
    """[3]: the unit vector `degrees` to the left of straight ahead (x ahead, y up, z to the right)."""
    angle = np.radians(degrees)
    return np.array([np.cos(angle), 0.0, -np.sin(angle)])


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
