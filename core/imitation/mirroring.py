"""The humanoid in the mirror of its own x-y plane (x ahead, y up): z changes its sign, left and right change places.

Positions and velocities (x, y, z) -> (x, y, -z); rotation vectors and angular velocities -> (-x, -y, z); quaternions
(w, x, y, z) -> (w, -x, -y, z); a hinge turns about z and keeps its angle. Since body axes are parallel in the rest
pose, this holds in the world, in the frame of the heading and in each body's own axes alike.
"""

import numpy as np

from core.errors import BadInputError
from core.humanoid.bodies import BODY_NAMES
from core.humanoid.character import JOINTS, SPHERICAL
from core.imitation.observations import LINK_FEATURES, OBSERVATION_SIZE, heading
from core.imitation.reference import TICK_HZ, Kinematics, ReferenceTable
from core.motion import HumanoidMotion
from core.physics.rotations import rotate

Array = np.ndarray

MOST_OFF_M = 0.05
"""A reference may be so far off its own mirror image. Of DeepMimic's clips walk (0.01) and run (0.03) are less far off;
next come jump (0.11) and dance_b (0.12)."""

_LATER = TICK_HZ // 2
"""Ticks: where bodies will be then is compared, too, which tells straight ways from curves and from sideways ones."""

_WAY = np.array((1.0, 1.0, -1.0))
_TURN = np.array((-1.0, -1.0, 1.0))
_QUATERNION = np.array((1.0, -1.0, -1.0, 1.0))


def _other_side(name: str) -> str:
    side, _, part = name.partition("_")
    return {"left": f"right_{part}", "right": f"left_{part}"}.get(side, name)


BODIES = np.array([BODY_NAMES.index(_other_side(name)) for name in BODY_NAMES])
"""[15]: the body on the other side; of those in the middle themselves."""

_DOFS_OF = {j.body: np.arange(j.dof.start, j.dof.stop) for j in JOINTS}
ACTION_ORDER = np.concatenate([_DOFS_OF[int(BODIES[j.body])] for j in JOINTS])
ACTION_SIGNS = np.concatenate([_TURN if j.kind == SPHERICAL else np.ones(1) for j in JOINTS])
"""[28]: of what each degree of freedom becomes, the index and the sign; also of joint velocities and joint errors."""


def _observation_map() -> tuple[Array, Array]:
    """Two times [277]: index and sign of what each number of an observation becomes (see `observations.observe`)."""

    def of_bodies(signs: Array) -> tuple[Array, Array]:
        order = BODIES[:, None] * len(signs) + np.arange(len(signs))
        return order.ravel(), np.tile(signs, len(BODIES))

    def as_it_is(signs: Array) -> tuple[Array, Array]:
        return np.arange(len(signs)), signs

    parts = (
        as_it_is(np.ones(1)),  # the root's height
        of_bodies(np.concatenate([_WAY, _QUATERNION])),
        of_bodies(np.concatenate([_WAY, _TURN])),  # velocities
        as_it_is(np.ones(2)),  # sine and cosine of the phase
        as_it_is(np.concatenate([_WAY, _TURN])),  # the root's way to the reference
        (ACTION_ORDER, ACTION_SIGNS),  # joint errors
        of_bodies(_WAY),  # body position errors
    )
    begins = np.cumsum([0, *(len(order) for order, _ in parts)])
    assert begins[-1] == OBSERVATION_SIZE
    orders = [begin + order for begin, (order, _) in zip(begins, parts, strict=False)]
    return np.concatenate(orders), np.concatenate([signs for _, signs in parts])


OBSERVATION_ORDER, OBSERVATION_SIGNS = _observation_map()
HALF_CYCLE_SIGNS = OBSERVATION_SIGNS.copy()
HALF_CYCLE_SIGNS[LINK_FEATURES : LINK_FEATURES + 2] = -1.0
"""[277]: the signs where the reference is half a cycle further on, which turns sine and cosine of the phase round."""
_PHASE = LINK_FEATURES
"""Where sine and cosine of the phase are; the link features come before."""


def mirrored_actions(actions: Array) -> Array:
    """[...,28]: what the humanoid in the mirror does when ours does `actions` [...,28]."""
    return actions[..., ACTION_ORDER] * ACTION_SIGNS.astype(actions.dtype)


def mirrored_observations(observations: Array, shift: float) -> Array:
    """[...,277]: what the humanoid in the mirror sees when ours sees `observations` [...,277], and its reference is
    `shift` cycles further on."""
    result = observations[..., OBSERVATION_ORDER] * OBSERVATION_SIGNS.astype(observations.dtype)
    sine, cosine = observations[..., _PHASE], observations[..., _PHASE + 1]
    s, c = np.sin(2 * np.pi * shift), np.cos(2 * np.pi * shift)
    result[..., _PHASE], result[..., _PHASE + 1] = sine * c + cosine * s, cosine * c - sine * s
    return result


def phase_shift(reference: ReferenceTable) -> tuple[float, float]:
    """The part of a cycle, 0 to 1, after which a looping `reference` is most nearly its own mirror image, and how far
    off it is then (m, root mean square over the cycle and the bodies).

    Bodies are compared as seen from the root, now and half a second later. |Mp(t) - p(t + s)|^2 for all shifts s at
    once: squares less twice the circular correlation, by FFT.
    """
    ticks = np.arange(reference.length)
    now = reference.at(ticks)
    seen = np.concatenate([_seen_from(now, now), _seen_from(now, reference.at(ticks + _LATER))], axis=1)
    mirrored = seen[:, np.concatenate([BODIES, len(BODIES) + BODIES])] * _WAY
    ours, theirs = (np.fft.rfft(each.reshape(len(ticks), -1), axis=0) for each in (seen, mirrored))
    correlation = np.fft.irfft((theirs.conj() * ours).sum(axis=1), n=len(ticks))
    squares = 2 * ((seen * seen).sum() - correlation) / (len(ticks) * seen.shape[1])
    best = int(squares.argmin())
    return best / len(ticks), float(np.sqrt(max(0.0, squares[best])))


def shift_of_symmetric(reference: HumanoidMotion) -> float:
    """`phase_shift` of `reference`; `BadInputError` unless it loops and is nearly its own mirror image."""
    if not reference.loop:
        raise BadInputError(
            "The mirror wants a motion that loops, but this one ends. Leave out --mirrored or --half-cycle."
        )
    shift, off = phase_shift(ReferenceTable(reference))
    if off > MOST_OFF_M:
        raise BadInputError(
            f"The mirror wants a motion that is its own mirror image some part of a cycle later, to within "
            f"{100 * MOST_OFF_M:.0f} cm, but this one is {100 * off:.0f} cm off. Leave out --mirrored or "
            "--half-cycle."
        )
    return shift


def _seen_from(root: Kinematics, bodies: Kinematics) -> Array:
    """[n,15,3] m: body positions from the ground under the root, x where it looks."""
    ground = root.frames[:, None, :3] * (1.0, 0.0, 1.0)
    return rotate(heading(root.frames[:, 3:7])[:, None], bodies.positions - ground)
