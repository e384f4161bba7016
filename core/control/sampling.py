"""Sampling-based tracking: a reference becomes a rollout without training and without any hidden force.

For windows of 0.1 s many slightly different pulls of the muscles are simulated, from many kept states; those that stay
near the reference are kept, and the way that led to the best end is followed back; again and again, around what
survived before. The result is open loop: its actions, replayed from its start, give it again bit for bit.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from core.control.failure import time_to_failure
from core.control.feasible import Feasible, FeasibleSettings, feasible
from core.control.sampling_cost import CostWeights
from core.control.sampling_passes import Plan, Search
from core.control.sampling_problem import problem_of
from core.control.sampling_search import Lineage, PassSettings, Problem
from core.errors import BadInputError
from core.humanoid.actions import actions_from_targets, targets_from_actions
from core.humanoid.kinematics import forward_kinematics
from core.humanoid.resampling import at_frames, velocities
from core.imitation.rewards import NAMES, Performance, imitation_terms
from core.motion import HumanoidMotion, Rollout
from core.notices import notice
from core.physics.engine import Engine, WorldSettings
from core.progress import Progress, part_of, silent
from core.seeds import check_seed

Array = np.ndarray
OnBest = Callable[[Rollout], None]

ENGINES = ("mujoco", "bullet")


@dataclass(frozen=True)
class SamplingSettings:
    """How a reference is tracked.

    `samples` a window, of which `kept` states go on. `passes`: as many windows are searched as there are in so many
    passes over the motion. `window_s`: an offset lasts so long. `noise` rad: standard deviation of the offsets on the
    PD targets where nothing is known yet (less on neck and arms), times `shrink` with each visit, but not below
    `least_noise`. `carried`: share of the parent's offset; `memory`: share of its cost. `led`: share of the samples
    drawn around the feedback learnt so far (`core.control.sampling_feedback`). `lookahead_s`: means are taken over
    those that survived so much longer. `stretch_s`, `visits`: the motion is searched in stretches of this length, each
    window so often (`core.control.sampling_passes`). `again_s`: a motion no longer than this on which the humanoid fell
    is searched once more, with other random numbers. `lead_s`: targets lead the reference by this times its velocity
    (kd/kp cancels the damping). `step_hz`: about so many simulation steps a second. `engine`: one of ENGINES;
    `threads` of it (0: all cores). `supports` [S,6] m: boxes to stand on.
    """

    samples: int = 600
    kept: int = 120
    passes: int = 4
    window_s: float = 0.1
    noise: float = 0.15
    shrink: float = 0.8
    least_noise: float = 0.04
    carried: float = 0.8
    memory: float = 0.3
    led: float = 0.7
    lookahead_s: float = 0.5
    stretch_s: float = 1.5
    visits: int = 3
    again_s: float = 3.0
    lead_s: float = 0.1
    step_hz: float = 240.0
    engine: str = "mujoco"
    threads: int = 0
    seed: int = 0
    supports: tuple[tuple[float, ...], ...] = ()
    weights: CostWeights = field(default_factory=CostWeights)
    feasible: FeasibleSettings = field(default_factory=FeasibleSettings)

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise BadInputError(f"The engine should be one of {', '.join(ENGINES)}, but is {self.engine!r}.")
        if self.samples < 2 or not 1 <= self.kept <= self.samples or self.passes < 1:
            raise BadInputError("Sampling needs at least 2 samples, 1 to all of them kept, and 1 pass.")
        check_seed(self.seed)


QUICK = SamplingSettings()
REFINED = replace(QUICK, samples=1000, kept=150, passes=8)
SETTINGS = {"quick": QUICK, "refined": REFINED}
"""By name: about 10 and 30 s of computing a second of motion on two cores."""


def perform_sampling(
    reference: HumanoidMotion,
    settings: SamplingSettings = QUICK,
    progress: Progress = silent,
    on_best: OnBest | None = None,
) -> Rollout:
    """Perform `reference` under physics by muscles alone; the rollout is at the control rate (near 30 Hz).

    Where it falls, the rest of the motion is pulled on without search: the rollout keeps its length and
    `time_to_fall_s` says where it fell (`core.control.failure`). `on_best` is given the best rollout so far after a
    pass that found a better one; the last of them is what is returned. `progress` is called at least once a window;
    what it raises ends the search. Raises `BadInputError` for references that cannot be performed at all
    (`core.control.feasible`).
    """
    prepared = feasible(reference, settings.feasible, bool(settings.supports))
    for remark in prepared.remarks:
        notice(remark)
    engine = make_engine(settings, prepared.motion.fps)
    try:
        engine.set_states(np.array([0]), prepared.motion.frames[:1], prepared.velocities[:1])
        start, steps = engine.save()[:1], substeps(settings, prepared.motion.fps)
        problem = problem_of(prepared, settings, start, steps)
        rollout = _attempts(engine, problem, prepared, settings, progress, on_best)
    finally:
        engine.close()
    if not np.isnan(rollout.time_to_fall_s):
        notice(f"Under physics (sampling) the humanoid fell at {rollout.time_to_fall_s:.1f} s.")
    progress(1.0, "Performed by sampling")
    return rollout


def make_engine(settings: SamplingSettings, fps: float) -> Engine:
    """The engine, with one humanoid and steps that divide a control step at `fps`."""
    world = WorldSettings(step_hz=fps * substeps(settings, fps), supports=settings.supports)
    if settings.engine == "bullet":
        from core.physics.bullet_engine import BulletEngine

        return BulletEngine(1, world)
    from core.physics.mujoco_engine import MujocoEngine

    return MujocoEngine(1, world, settings.threads)


def substeps(settings: SamplingSettings, fps: float) -> int:
    """Simulation steps in a control step at `fps`."""
    return max(1, round(settings.step_hz / fps))


def replay(engine: Engine, start: tuple[Array, Array], actions: Array, substeps: int):
    """`Trajectories` of one humanoid from the state `start` (frame [43], velocity [34]) through `actions` [S,36]."""
    engine.set_states(np.array([0]), start[0][None], start[1][None])
    return engine.rollouts(engine.save()[:1], targets_from_actions(actions)[None], substeps)


def _attempts(
    engine: Engine,
    problem: Problem,
    prepared: Feasible,
    settings: SamplingSettings,
    progress: Progress,
    on_best: OnBest | None,
) -> Rollout:
    """The best rollout of one search, or of two where the first fell and the motion is short."""
    found: list[Rollout] = []

    def tell(lineage: Lineage) -> None:
        rollout = _rollout(engine, problem, prepared, lineage, settings)
        if found and np.array_equal(rollout.actions, found[-1].actions):
            return  # a search ends with what it told last, mostly
        if fell is None or _held_s(rollout) > _held_s(fell):
            found.append(rollout)
            if on_best is not None:
                on_best(rollout)

    duration = prepared.motion.times[-1] - prepared.motion.times[0]
    fell: Rollout | None = None
    for attempt in (0, 1):
        rng = np.random.default_rng((settings.seed, attempt) if attempt else settings.seed)
        share = part_of(progress, 0.9 * attempt, 0.9 + 0.1 * attempt)
        tell(_search(engine, problem, settings, rng, share, tell))
        fell = found[-1]
        if np.isnan(fell.time_to_fall_s) or duration > settings.again_s:
            break
    return found[-1]


def _held_s(rollout: Rollout) -> float:
    """s: when it fell, or infinity."""
    return float(np.nan_to_num(rollout.time_to_fall_s, nan=np.inf))


def _search(
    engine: Engine,
    problem: Problem,
    settings: SamplingSettings,
    rng: np.random.Generator,
    progress: Progress,
    tell: Callable[[Lineage], None],
) -> Lineage:
    per_s = 1.0 / (problem.windows[0].stop * problem.step_s)
    plan = Plan(
        budget=settings.passes * len(problem.windows),
        stretch=max(1, round(settings.stretch_s * per_s)),
        visits=settings.visits,
        noise=settings.noise,
        shrink=settings.shrink,
        least_noise=settings.least_noise,
        lookahead=round(settings.lookahead_s * per_s),
    )
    basics = PassSettings(settings.samples, settings.kept, settings.carried, settings.memory, settings.led)
    search = Search(engine, problem, basics, plan, rng)

    def tick() -> None:
        held = len(search.history) / per_s
        what = "polishing it" if len(search.history) == search.n else f"{held:.1f} s held"
        progress(min(search.used / plan.budget, 1.0), f"Performing it unassisted: {what}")

    return search.run(tick, tell)


def _rollout(
    engine: Engine, problem: Problem, prepared: Feasible, best: Lineage, settings: SamplingSettings
) -> Rollout:
    """The lineage, replayed from its actions; where it ends early the plain targets follow."""
    rest = actions_from_targets(problem.targets[len(best.actions) :])
    return replayed(engine, prepared, np.concatenate([best.actions, rest]), settings)


def replayed(engine: Engine, prepared: Feasible, actions: Array, settings: SamplingSettings) -> Rollout:
    """The rollout of `actions` [S,36] on the feasible reference of S + 1 frames; the last frame repeats an action.

    Rewards and the fall are measured by the reference as it was given."""
    motion = prepared.motion
    start = (motion.frames[0], prepared.velocities[0])
    seen = replay(engine, start, actions, substeps(settings, motion.fps))
    first = engine.bodies()
    positions = np.concatenate([first.positions[:1], seen.bodies.positions[0]])
    rotations = np.concatenate([first.rotations[:1], seen.bodies.rotations[0]])
    ours = Performance(
        np.concatenate([start[0][None], seen.frames[0]]),
        np.concatenate([start[1][None], seen.velocities[0]]),
        positions,
    )
    given = prepared.given
    wanted = forward_kinematics(given.frames).positions
    return Rollout(
        fps=motion.fps,
        times=motion.times,
        body_positions=positions,
        body_rotations=rotations,
        actions=np.concatenate([actions, actions[-1:]]),
        joint_torques=at_frames(seen.torques[0]),
        contact_forces=at_frames(seen.contact_forces[0]),
        residual_wrench=np.zeros((len(motion), 6)),
        reward_terms=imitation_terms(ours, Performance(given.frames, velocities(given), wanted)),
        reward_names=NAMES,
        engine=engine.name,
        tracker="sampling",
        seed=settings.seed,
        scale=motion.scale,
        time_to_fall_s=time_to_failure(motion.times, positions, wanted),
    )
