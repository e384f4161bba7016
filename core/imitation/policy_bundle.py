"""A trained policy as files that outlive this project: policy.zip, policy.onnx, play.py, card.md, in one folder.

policy.zip is stable-baselines3's own, with its plain MlpPolicy: observations are normalised in its first layer, so that
it takes raw ones. policy.onnx needs no reinforcement learning library, and ends in what the muscles pull to.
"""

import shutil
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from core.arrays_on_disk import replacing
from core.errors import BadInputError
from core.humanoid.character import KD, KP, REVOLUTE_JOINTS, SPHERICAL_JOINTS, TORQUE_LIMITS
from core.imitation.environment import ACTION_SIZE, ImitationEnvironment
from core.imitation.goals import speed_of
from core.imitation.half_cycle import SINE
from core.imitation.making import make_evaluation
from core.imitation.mirroring import ACTION_ORDER, ACTION_SIGNS, HALF_CYCLE_SIGNS, OBSERVATION_ORDER
from core.imitation.onnx_graph import Graph
from core.imitation.policy_card import card
from core.imitation.policy_file import VERSION, VERSION_KEY
from core.imitation.ppo.checkpoints import load_checkpoint
from core.imitation.ppo.curve import read_curve
from core.imitation.ppo.evaluating import Disturbance, evaluate
from core.imitation.ppo.folder import RECORD, REFERENCE
from core.imitation.ppo.learner import Learner, make_ppo
from core.imitation.ppo.networks import MOST_ACTION, Actor
from core.imitation.ppo.settings import TrainingSettings
from core.imitation.reference import ReferenceTable
from core.imitation.tasks import TaskEnvironment
from core.motion import HumanoidMotion
from core.physics.engine import WorldSettings
from core.physics.mujoco_model import build_model, model_xml
from core.run_folder import read_json

Array = np.ndarray

ONNX_NAME, ZIP_NAME = "policy.onnx", "policy.zip"


def export_policy(training: Path, out: Path, name: str) -> None:
    """Write the bundle of the policy in the folder of a training into the folder `out`, as its last checkpoint has it.

    The training may be running. `BadInputError` where there is no checkpoint, or no evaluation yet.
    """
    state = load_checkpoint(training)
    settings = TrainingSettings.from_json(state["settings"])
    reference = HumanoidMotion.load(training / REFERENCE)
    since = {key: state[key] for key in ("samples", "seconds", "resumed_at")}  # the record is as old as an evaluation
    record: dict[str, Any] = {**read_json(training / RECORD), "name": name, **since}
    if "evaluation" not in record:
        raise BadInputError("The training ended before its first evaluation. Go on with it: there is no policy yet.")
    assist = settings.assist_at(state["samples"])
    environment = make_evaluation(reference, settings, settings.evaluation_starts)
    with closing(environment.engine):
        learner = Learner(settings, environment.observation_size)
        learner.restore(state["learner"])
        actor = learner.actor()
        record["evaluation"] = asdict(evaluate(environment, actor, assist)[0])
        record["disturbed"] = asdict(evaluate(environment, actor, assist, Disturbance())[0])
    out.mkdir(parents=True, exist_ok=True)
    write_zip(out / ZIP_NAME, learner)
    write_onnx(out / ONNX_NAME, actor, settings, name, _facts(environment, settings, assist))
    reference.save(out / REFERENCE)
    if settings.engine == "mujoco":
        write_player(out, reference, settings)
    text = card(name, record, read_curve(training), float(reference.times[-1] - reference.times[0]), reference.loop)
    (out / "card.md").write_text(text, encoding="utf-8")


