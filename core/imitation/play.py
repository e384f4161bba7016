"""Play a policy that Understudy trained, without Understudy.

    pip install numpy onnxruntime mujoco
    python play.py [--seconds 10] [--view] [--out frames.npy]

It needs the files beside it: policy.onnx (the policy), humanoid.xml (the humanoid, for MuJoCo 4) and play.npz (the
reference motion at 480 Hz and the character's numbers). y is up, metres, quaternions wxyz. A frame has 43 numbers: the
root's position and rotation, then the joints, chest first; `--out` saves them, 30 a second. The policy looks 30 times a
second; the muscles pull to its targets with stable PD and never beyond their torque limits.
"""

import argparse
import time
from pathlib import Path

import mujoco
import numpy as np
import onnxruntime

TICKS_A_STEP = 16  # of 480 Hz, in 1/30 s


def product(a, b):
    """Quaternions a x b, [...,4] wxyz."""
    w, v, u, x = a[..., :1], a[..., 1:], b[..., :1], b[..., 1:]
    real = w * u - (v * x).sum(-1, keepdims=True)
    return np.concatenate([real, w * x + u * v + np.cross(v, x)], -1)


def inverse(q):
    """Of unit quaternions."""
    return q * (1.0, -1.0, -1.0, -1.0)


def rotate(q, v):
    """Vectors v [...,3] turned by q [...,4]."""
    twice = 2 * np.cross(q[..., 1:], v)
    return v + q[..., :1] * twice + np.cross(q[..., 1:], twice)


def rotation_vector(q):
    """[...,3] rad, the shorter way round."""
    sine = np.linalg.norm(q[..., 1:], axis=-1, keepdims=True)
    angle = 2 * np.arctan2(sine, np.abs(q[..., :1]))
    scale = np.where(sine > 1e-9, angle / np.maximum(sine, 1e-12), 2.0)
    return np.where(q[..., :1] < 0, -scale, scale) * q[..., 1:]


