"""Any policy on any reference: what the humanoid did, and when it fell."""

from dataclasses import replace

import numpy as np

from core.control.assisted import check_reference
from core.errors import BadInputError
from core.humanoid.actions import actions_from_targets
from core.humanoid.resampling import at_frames
from core.imitation import rewards, rewards_of_code
from core.imitation.policy import Conventions, Policy, Seen
from core.imitation.reference import POLICY_HZ, TICKS_A_STEP, Kinematics, ReferenceTable
from core.imitation.rollout_settings import RolloutSettings, goals_of
from core.imitation.terminations import bodies_kept_off_the_ground, fallen
from core.motion import HumanoidMotion, Rollout
from core.notices import notice
from core.physics.engine import Engine, WorldSettings
from core.progress import Progress, silent

Array = np.ndarray

ELSEWHERE_HZ = {"mujoco": 240.0, "bullet": 2400.0}
"""Simulation steps a second for who learned in the other engine.

Bullet's stable PD does not know the ground: of a loaded ankle's kp x error it applies 3 % at 240 Hz, and the more the
finer the steps. MuJoCo's muscles apply all of it at any rate, so who learned there finds them in Bullet at small steps.
"""

_MOST_DEPTH_M = 0.25


def roll_out(
    policy: Policy, reference: HumanoidMotion, settings: RolloutSettings | None = None, progress: Progress = silent
) -> Rollout:
    """Run `policy` on `reference` from its beginning; see `roll_outs`."""
    return roll_outs(policy, reference, replace(settings or RolloutSettings(), starts=1), progress)[0]


def roll_outs(
    policy: Policy, reference: HumanoidMotion, settings: RolloutSettings | None = None, progress: Progress = silent
) -> list[Rollout]:
    """Run `policy` on `reference` from as many starts as `settings.starts`, each alone in its world.

    30 frames a second. A fall is the push of ground or supports on a body that the reference keeps clear of them (for a
    clip that stands on its feet: all but the feet), or flying apart; the rollout is then cut `after_fall_s` later, and
    `Rollout.horizon_s` remembers the seconds that were asked for. Nothing but the policy and its muscles acts. Same
    policy, reference, settings, machine: same bits. Raises `BadInputError` for a reference that cannot be simulated.
    """
    settings = settings or RolloutSettings()
    check_reference(reference, _MOST_DEPTH_M)
    how = policy.conventions
    settings = settings if reference.loop else replace(settings, starts=1)
    engine = _engine(policy, settings)
    try:
        stage = _Stage(policy, ReferenceTable(reference, how.lead_s, how.ahead_s), engine, settings)
        steps = stage.horizon()
        for k in range(steps):
            stage.step()
            progress(k / steps, _words(stage))
            if stage.over():
                break
        stage.end()
        progress(1.0, _words(stage))
        return [stage.rollout(i, reference.scale) for i in range(engine.n)]
    finally:
        engine.close()


def start_ticks(length: int, settings: RolloutSettings) -> Array:
    """[starts]: where in a reference of `length` ticks each humanoid begins."""
    random = np.random.default_rng(settings.seed)
    return np.concatenate([[0], random.integers(length, size=settings.starts - 1)])


def _words(stage: "_Stage") -> str:
    up = int(np.isnan(stage.fell).sum())
    return f"{up} of {stage.engine.n} up at {stage.k / POLICY_HZ:.1f} s"


def _engine(policy: Policy, settings: RolloutSettings) -> Engine:
    how: Conventions = policy.conventions
    name = how.engine if settings.engine == "auto" else settings.engine
    if name != how.engine:
        notice(f"The policy {policy.name} was learned in {how.engine} and is run in {name}: expect less of it.")
    if how.assist:
        notice(f"The policy {policy.name} learned with {how.assist:.0%} of a root assist left; here nothing helps it.")
    if how.step_hz % POLICY_HZ:
        raise BadInputError(f"A policy should ask for a multiple of {POLICY_HZ} steps a second, not {how.step_hz:g}.")
    world = WorldSettings(step_hz=how.step_hz if name == how.engine else ELSEWHERE_HZ[name], supports=settings.supports)
    if name == "bullet":
        from core.physics.bullet_engine import BulletEngine

        return BulletEngine(settings.starts, world)
    from core.physics.mujoco_engine import MujocoEngine

    return MujocoEngine(settings.starts, world, threads=1)