def write_player(out: Path, reference: HumanoidMotion, settings: TrainingSettings) -> None:
    """Write play.py with what it needs: the reference on its clock, the character's numbers, the model."""
    world = WorldSettings(step_hz=settings.step_hz)
    table = ReferenceTable(reference, settings.environment.lead_s, settings.environment.ahead_s)
    layout = build_model(world)[1]
    content = {
        "frames": table.table.frames,
        "positions": table.table.positions,
        "targets": table.targets(np.minimum(np.arange(table.length + 1), table.length)),
        "velocities": table.table.velocities[:1],
        "loop": table.loop,
        "cycle_offset": table.cycle_offset,
        "step_hz": settings.step_hz,
        "task": settings.task, "speed": speed_of(table),
        "kp": KP, "kd": KD, "torque_limits": TORQUE_LIMITS,
        "qpos": layout.qpos, "dofs": layout.dofs, "bodies": layout.bodies,
        "balls": np.array([range(j.frame.start - 7, j.frame.stop - 7) for j in SPHERICAL_JOINTS]),
        "ball_dofs": np.array([range(j.dof.start, j.dof.stop) for j in SPHERICAL_JOINTS]),
        "hinges": np.array([j.frame.start - 7 for j in REVOLUTE_JOINTS]),
        "hinge_dofs": np.array([j.dof.start for j in REVOLUTE_JOINTS]),
    }  # fmt: skip
    with replacing(out / "play.npz") as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **content)  # type: ignore[arg-type]
    (out / "humanoid.xml").write_text(model_xml(world), encoding="utf-8")
    shutil.copyfile(Path(__file__).with_name("play.py"), out / "play.py")


def write_zip(path: Path, learner: Learner) -> None:
    """Write what `stable_baselines3.PPO.load` opens where nothing of this project is installed: raw observations in,
    actions in [-5, 5] out (times `action_scale` rad, onto the reference's targets). A policy for half a cycle wants to
    be shown the second half in the mirror, which such a file cannot hold (`core.imitation.half_cycle`)."""
    import torch

    actor = learner.actor()
    size = len(actor.mean)
    plain = make_ppo(learner.settings, size, learner.settings.humanoids)
    plain.num_timesteps = learner.ppo.num_timesteps
    weights = {name: each.clone() for name, each in learner.ppo.policy.state_dict().items()}
    for net in ("policy_net", "value_net"):
        weight, bias = (weights[f"mlp_extractor.{net}.0.{each}"].double() for each in ("weight", "bias"))
        weight = weight / torch.as_tensor(actor.std).double()
        weights[f"mlp_extractor.{net}.0.weight"] = weight.float()
        weights[f"mlp_extractor.{net}.0.bias"] = (bias - weight @ torch.as_tensor(actor.mean).double()).float()
    plain.policy.load_state_dict(weights)
    plain.rollout_buffer = None  # type: ignore[assignment]
    with replacing(path) as temporary:
        plain.save(temporary)


def _facts(environment: ImitationEnvironment, settings: TrainingSettings, assist: float) -> dict[str, str]:
    """What a policy's metadata say beyond those that all have."""
    facts = {"assist": repr(assist)} if assist else {}
    if isinstance(environment, TaskEnvironment):
        facts |= {
            "task": settings.task,
            "task_weight": repr(settings.task_weight),
            "speed": repr(environment.goals.speed),
        }
    return facts