class Player:
    """The humanoid, its reference and its policy."""

    def __init__(self, folder: Path):
        self.policy = onnxruntime.InferenceSession(folder / "policy.onnx", providers=["CPUExecutionProvider"])
        self.model = mujoco.MjModel.from_xml_path(str(folder / "humanoid.xml"))
        self.data = mujoco.MjData(self.model)
        self.facts = facts = dict(np.load(folder / "play.npz"))
        self.substeps = round(float(facts["step_hz"]) / 30)
        self.model.opt.timestep = 1 / float(facts["step_hz"])
        self.implicit = facts["kd"] + facts["kp"] * self.model.opt.timestep
        self.share, self.tick = np.ones(28), 0
        frame, velocity = self.reference("frames", 0), facts["velocities"][0]
        self.data.qpos[facts["qpos"]] = frame
        self.data.qvel[facts["dofs"]] = velocity
        self.data.qvel[3:6] = rotate(inverse(frame[3:7]), velocity[3:6])
        self.settle()

    def settle(self):
        """Work out where the bodies are after a step."""
        mujoco.mj_fwdPosition(self.model, self.data)
        mujoco.mj_fwdVelocity(self.model, self.data)

    def reference(self, what, tick):
        """ "frames", "positions" or "targets" of the reference at a tick; a looping one goes on for ever."""
        facts, length = self.facts, len(self.facts["frames"]) - 1
        loop = bool(facts["loop"])
        values = facts[what][tick % length if loop else min(tick, length)].copy()
        if loop and what != "targets":
            away = tick // length * facts["cycle_offset"]
            values[..., :3] += away
        return values

    def frame(self):
        """[43]: where the humanoid is."""
        return self.data.qpos[self.facts["qpos"]]

    def observation(self):
        """[277]: the link features, the phase as sine and cosine, and the way to the reference one step ahead."""
        facts, data, frame = self.facts, self.data, self.frame()
        ahead = self.reference("frames", self.tick + TICKS_A_STEP)
        ahead_positions = self.reference("positions", self.tick + TICKS_A_STEP)
        length = len(facts["frames"]) - 1
        phase = (self.tick % length if facts["loop"] else min(self.tick, length)) / length
        x = rotate(frame[3:7], np.array([1.0, 0.0, 0.0]))
        angle = np.arctan2(-x[2], x[0])
        turn = np.array([np.cos(angle / 2), 0.0, -np.sin(angle / 2), 0.0])  # to where x is ahead
        bodies = facts["bodies"]
        positions, spins = data.xipos[bodies], data.cvel[bodies, :3]
        about = positions - data.subtree_com[bodies[0]]
        speeds = data.cvel[bodies, 3:] + np.cross(spins, about)
        rotations = product(turn, data.xquat[bodies])
        rotations = np.where(rotations[:, :1] < 0, -rotations, rotations)
        links = np.concatenate([rotate(turn, positions - frame[:3]), rotations], 1).ravel()
        motion = np.concatenate([rotate(turn, speeds), rotate(turn, spins)], 1).ravel()
        circle = 2 * np.pi * phase
        way = rotate(turn, ahead[:3] - frame[:3])
        turned = rotate(turn, rotation_vector(product(ahead[3:7], inverse(frame[3:7]))))
        off = rotate(turn, ahead_positions - positions).ravel()
        errors = self.joint_errors(ahead[7:])
        return np.concatenate([[frame[1]], links, motion, [np.sin(circle), np.cos(circle)], way, turned, errors, off])

    def joint_errors(self, wanted):
        """[28] rad: the turn of each joint to `wanted` [36], in the child's axes."""
        facts, joints, errors = self.facts, self.frame()[7:], np.empty(28)
        balls, hinges = facts["balls"], facts["hinges"]
        errors[facts["ball_dofs"]] = rotation_vector(product(inverse(joints[balls]), wanted[balls]))
        errors[facts["hinge_dofs"]] = wanted[hinges] - joints[hinges]
        return errors

    def step(self):
        """1/30 s: the policy looks once, the muscles pull."""
        feed = {
            "observations": self.observation()[None].astype(np.float32),
            "reference_targets": self.reference("targets", self.tick)[None].astype(np.float32),
        }
        targets = self.policy.run(["targets"], feed)[0][0].astype(float)
        for _ in range(self.substeps):
            self.pull(self.facts["kp"] * self.joint_errors(targets))
        self.tick += TICKS_A_STEP
        self.settle()

    def pull(self, force):
        """One simulation step with stable PD. A muscle beyond its limit gets a smaller share of its gain and damping,
        and the step is taken again, until none is."""
        facts, data, limits = self.facts, self.data, self.facts["torque_limits"]
        dofs = facts["dofs"][6:]
        before = data.qpos.copy(), data.qvel.copy(), data.qacc_warmstart.copy()
        for attempt in range(60):
            data.qfrc_applied[dofs] = self.share * force
            self.model.dof_damping[dofs] = self.share * self.implicit
            mujoco.mj_step(self.model, data)
            wanted = force - self.implicit * data.qvel[dofs]
            strength = np.abs(self.share * wanted) / limits
            fitting = np.minimum(1.0, 0.98 * limits / np.maximum(np.abs(wanted), 1e-9))
            wrong = strength > 1
            if attempt < 2:
                wrong |= (self.share < fitting) & (strength < 0.9)
            else:
                fitting = np.where(wrong, 0.8 * np.minimum(self.share, fitting), self.share)
            self.share = fitting
            if not wrong.any():
                return
            data.qpos[:], data.qvel[:], data.qacc_warmstart[:] = before


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--view", action="store_true", help="show it in MuJoCo's viewer")
    parser.add_argument("--out", type=Path, help="save the frames [T,43] here (.npy)")
    options = parser.parse_args()
    player, frames, viewer = Player(Path(__file__).parent), [], None
    if options.view:
        import mujoco.viewer

        viewer = mujoco.viewer.launch_passive(player.model, player.data)
    for _ in range(round(options.seconds * 30)):
        player.step()
        frames.append(player.frame())
        if viewer is not None:
            viewer.sync()
            time.sleep(1 / 30)
    print(f"After {options.seconds:g} s the hips are {frames[-1][1]:.2f} m above the ground.")
    if options.out:
        np.save(options.out, np.array(frames))


if __name__ == "__main__":
    main()
