"""Policies that were learned here: a policy.onnx, or a folder that holds one.

The file has one input `observations` [n,277] float32, raw as `core.imitation.observations.observe` gives them (with a
task [n,280]: then what `core.imitation.goals.Goals.seen` gives), and one
output `offsets` [n,28] float32 in radians: what each degree of freedom of the reference's targets is turned on by
(normalisation of observations, clipping and scaling of actions are inside the file). It may have a second input
`reference_targets` [n,36] and a second output `targets` [n,36], the reference's targets turned on, for those who have
no use for offsets (`core.imitation.policy_bundle` writes both). Its metadata (ONNX's
`metadata_props`, text) say how it was learned: `understudy_policy` = "1", `engine`, `step_hz`, `lead_s`, `ahead_s`, and
`name` if it has one; with a task also `task`, `task_weight` and `speed`; `assist` where it had help to the end.
"""

from pathlib import Path

import numpy as np

from core.errors import BadInputError
from core.humanoid.actions import turned
from core.imitation.goals import GOAL_SIZE, TASKS
from core.imitation.observations import OBSERVATION_SIZE, observe
from core.imitation.policy import Conventions, Seen

Array = np.ndarray

VERSION = "1"
VERSION_KEY = "understudy_policy"
INPUT, REFERENCE, OUTPUT = "observations", "reference_targets", "offsets"


class OnnxPolicy:
    """A policy whose network is an ONNX file; see the module's docstring for what it holds."""

    def __init__(self, path: Path) -> None:
        """Raises `BadInputError` where `path` (a file, or a folder with policy.onnx) is no such policy."""
        import onnxruntime

        file = _file_of(Path(path))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # small, and the same bits everywhere
        try:
            self._session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime has its own error for every kind of damage
            raise BadInputError(f"{file.name} should be a policy as ONNX, but cannot be read: {error}") from error
        facts = dict(self._session.get_modelmeta().custom_metadata_map)
        self.conventions = _conventions(file, facts)
        _check(file, facts, self._session, self.conventions.task)
        self._inputs = [each.name for each in self._session.get_inputs()]
        self.name = facts.get("name") or file.parent.name

    def targets(self, seen: Seen) -> Array:
        """See `Policy`."""
        observations = observe(seen.now, seen.ahead, seen.phase)
        if seen.goal is not None:
            observations = np.concatenate([observations, seen.goal], axis=1)
        return turned(seen.reference_targets, self.offsets(observations, seen.reference_targets))

    def offsets(self, observations: Array, reference_targets: Array | None = None) -> Array:
        """[n,28] rad: what the reference's targets are turned on by, for raw `observations`; they do not depend on
        `reference_targets` [n,36], which some files want nevertheless."""
        if reference_targets is None:
            reference_targets = np.zeros((len(observations), 36))
        feed = {INPUT: observations.astype(np.float32), REFERENCE: reference_targets.astype(np.float32)}
        (offsets,) = self._session.run([OUTPUT], {name: feed[name] for name in self._inputs})
        return offsets.astype(float)


def _file_of(path: Path) -> Path:
    file = path / "policy.onnx" if path.is_dir() else path
    if file.suffix == ".zip":
        raise BadInputError(
            f"A policy should be a policy.onnx, but {file.name} is a zip of stable-baselines3, which can run code when "
            "it is opened. Take the policy.onnx of the same bundle."
        )
    if not file.is_file():
        raise BadInputError(f"A policy should be a policy.onnx or a folder that holds one, but {file} does not exist.")
    return file


def _check(file: Path, facts: dict[str, str], session, task: str) -> None:
    if facts.get(VERSION_KEY) != VERSION:
        raise BadInputError(
            f"{file.name} should be a policy of this humanoid, learned here (metadata {VERSION_KEY} = {VERSION}), but "
            "is not. Export it again with this version."
        )
    inputs = {each.name: each.shape[-1] for each in session.get_inputs()}
    outputs = {each.name: each.shape[-1] for each in session.get_outputs()}
    size = OBSERVATION_SIZE + (GOAL_SIZE if task else 0)
    wanted = {INPUT: size, REFERENCE: 36}
    if INPUT not in inputs or not inputs.items() <= wanted.items() or outputs.get(OUTPUT) != 28:
        raise BadInputError(
            f"{file.name} should turn {INPUT} [n,{size}] into {OUTPUT} [n,28], but has inputs {inputs} and "
            f"outputs {outputs}."
        )


def _conventions(file: Path, facts: dict[str, str]) -> Conventions:
    try:
        engine = facts["engine"]
        step_hz, lead_s, ahead_s = (float(facts[key]) for key in ("step_hz", "lead_s", "ahead_s"))
    except (KeyError, ValueError) as error:
        raise BadInputError(
            f"{file.name} should say in its metadata engine, step_hz, lead_s and ahead_s, but does not: {error}."
        ) from error
    if engine not in ("bullet", "mujoco") or not step_hz > 0 or not np.isfinite([step_hz, lead_s, ahead_s]).all():
        raise BadInputError(f"{file.name}: engine {engine!r} at {step_hz:g} steps a second is not to be had.")
    task, (weight, speed, assist) = facts.get("task", ""), _numbers(file, facts, "task_weight", "speed", "assist")
    if task not in ("", *TASKS) or (task and not speed > 0):
        raise BadInputError(f"{file.name}: the task should be {' or '.join(TASKS)}, with a speed, but is {task!r}.")
    return Conventions(engine, step_hz, lead_s, ahead_s, task=task, task_weight=weight, speed=speed, assist=assist)


def _numbers(file: Path, facts: dict[str, str], *names: str) -> list[float]:
    """What the metadata say of `names`, 0 where they say nothing."""
    try:
        found = [float(facts.get(name, 0.0)) for name in names]
    except ValueError as error:
        raise BadInputError(
            f"{file.name} should hold numbers as {', '.join(names)} in its metadata: {error}."
        ) from None
    if not np.isfinite(found).all():
        raise BadInputError(f"{file.name} should hold finite numbers as {', '.join(names)} in its metadata.")
    return found