def write_onnx(
    path: Path, actor: Actor, settings: TrainingSettings, name: str, more: Mapping[str, str] | None = None
) -> None:
    """Write the policy as one graph; its metadata say how it wants to be run (`core.imitation.policy_file`).

    Inputs `observations` [n,O] float32, raw (`core.imitation.observations.observe`, with a task the goal after it), and
    `reference_targets` [n,36] float32: the reference's joints, quaternions wxyz and angles in rad, `ahead_s` later and
    led by `lead_s` times their velocity. Outputs `offsets` [n,28] rad, and `targets` [n,36]: what the muscles pull to.
    """
    graph = Graph()
    x, second = "observations", ""
    if settings.half_cycle:
        second = graph.node("Less", graph.slice(x, SINE, SINE + 1), graph.scalar(0.0))
        x = graph.mirrored_where(second, x, OBSERVATION_ORDER, HALF_CYCLE_SIGNS)
    x = graph.node("Div", graph.node("Sub", x, graph.constant(actor.mean)), graph.constant(actor.std))
    for i, (weight, bias) in enumerate(actor.policy):
        x = graph.node("Gemm", x, graph.constant(weight), graph.constant(bias), transB=1)
        if i < len(actor.policy) - 1:
            x = graph.node("Relu", x)
    actions = graph.node("Clip", x, graph.scalar(-MOST_ACTION), graph.scalar(MOST_ACTION))
    if settings.half_cycle:
        actions = graph.mirrored_where(second, actions, ACTION_ORDER, ACTION_SIGNS)
    graph.node("Mul", actions, graph.scalar(settings.environment.action_scale), output="offsets")
    _add_targets(graph)
    world = settings.environment
    facts = {
        VERSION_KEY: VERSION,
        "name": name,
        "engine": settings.engine,
        "step_hz": f"{settings.step_hz:g}",
        "lead_s": repr(world.lead_s),
        "ahead_s": repr(world.ahead_s),
        **(more or {}),
    }
    inputs = {"observations": len(actor.mean), "reference_targets": 36}
    graph.save(path, inputs, {"offsets": ACTION_SIZE, "targets": 36}, facts)


def _add_targets(graph: Graph) -> None:
    """targets = the reference's joints turned on by the offsets, about each child's axes.

    Of a spherical joint q = reference x exp(offset / 2): with the angle a of the offset v, [cos(a/2), v sin(a/2) / a].
    """
    parts = []
    for joint in sorted((*SPHERICAL_JOINTS, *REVOLUTE_JOINTS), key=lambda j: j.frame.start):
        now = graph.slice("reference_targets", joint.frame.start - 7, joint.frame.stop - 7)
        turn = graph.slice("offsets", joint.dof.start, joint.dof.stop)
        if joint in REVOLUTE_JOINTS:
            parts.append(graph.node("Add", now, turn))
            continue
        squared = graph.node("ReduceSum", graph.node("Mul", turn, turn), graph.integers([1]), keepdims=1)
        half = graph.node("Mul", graph.node("Sqrt", graph.node("Add", squared, graph.scalar(1e-12))), graph.scalar(0.5))
        scale = graph.node("Mul", graph.node("Div", graph.node("Sin", half), half), graph.scalar(0.5))
        w, v = graph.node("Cos", half), graph.node("Mul", turn, scale)
        parts.append(_product(graph, now, w, v))
    graph.node("Concat", *parts, output="targets", axis=1)


def _product(graph: Graph, first: str, w: str, v: str) -> str:
    """Hamilton's product of quaternions `first` [n,4] (wxyz) and (`w` [n,1], `v` [n,3])."""
    a = [graph.slice(first, i, i + 1) for i in range(4)]
    b = [w, *(graph.slice(v, i, i + 1) for i in range(3))]
    rows = []
    for signs, places in _HAMILTON:
        terms = [graph.node("Mul", a[i], b[j]) for i, j in places]
        total = terms[0]
        for sign, term in zip(signs, terms[1:], strict=True):
            total = graph.node("Add" if sign > 0 else "Sub", total, term)
        rows.append(total)
    return graph.node("Concat", *rows, axis=1)


_HAMILTON: tuple[tuple[tuple[int, ...], tuple[tuple[int, int], ...]], ...] = (
    ((-1, -1, -1), ((0, 0), (1, 1), (2, 2), (3, 3))),
    ((1, 1, -1), ((0, 1), (1, 0), (2, 3), (3, 2))),
    ((-1, 1, 1), ((0, 2), (1, 3), (2, 0), (3, 1))),
    ((1, -1, 1), ((0, 3), (1, 2), (2, 1), (3, 0))),
)
"""Of w, x, y, z: the signs of all terms but the first, and which numbers are multiplied."""
