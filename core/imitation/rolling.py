"""Any policy on any reference: what the humanoid did, and when it fell."""

from dataclasses import dataclass, replace

import numpy as np

from core.control.assisted import check_reference
from core.errors import BadInputError
from core.humanoid.actions import actions_from_targets
from core.humanoid.resampling import at_frames
from core.imitation import rewards, rewards_of_code
from core.imitation.policy import Conventions, Policy, Seen
from core.imitation.reference import POLICY_HZ, TICKS_A_STEP, Kinematics, ReferenceTable
from core.imitation.terminations import bodies_kept_off_the_ground, fallen
from core.motion import HumanoidMotion, Rollout
from core.notices import notice
from core.physics.engine import Engine, WorldSettings
from core.progress import Progress, silent
from core.seeds import check_seed

Array = np.ndarray

ENGINES = ("auto", "bullet", "mujoco")
_MOST_DEPTH_M = 0.25


@dataclass(frozen=True)
class RolloutSettings:
    """How policies are run.

    `seconds`: the horizon; a motion that does not loop ends it earlier. `engine`: "auto" is the one that the policy was
    learned in. `reward`: "code" (which DeepMimic's checkpoints maximised) or "paper" (`core.imitation.rewards`).
    `starts`: how many humanoids try a motion that loops; the first begins at phase 0, the others at phases drawn with
    `seed`. A motion that ends is tried once, from its beginning.
    `after_fall_s`: how long a rollout goes on being shown after the fall. `supports` [S,6] m: boxes (min xyz, max xyz)
    that stand fast.
    """

    seconds: float = 20.0
    engine: str = "auto"
    reward: str = "code"
    starts: int = 1
    seed: int = 0
    after_fall_s: float = 1.0
    supports: tuple[tuple[float, ...], ...] = ()

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise BadInputError(f"The engine should be one of {', '.join(ENGINES)}, but is {self.engine!r}.")
        if self.reward not in ("paper", "code"):
            raise BadInputError(f'A reward should be "paper" or "code", but is {self.reward!r}.')
        if not 1 / POLICY_HZ <= self.seconds <= 600:
            raise BadInputError(f"A rollout should last up to 600 s, but is to last {self.seconds:g} s.")
        if not 1 <= self.starts <= 256:
            raise BadInputError(f"A rollout should be tried 1 to 256 times, but is to be tried {self.starts} times.")
        check_seed(self.seed)


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
    if how.step_hz % POLICY_HZ:
        raise BadInputError(f"A policy should ask for a multiple of {POLICY_HZ} steps a second, not {how.step_hz:g}.")
    # MuJoCo's implicit muscles need no finer steps than its own, and learning never took more of them.
    world = WorldSettings(step_hz=how.step_hz if name == how.engine else 240.0, supports=settings.supports)
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
        self._substeps = round(engine.settings.step_hz / POLICY_HZ)
        self._names = ("positions", "rotations", "actions", "torques", "contacts", "terms")
        self._seen: dict[str, list[Array]] = {name: [] for name in self._names}
        start = table.at(self.ticks)
        engine.set_states(np.arange(engine.n), start.frames, start.velocities)

    def horizon(self) -> int:
        """Control steps to go."""
        steps = round(self.settings.seconds * POLICY_HZ)
        if self.table.loop:
            return steps
        return max(1, min(steps, self.table.length // TICKS_A_STEP))

    def step(self) -> None:
        now, phase = self._look(), self.table.phase(self.ticks)
        seen = Seen(now, self._wanted(self.ticks + TICKS_A_STEP), phase, self.table.targets(self.ticks))
        targets = self.policy.targets(seen)
        self._note(now, actions_from_targets(targets))
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
        self._note(self._look(), self._seen["actions"][-1])

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
            reward_names=rewards.NAMES if self.settings.reward == "paper" else rewards_of_code.NAMES,
            engine=self.engine.name,
            tracker=f"policy-{self.policy.name}",
            seed=self.settings.seed,
            scale=scale,
            time_to_fall_s=float(self.fell[i]),
            horizon_s=self.horizon() / POLICY_HZ,
        )

    def _look(self) -> Kinematics:
        frames, velocities = self.engine.frames()
        bodies = self.engine.bodies()
        return Kinematics(
            frames, velocities, bodies.positions, bodies.rotations, bodies.velocities, bodies.angular_velocities
        )

    def _wanted(self, ticks: Array) -> Kinematics:
        wanted = self.table.at(ticks)
        wanted.frames[:, :3] += self.moved
        wanted.positions[:] += self.moved[:, None]
        return wanted

    def _reset_place(self, which: Array) -> None:
        if not which.any():
            return
        frames, _ = self.engine.frames()
        off = (frames[:, :3] - self.table.at(self.ticks).frames[:, :3]) * (1.0, 0.0, 1.0)
        self.moved[which] = off[which]

    def _note(self, now: Kinematics, actions: Array) -> None:
        wanted = self._wanted(self.ticks)
        if self.settings.reward == "code":
            terms = rewards_of_code.imitation_terms(now, wanted)
        else:
            ours, theirs = (rewards.Performance(each.frames, each.velocities, each.positions) for each in (now, wanted))
            terms = rewards.imitation_terms(ours, theirs)
        for name, value in (
            ("positions", now.positions), ("rotations", now.rotations), ("actions", actions), ("terms", terms)
        ):  # fmt: skip
            self._seen[name].append(value)
