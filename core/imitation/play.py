"""Play a policy that Understudy trained, without Understudy.

    pip install numpy onnxruntime mujoco
    python play.py [--seconds 10] [--view] [--out frames.npy] [--seed 0] [--heading DEGREES | --target AHEAD,RIGHT]

It needs the files beside it: policy.onnx (the policy), humanoid.xml (the humanoid, for MuJoCo 4) and play.npz (the
reference motion at 480 Hz and the character's numbers). y is up, metres, quaternions wxyz. A frame has 43 numbers: the
root's position and rotation, then the joints, chest first; `--out` saves them, 30 a second. The policy looks 30 times a
second; the muscles pull to its targets with stable PD and never beyond their torque limits. A policy that
learned a task goes where it is told: --heading 90 is to the left of where it looks at first, --target 3,1 is 3 m ahead
and 1 m to the right of it; without them goals are drawn with --seed and change in time.
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


def to_ahead(q):
    """[4]: the turn about y that takes where a root q looks (its x) to the world's x."""
    x = rotate(q, np.array([1.0, 0.0, 0.0]))
    angle = np.arctan2(-x[2], x[0])
    return np.array([np.cos(angle / 2), 0.0, -np.sin(angle / 2), 0.0])


class Goal:
    """Where to go: a direction ("heading") or a place ("target"), given from where the humanoid begins, or drawn."""

    def __init__(self, task, speed, seed, heading, target, root):
        self.task, self.speed, self.random, self.steps = task, speed, np.random.default_rng(seed), 0
        given = heading if task == "heading" else target
        self.fixed = given is not None
        if task == "heading" and self.fixed:
            angle = np.radians(heading)
            given = np.cos(angle), -np.sin(angle)
        if self.fixed:
            self.where = rotate(inverse(to_ahead(root[3:7])), np.array([given[0], 0.0, given[1]]))
            self.where += 0.0 if task == "heading" else root[:3] * (1.0, 0.0, 1.0)
        else:
            self.draw(root)

    def draw(self, root):
        """A new one, for a few seconds."""
        angle, far = self.random.uniform(-np.pi, np.pi), self.random.uniform(1.0, 5.0)
        self.where = np.array([np.cos(angle), 0.0, -np.sin(angle)])
        if self.task == "target":
            self.where = root[:3] * (1.0, 0.0, 1.0) + far * self.where
        self.steps = round(self.random.uniform(*((2.0, 4.0) if self.task == "heading" else (6.0, 10.0))) * 30)

    def way(self, root):
        """[3]: the way to it, in the world."""
        return self.where if self.task == "heading" else (self.where - root[:3]) * (1.0, 0.0, 1.0)

    def go_on(self, root):
        """After a step: a new one where its time is up or it is reached."""
        self.steps -= 1
        reached = self.task == "target" and np.linalg.norm(self.way(root)) < 0.5
        if not self.fixed and (self.steps <= 0 or reached):
            self.draw(root)


class Player:
    """The humanoid, its reference and its policy."""

    def __init__(self, folder: Path, seed=0, heading=None, target=None):
        self.policy = onnxruntime.InferenceSession(folder / "policy.onnx", providers=["CPUExecutionProvider"])
        self.model = mujoco.MjModel.from_xml_path(str(folder / "humanoid.xml"))
        self.data = mujoco.MjData(self.model)
        self.facts = facts = dict(np.load(folder / "play.npz"))
        self.substeps = round(float(facts["step_hz"]) / 30)
        self.model.opt.timestep = 1 / float(facts["step_hz"])
        self.implicit = facts["kd"] + facts["kp"] * self.model.opt.timestep
        self.share, self.tick = np.ones(28), 0
        self.turn, self.shift = np.array([1.0, 0.0, 0.0, 0.0]), np.zeros(3)  # of the reference, which goes along
        frame, velocity = self.reference("frames", 0), facts["velocities"][0]
        self.data.qpos[facts["qpos"]] = frame
        self.data.qvel[facts["dofs"]] = velocity
        self.data.qvel[3:6] = rotate(inverse(frame[3:7]), velocity[3:6])
        task = str(facts["task"])
        if (heading is not None and task != "heading") or (target is not None and task != "target"):
            raise SystemExit(f"The task of this policy is {task or 'none'}: it does not take this goal.")
        self.goal = Goal(task, float(facts["speed"]), seed, heading, target, frame) if task else None
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
        if what != "targets":
            values[..., :3] = rotate(self.turn, values[..., :3]) + self.shift
        if what == "frames":
            values[3:7] = product(self.turn, values[3:7])
        return values

    def go_along(self):
        """Put the reference where the humanoid is and looks, so that only the goal says where to go."""
        self.turn, self.shift = np.array([1.0, 0.0, 0.0, 0.0]), np.zeros(3)
        plain, now = self.reference("frames", self.tick), self.frame()
        self.turn = product(inverse(to_ahead(now[3:7])), to_ahead(plain[3:7]))
        self.shift = (now[:3] - rotate(self.turn, plain[:3])) * (1.0, 0.0, 1.0)

    def frame(self):
        """[43]: where the humanoid is."""
        return self.data.qpos[self.facts["qpos"]]

    def observation(self):
        """[277]: the link features, the phase as sine and cosine, and the way to the reference one step ahead; with a
        task [280]: the way to the goal ahead and to the right, and the speed."""
        facts, data, frame = self.facts, self.data, self.frame()
        ahead = self.reference("frames", self.tick + TICKS_A_STEP)
        ahead_positions = self.reference("positions", self.tick + TICKS_A_STEP)
        length = len(facts["frames"]) - 1
        phase = (self.tick % length if facts["loop"] else min(self.tick, length)) / length
        turn = to_ahead(frame[3:7])
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
        clock = [np.sin(circle), np.cos(circle)]
        goal = [] if self.goal is None else [*rotate(turn, self.goal.way(frame))[[0, 2]], self.goal.speed]
        return np.concatenate([[frame[1]], links, motion, clock, way, turned, errors, off, goal])

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
        if self.goal is not None:
            self.go_along()
            self.goal.go_on(self.frame())

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


def place(text):
    """(ahead, right) of AHEAD,RIGHT."""
    ahead, right = (float(part) for part in text.split(","))
    return ahead, right


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--view", action="store_true", help="show it in MuJoCo's viewer")
    parser.add_argument("--out", type=Path, help="save the frames [T,43] here (.npy)")
    parser.add_argument("--seed", type=int, default=0, help="of the goals that are drawn")
    parser.add_argument("--heading", type=float, help="degrees to the left of where it looks at first")
    parser.add_argument("--target", type=place, metavar="AHEAD,RIGHT", help="in m; --target=-1,2 goes back")
    options = parser.parse_args()
    player = Player(Path(__file__).parent, options.seed, options.heading, options.target)
    frames, viewer = [], None
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
    if player.goal is not None and player.goal.task == "target":
        print(f"The goal is {np.linalg.norm(player.goal.way(frames[-1])):.2f} m away.")
    if options.out:
        np.save(options.out, np.array(frames))


if __name__ == "__main__":
    main()
