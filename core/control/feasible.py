"""A reference is made feasible before muscles try it: out of the ground, launched if it starts in the air, and its
impossible parts named. Pure: what was done is told as sentences, not printed."""

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from core.control.assisted import check_reference
from core.control.balance import BalanceSettings, balanced
from core.control.footing import FootingSettings, anchored, level_soles, planted
from core.errors import BadInputError
from core.humanoid.bodies import BODY_NAMES
from core.humanoid.character import JOINTS
from core.humanoid.kinematics import centre_of_mass, forward_kinematics
from core.humanoid.resampling import resample, velocities
from core.humanoid.shapes import lowest_points
from core.motion import HumanoidMotion

Array = np.ndarray

GRAVITY = 9.8


@dataclass(frozen=True)
class FeasibleSettings:
    """What a reference may be.

    `control_hz`: frames are resampled to about this rate (a multiple or a whole part of the motion's own).
    `max_depth_m`, `max_height_m`: a motion that is all the time so deep under the ground or so high above it is
    refused. `slack_m`: depth that is left alone. `smooth_s`: a lift spreads so far in time. `airborne_m`: whose lowest
    point is higher than this at the start is in the air. `joint_speed` rad/s: faster ones are named (a kicking knee
    reaches about 30; a shoulder in a pitch more, about one axis). `root_speed` m/s: beyond it a motion is refused.
    `footing_deg`: feet that stand rolled by more than this are set flat.
    """

    control_hz: float = 30.0
    max_depth_m: float = 0.25
    max_height_m: float = 0.5
    slack_m: float = 0.005
    smooth_s: float = 0.2
    airborne_m: float = 0.05
    joint_speed: float = 40.0
    root_speed: float = 30.0
    footing_deg: float = 15.0
    footing: FootingSettings = field(default_factory=FootingSettings)
    balance: BalanceSettings = field(default_factory=BalanceSettings)


@dataclass(frozen=True)
class Feasible:
    """The `motion` to try, `velocities` [T,34] along it, what was changed or is impossible, as sentences, and the
    motion as it was `given`, at the same rate: what a rollout is measured by."""

    motion: HumanoidMotion
    velocities: Array
    remarks: tuple[str, ...]
    given: HumanoidMotion


def feasible(
    reference: HumanoidMotion, settings: FeasibleSettings | None = None, on_supports: bool = False
) -> Feasible:
    """Make `reference` feasible; `BadInputError` where that is hopeless. `on_supports`: it stands on boxes, so
    height above the ground means nothing."""
    settings = settings or FeasibleSettings()
    check_reference(reference, settings.max_depth_m)
    motion = given = at_control_rate(reference, settings.control_hz)
    remarks: list[str] = []
    if on_supports:
        motion = _lifted(motion, settings, remarks)
    else:
        motion = _lifted(_lowered(motion, settings, remarks), settings, remarks)
        motion = _stood_up(motion, settings, remarks)
    speeds = velocities(motion)
    _check_speeds(motion, speeds, settings, remarks)
    speeds = _launched(motion, speeds, settings, remarks)
    return Feasible(motion, speeds, tuple(remarks), given)


def at_control_rate(motion: HumanoidMotion, control_hz: float) -> HumanoidMotion:
    """The motion at the rate nearest `control_hz` that is a multiple or a whole part of its own: 60 becomes 30, 16
    becomes 32, 25 stays. A part of a step left over at the end is dropped."""
    ratio = motion.fps / control_hz
    rate = motion.fps / round(ratio) if ratio >= 1 else motion.fps * round(1 / ratio)
    if rate == motion.fps:
        return motion
    times = np.arange(int(np.floor((motion.times[-1] - motion.times[0]) * rate + 1e-6)) + 1) / rate
    if len(times) < 2:
        raise BadInputError(f"Physics needs a motion of at least {2 / rate:.2f} s, but this one is shorter.")
    frames, _ = resample(motion, motion.times[0] + times)
    return HumanoidMotion(rate, motion.times[0] + times, frames, motion.loop, motion.scale)


def clearance(frames: Array) -> Array:
    """[T] m: the height of the humanoid's lowest point above y = 0; negative under it."""
    poses = forward_kinematics(frames)
    return lowest_points(poses.positions, poses.rotations).min(axis=1)


def _moved(motion: HumanoidMotion, up: Array | float) -> HumanoidMotion:
    frames = motion.frames.copy()
    frames[:, 1] += up
    return replace(motion, frames=frames)


