"""The Bullet engine: `Engine` over many PyBullet clients in this process, the arithmetic done for all at once.

Every control step starts from the humanoid's frame and velocity with Bullet's memory of contacts wiped: so these 77
numbers are its whole state, and what follows from them is the same to the last bit, whatever was simulated before.
"""

import numpy as np

from core.errors import BadInputError
from core.physics.bullet import BulletHumanoid, BulletSettings, joint_lists
from core.physics.bullet_muscles import Muscles
from core.physics.engine import (
    MOST_SPEED,
    BodyStates,
    Trajectories,
    WorldSettings,
    check_states,
    check_targets,
)
from core.physics.rollouts import first, joined, play

Array = np.ndarray

ROW_SIZE = 43 + 34

_NO_ROOT = np.array([0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0])

_CHUNK = 16
"""Rollouts run so many at a time."""


class BulletEngine:
    """n humanoids in PyBullet.

    `record`: torques are worked out, and contact forces are means over the whole control step. Without it (for
    learning: it halves the time) torques are not to be had, and contact forces are those of the last simulation step.
    The motion is the same to the last bit.
    """

    name = "bullet"

    def __init__(self, n: int = 1, settings: WorldSettings | None = None, record: bool = True) -> None:
        self.settings = settings or WorldSettings()
        self.n = n
        self._record = record
        self._worlds = [BulletHumanoid(_bullet_settings(self.settings)) for _ in range(n)]
        self._muscles = Muscles(n, 1.0 / self.settings.step_hz)
        in_the_air = np.zeros(43)
        in_the_air[[1, 3, 7, 11, 15, 20, 24, 29, 34, 38]] = (500.0, *[1.0] * 9)
        self._frames, self._velocities = np.repeat(in_the_air[None], n, axis=0), np.zeros((n, 34))
        self._fresh = []
        for world in self._worlds:
            world.set_state(in_the_air, np.zeros(34))
            # else the order of contacts, and with it the last bits, depend on what touched before
            world.client.setPhysicsEngineParameter(deterministicOverlappingPairs=1)
            world.client.performCollisionDetection()
            self._fresh.append(world.client.saveState())
        self._torques = np.zeros((n, 28))
        self._contacts = np.zeros((n, 15, 3))
        self._intact = np.ones(n, bool)
        self._spare: BulletEngine | None = None

    def set_states(self, indices: Array, frames: Array, velocities: Array) -> None:
        """See `Engine`."""
        check_states(frames, velocities)
        indices = np.asarray(indices)
        self._frames[indices], self._velocities[indices] = frames, velocities
        self._torques[indices], self._contacts[indices], self._intact[indices] = 0.0, 0.0, True
        for i in indices:
            self._start(i)

    def step(self, targets: Array, substeps: int) -> None:
        """See `Engine`."""
        check_targets(targets, (self.n, 36))
        before = self.save()
        seen = np.empty((substeps, self.n, ROW_SIZE))
        contacts = np.zeros((self.n, 15, 3))
        for i, world in enumerate(self._worlds):  # one after the other: a world stays in the cache while it is stepped
            self._start(i)
            joints = joint_lists(np.concatenate([_NO_ROOT, targets[i]]))
            for k in range(substeps):
                if self._record:
                    seen[k, i] = np.concatenate(world.state())
                world.pull_towards(joints)
                world.step()
                if self._record:
                    contacts[i] += world.contact_forces() / substeps
            self._frames[i], self._velocities[i] = world.state()
            if not self._record:
                contacts[i] = world.contact_forces()
        self._contacts = contacts
        if self._record:
            each = [self._muscles.torques(self._worlds, rows[:, :43], rows[:, 43:], targets) for rows in seen]
            self._torques = np.mean(each, axis=0)
        self._keep_intact(before)

    def frames(self) -> tuple[Array, Array]:
        """See `Engine`."""
        return self._frames.copy(), self._velocities.copy()

    def bodies(self) -> BodyStates:
        """See `Engine`."""
        each = [world.bodies() for world in self._worlds]
        return BodyStates(
            np.stack([b.positions for b in each]),
            np.stack([b.rotations for b in each]),
            np.stack([b.velocities for b in each]),
            np.stack([b.angular_velocities for b in each]),
        )

    def torques(self) -> Array:
        """See `Engine`; RuntimeError without `record`."""
        if not self._record:
            raise RuntimeError("Torques are known only to a BulletEngine made with record=True.")
        return self._torques.copy()

    def contact_forces(self) -> Array:
        """See `Engine`."""
        return self._contacts.copy()

    def intact(self) -> Array:
        """See `Engine`."""
        return self._intact.copy()

    def save(self) -> Array:
        """See `Engine`."""
        return np.concatenate([self._frames, self._velocities], axis=1)

    def restore(self, indices: Array, states: Array) -> None:
        """See `Engine`."""
        if states.ndim != 2 or states.shape[1] != ROW_SIZE:
            raise BadInputError(f"States should be rows [N,{ROW_SIZE}] from `save`, but are {states.shape}.")
        self.set_states(indices, states[:, :43], states[:, 43:])

    def rollouts(self, states: Array, targets: Array, substeps: int) -> Trajectories:
        """See `Engine`."""
        check_targets(targets, (len(states), targets.shape[1] if targets.ndim == 3 else 0, 36))
        if self._spare is None:
            self._spare = BulletEngine(_CHUNK, self.settings)
        parts = []
        for start in range(0, len(states), _CHUNK):
            which = np.minimum(np.arange(start, start + _CHUNK), len(states) - 1)  # the last one fills the chunk up
            parts.append(play(self._spare, states[which], targets[which], substeps))
        return first(len(states), joined(parts))

    def close(self) -> None:
        """See `Engine`."""
        for world in self._worlds:
            world.close()
        if self._spare is not None:
            self._spare.close()

    def _start(self, i: int | np.integer) -> None:
        world = self._worlds[i]
        world.client.restoreState(self._fresh[i])
        world.set_state(self._frames[i], self._velocities[i])

    def _keep_intact(self, before: Array) -> None:
        """Whoever flew apart during the last step stands as before it."""
        sane = (np.abs(self._velocities) < MOST_SPEED).all(axis=1)  # a comparison with NaN is false
        self._intact &= sane & (np.abs(self._frames[:, :3]) < MOST_SPEED).all(axis=1)
        for i in np.flatnonzero(~self._intact):
            self._frames[i], self._velocities[i] = before[i, :43], before[i, 43:]
            self._torques[i], self._contacts[i] = 0.0, 0.0
            self._start(i)


def _bullet_settings(settings: WorldSettings) -> BulletSettings:
    return BulletSettings(
        step_hz=settings.step_hz,
        gravity=settings.gravity,
        friction=float(np.sqrt(settings.friction)),
        self_collision=settings.self_collision,
        supports=settings.supports,
        solver_iterations=10,
    )
