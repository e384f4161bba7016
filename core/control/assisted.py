"""From a reference to a rollout in seconds: the root is led by hand, the muscles do the rest.

The root follows the reference exactly, by a constraint inside the solver (`core.physics.root_drive`); the joints pull
with DeepMimic's gains and torque limits; ground, contacts and self-collision are real. What the hand had to add is
recorded as `Rollout.residual_wrench`: a motion that a body could do alone needs little of it.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from core.control.recording import Recorder
from core.errors import BadInputError
from core.humanoid.character import JOINTS, QUATERNIONS, SPHERICAL
from core.humanoid.kinematics import lowest_foot
from core.humanoid.resampling import resample, velocities
from core.motion import HumanoidMotion, Rollout
from core.physics.bullet import BulletHumanoid, BulletSettings, to_xyzw
from core.physics.root_drive import RootDrive
from core.physics.stable_pd import StablePD
from core.progress import Progress, silent

Array = np.ndarray


@dataclass(frozen=True)
class AssistedSettings:
    """How the assisted preview is made.

    `step_hz`: at least so many simulation steps a second. `lead_s`: PD targets lead the reference by this times its
    velocity; kd/kp = 0.1 s cancels the damping, which acts on the whole velocity. `max_force`:
    limit of each component of the hand's wrench, N and N m. `max_depth_m`: a reference whose feet are deeper under the
    ground than this all the time is refused.
    """

    step_hz: int = 480
    lead_s: float = 0.1
    max_force: float = 20_000.0
    max_depth_m: float = 0.25


def assisted(
    reference: HumanoidMotion, settings: AssistedSettings | None = None, progress: Progress = silent
) -> Rollout:
    """Perform `reference` once under physics with a led root; the rollout has the reference's frames.

    Body poses and actions are those at each frame; torques, contact forces and residual wrench the mean over the steps
    within half a frame around it. Raises `BadInputError` for a reference
    that has fewer than two frames, holds NaN, lies under the ground, or is too wild to simulate.
    """
    settings = settings or AssistedSettings()
    check_reference(reference, settings.max_depth_m)
    per_frame = max(1, int(np.ceil(settings.step_hz / reference.fps)))
    step_hz = reference.fps * per_frame
    steps = (len(reference) - 1) * per_frame
    frames, speeds = resample(reference, reference.times[0] + np.arange(steps + 1) / step_hz)
    targets = lead(frames, speeds, settings.lead_s)
    pybullet_targets = to_xyzw(targets)
    with BulletHumanoid(BulletSettings(step_hz=step_hz)) as world:
        world.set_state(frames[0], speeds[0])
        drive = RootDrive(world, settings.max_force)
        muscles = StablePD(world, held_root=True, refresh=4)
        recorder = Recorder(world, len(reference), per_frame)
        for step in range(steps):
            if step % per_frame == 0:
                recorder.frame(targets[step])
                progress(step / steps, "Performing under physics")
            torques = muscles.torques(pybullet_targets[step])
            world.pull(torques)
            drive.aim(frames[step + 1, :3], frames[step + 1, 3:7])
            world.step()
            recorder.step(torques, drive.wrench())
        recorder.frame(targets[steps])
    progress(1.0, "Performed under physics")
    return recorder.rollout(reference, velocities(reference), tracker="assisted")


def lead(frames: Array, speeds: Array, lead_s: float) -> Array:
    """PD targets [N,43]: each joint of `frames` [N,43] turned on by `lead_s` times its velocity in `speeds` [N,34]."""
    targets = frames.copy()
    for joint in JOINTS:
        ahead = lead_s * speeds[:, 6 + joint.dof.start : 6 + joint.dof.stop]
        if joint.kind == SPHERICAL:
            now = Rotation.from_quat(frames[:, joint.frame], scalar_first=True)
            targets[:, joint.frame] = (now * Rotation.from_rotvec(ahead)).as_quat(canonical=True, scalar_first=True)
        else:
            targets[:, joint.frame] += ahead
    return targets


def check_reference(reference: HumanoidMotion, max_depth_m: float) -> None:
    """Raise `BadInputError` unless the reference can be simulated at all."""
    if len(reference) < 2:
        raise BadInputError(
            f"Physics needs a motion of at least two frames, but this one has {len(reference)}. "
            "A single picture has no motion to perform."
        )
    if not np.isfinite(reference.frames).all() or not np.isfinite(reference.times).all():
        raise BadInputError("The reference motion should hold finite numbers only, but has NaN or infinity in it.")
    norms = [np.linalg.norm(reference.frames[:, place], axis=1) for place in QUATERNIONS]
    if np.abs(np.array(norms) - 1).max() > 0.1:
        raise BadInputError("The reference motion's rotations should be unit quaternions (wxyz), but are not.")
    if not reference.fps > 0 or not np.allclose(np.diff(reference.times), 1.0 / reference.fps, rtol=1e-2):
        raise BadInputError("The reference motion's frames should be 1/fps apart, but are not. Resample it first.")
    depth = -float(lowest_foot(reference.frames).max())
    if depth > max_depth_m:
        raise BadInputError(
            f"The reference motion's feet should touch the ground (y = 0), but are {depth:.2f} m under it in every "
            "frame. Lift it first."
        )