def _lowered(motion: HumanoidMotion, settings: FeasibleSettings, remarks: list[str]) -> HumanoidMotion:
    """A motion that never touches the ground is set on it, unless it is one single flight."""
    height = float(clearance(motion.frames).min())
    if height > settings.max_height_m:
        raise BadInputError(
            f"The reference motion should touch the ground (y = 0), but stays {height:.2f} m above it. Lower it, or "
            "give the boxes it stands on."
        )
    if height < settings.airborne_m or _is_flight(motion):
        return motion
    remarks.append(f"The reference never touches the ground; it was lowered by {100 * height:.0f} cm.")
    return _moved(motion, -height)


def _is_flight(motion: HumanoidMotion) -> bool:
    """Whether the centre of mass falls freely all the time."""
    if len(motion) < 4:
        return False
    height = centre_of_mass(forward_kinematics(motion.frames).positions)[:, 1]
    acceleration = 2 * np.polyfit(motion.times, height, 2)[0]
    return bool(abs(acceleration + GRAVITY) < 0.3 * GRAVITY)


def _stood_up(motion: HumanoidMotion, settings: FeasibleSettings, remarks: list[str]) -> HumanoidMotion:
    """Feet flat, body and steps in balance, and feet that stand still, where they were not."""
    level, roll = level_soles(motion, settings.footing)
    if roll > settings.footing_deg:
        remarks.append(f"The reference stands on edges of feet; they were turned flat by up to {roll:.0f} degrees.")
        motion = planted(level, settings.footing)
    motion, shift = balanced(motion, settings.balance)
    if shift > 0.1:
        remarks.append(f"The reference is off balance; body and steps were shifted by up to {100 * shift:.0f} cm.")
    if shift or roll > settings.footing_deg:
        motion = _lifted(planted(motion, settings.footing), settings, [])
    motion, slid = anchored(motion, settings.footing)
    if slid > 0.03:
        remarks.append(f"The reference's feet slide where they stand; they were held, by up to {100 * slid:.0f} cm.")
    return motion


def _lifted(motion: HumanoidMotion, settings: FeasibleSettings, remarks: list[str]) -> HumanoidMotion:
    """Lifted out of the ground, no more than needed and smoothly in time.

    The greatest depth within a span, averaged over the same span, is nowhere less than the depth itself.
    """
    depth = np.maximum(-clearance(motion.frames) - settings.slack_m, 0.0)
    if depth.max() == 0:
        return motion
    span = 2 * max(1, round(settings.smooth_s * motion.fps / 2)) + 1
    if depth.max() > 0.03:
        remarks.append(f"The reference goes {100 * depth.max():.0f} cm into the ground; it was lifted out of it.")
    return _moved(motion, uniform_filter1d(maximum_filter1d(depth, span, mode="nearest"), span, mode="nearest"))


def _check_speeds(motion: HumanoidMotion, speeds: Array, settings: FeasibleSettings, remarks: list[str]) -> None:
    fastest = float(np.linalg.norm(speeds[:, :3], axis=1).max())
    if fastest > settings.root_speed:
        raise BadInputError(
            f"The reference motion should be a person's, but its hips move at {fastest:.0f} m/s. Smooth it first."
        )
    for joint in JOINTS:
        per_frame = np.linalg.norm(speeds[:, 6 + joint.dof.start : 6 + joint.dof.stop], axis=1)
        worst = int(per_frame.argmax())
        if per_frame[worst] > settings.joint_speed:
            name = BODY_NAMES[joint.body].replace("_", " ")
            remarks.append(
                f"At {motion.times[worst]:.2f} s the reference turns the {name} at {per_frame[worst]:.0f} rad/s, which "
                "nobody can; physics will not follow there."
            )


def _launched(motion: HumanoidMotion, speeds: Array, settings: FeasibleSettings, remarks: list[str]) -> Array:
    """A start in the air gets the upward speed with which free fall comes down where the reference does."""
    height = clearance(motion.frames)
    if height[0] <= settings.airborne_m:
        return speeds
    landed = np.flatnonzero(height <= settings.airborne_m)
    last = int(landed[0]) if len(landed) else len(height) - 1
    duration = float(motion.times[last] - motion.times[0])
    rise = centre_of_mass(forward_kinematics(motion.frames[[0, last]]).positions)[:, 1]
    launch = float((rise[1] - rise[0]) / duration + GRAVITY * duration / 2)
    if abs(launch - speeds[0, 1]) > 4.0:  # held up by something we do not know: no throw makes up for it
        remarks.append("The reference starts in the air and stays there for longer than a fall; physics will drop it.")
        return speeds
    remarks.append(f"The reference starts in the air; it is launched at {launch:.1f} m/s upwards.")
    result = speeds.copy()
    result[0, 1] = launch
    return result