class _Stage:
    """Humanoids on their way along a reference, and what was seen of them."""

    def __init__(self, policy: Policy, table: ReferenceTable, engine: Engine, settings: RolloutSettings) -> None:
        self.policy, self.table, self.engine, self.settings = policy, table, engine, settings
        self.must_not_touch = bodies_kept_off_the_ground(table)
        self.ticks = start_ticks(table.length, settings)
        self.moved = np.zeros((engine.n, 3))
        self.fell = np.full(engine.n, np.nan)
        self.k = 0
        self.goals = goals_of(policy, engine.n, settings)
        self._substeps = round(engine.settings.step_hz / POLICY_HZ)
        self._names = ("positions", "rotations", "actions", "torques", "contacts", "terms")
        self._off: list[Array] = []
        self._seen: dict[str, list[Array]] = {name: [] for name in self._names}
        start = table.at(self.ticks)
        engine.set_states(np.arange(engine.n), start.frames, start.velocities)
        if self.goals:
            self.goals.begin(np.arange(engine.n), start)

    def horizon(self) -> int:
        """Control steps to go."""
        steps = round(self.settings.seconds * POLICY_HZ)
        if self.table.loop:
            return steps
        return max(1, min(steps, self.table.length // TICKS_A_STEP))

    def step(self) -> None:
        now, phase = self._look(), self.table.phase(self.ticks)
        terms, goal = self._terms(now), None
        if self.goals:
            if self.k:
                self.goals.follow(now, self.table.at(self.ticks))
            goal = self.goals.seen(now, np.arange(self.engine.n))
        seen = Seen(now, self._wanted(self.ticks + TICKS_A_STEP), phase, self.table.targets(self.ticks), goal)
        targets = self.policy.targets(seen)
        self._note(now, actions_from_targets(targets), terms)
        self.engine.step(targets, self._substeps)
        self._seen["torques"].append(self.engine.torques())
        self._seen["contacts"].append(self.engine.contact_forces())
        before, self.ticks = self.ticks, self.ticks + TICKS_A_STEP
        self.k += 1
        down = fallen(self.engine.contact_forces(), self.must_not_touch) | ~self.engine.intact()
        self.fell = np.where(np.isnan(self.fell) & down, self.k / POLICY_HZ, self.fell)
        if self.policy.conventions.resets_place and self.table.loop:
            self._reset_place((before // self.table.length) < (self.ticks // self.table.length))

    def over(self) -> bool:
        """Whether everybody fell long enough ago."""
        return bool((self.k / POLICY_HZ >= self.fell + self.settings.after_fall_s).all())  # false for NaN

    def end(self) -> None:
        """Note the state after the last step."""
        now = self._look()
        self._note(now, self._seen["actions"][-1], self._terms(now))

    def rollout(self, i: int, scale: float) -> Rollout:
        frames = self.k + 1
        if not np.isnan(self.fell[i]):
            frames = min(frames, 1 + round((self.fell[i] + self.settings.after_fall_s) * POLICY_HZ))
        seen = {name: np.stack([each[i] for each in self._seen[name]]) for name in self._names}
        for name in ("torques", "contacts"):
            seen[name] = at_frames(seen[name][: frames - 1])
        return Rollout(
            fps=float(POLICY_HZ),
            times=np.arange(frames) / POLICY_HZ,
            body_positions=seen["positions"][:frames],
            body_rotations=seen["rotations"][:frames],
            actions=seen["actions"][:frames],
            joint_torques=seen["torques"],
            contact_forces=seen["contacts"],
            residual_wrench=np.zeros((frames, 6)),
            reward_terms=seen["terms"][:frames],
            reward_names=self._reward_names(),
            engine=self.engine.name,
            tracker=f"policy-{self.policy.name}",
            seed=self.settings.seed,
            scale=scale,
            time_to_fall_s=float(self.fell[i]),
            horizon_s=self.horizon() / POLICY_HZ,
            goal_error=self._goal_error(i, frames),
        )

    def _reward_names(self) -> tuple[str, ...]:
        names = rewards.NAMES if self.settings.reward == "paper" else rewards_of_code.NAMES
        return (*names, "goal") if self.goals else names

    def _goal_error(self, i: int, frames: int) -> float:
        """How far off its goal humanoid `i` was on average while it was up."""
        if not self.goals:
            return float("nan")
        up = frames if np.isnan(self.fell[i]) else max(1, min(frames, round(self.fell[i] * POLICY_HZ)))
        return float(np.mean([off[i] for off in self._off[:up]]))

    def _look(self) -> Kinematics:
        frames, velocities = self.engine.frames()
        bodies = self.engine.bodies()
        return Kinematics(
            frames, velocities, bodies.positions, bodies.rotations, bodies.velocities, bodies.angular_velocities
        )

    def _wanted(self, ticks: Array) -> Kinematics:
        wanted = self.table.at(ticks)
        if self.goals:
            return self.goals.moved(wanted, np.arange(self.engine.n))
        wanted.frames[:, :3] += self.moved
        wanted.positions[:] += self.moved[:, None]
        return wanted

    def _reset_place(self, which: Array) -> None:
        if not which.any():
            return
        frames, _ = self.engine.frames()
        off = (frames[:, :3] - self.table.at(self.ticks).frames[:, :3]) * (1.0, 0.0, 1.0)
        self.moved[which] = off[which]

    def _terms(self, now: Kinematics) -> Array:
        wanted = self._wanted(self.ticks)
        if self.settings.reward == "code":
            terms = rewards_of_code.imitation_terms(now, wanted)
        else:
            ours, theirs = (rewards.Performance(each.frames, each.velocities, each.positions) for each in (now, wanted))
            terms = rewards.imitation_terms(ours, theirs)
        if not self.goals:
            return terms
        weight, goal = self.policy.conventions.task_weight, self.goals.rewards(now)
        self._off.append(self.goals.errors)
        return np.concatenate([(1 - weight) * terms, weight * goal[:, None]], axis=1)

    def _note(self, now: Kinematics, actions: Array, terms: Array) -> None:
        for name, value in (
            ("positions", now.positions), ("rotations", now.rotations), ("actions", actions), ("terms", terms)
        ):  # fmt: skip
            self._seen[name].append(value)
