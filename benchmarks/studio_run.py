"""A finished run made for measuring the viewer: its video tells the frame it shows, and so does every body's place."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from core.body import load_body
from core.body.kinematics import body_motion
from core.export.glb import write_glb
from core.jobs.database import make_engine
from core.jobs.home import Home, new_run_id
from core.jobs.migrate import upgrade
from core.jobs.store import RunStore
from core.motion import BodyMotion, Rollout, Track

FPS = 30
SPEED = 0.1
"""m/s along x, from x = 0 on: the pelvis is at SPEED / FPS times the frame."""

BITS, BLOCK, HEIGHT = 12, 80, 544
MOTIONS = {"hmr": "hmr", "motion": "motion", "sampling": "rollouts/sampling"}


def adopt_run(home: Path, seconds: float) -> str:
    """Put the run into an empty home; returns its id."""
    places = Home(home)
    home.mkdir(parents=True, exist_ok=True)
    engine = make_engine(places.database_url)
    upgrade(engine, places.backups)
    run_id = new_run_id()
    _write(places.run(run_id).root, round(seconds * FPS))
    stages = [("clip", "Cut the window", 1.0), ("metrics", "Measure", 1.0)]
    RunStore(engine).adopt(run_id, "A long walk", "walk.mp4", {"physics": "sampling"}, stages)
    engine.dispose()
    return run_id


def _write(run: Path, frames: int) -> None:
    person = run / "person-0"
    (person / "rollouts").mkdir(parents=True)
    _write_video(run / "clip.mp4", frames)
    motion, body = _walk(frames), load_body()
    for name in MOTIONS.values():
        write_glb(person / f"{name}{'-body' if '/' in name else ''}.glb", motion, body)
    motion.save(person / "motion.npz")
    motion.save(person / "hmr.npz")
    size = np.array([BITS * BLOCK, HEIGHT])
    points = np.random.default_rng(0).uniform(0, 500, (frames, 33, 3))
    Track(float(FPS), motion.times, points, np.zeros((frames, 33, 3)), np.zeros((frames, 4)), size).save(
        person / "track.npz"
    )
    _still_rollout(motion.times).save(person / "rollouts" / "sampling.npz")


def _walk(frames: int) -> BodyMotion:
    t = np.arange(frames) / FPS
    poses = np.zeros((frames, 24, 3))
    swing = 0.5 * np.sin(2 * np.pi * t / 1.1)
    poses[:, 1, 0], poses[:, 2, 0], poses[:, 16, 2], poses[:, 17, 2] = swing, -swing, -1.1, 1.1
    trans = np.stack([SPEED * t, np.full(frames, 0.95), np.zeros(frames)], axis=1)
    return body_motion(load_body(), float(FPS), t, poses.reshape(frames, 72), np.zeros(10), trans)


def _still_rollout(times: np.ndarray) -> Rollout:
    shapes = {"body_positions": (15, 3), "body_rotations": (15, 4), "actions": (36,), "joint_torques": (28,)}
    shapes |= {"contact_forces": (15, 3), "residual_wrench": (6,), "reward_terms": (1,)}
    arrays: dict[str, Any] = {name: np.zeros((len(times), *shape)) for name, shape in shapes.items()}
    arrays["body_rotations"][..., 0] = 1
    return Rollout(float(FPS), times, **arrays, reward_names=("pose",), engine="none", tracker="none")


def _write_video(path: Path, frames: int) -> None:
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = BITS * BLOCK, HEIGHT, "yuv420p"
        stream.options = {"crf": "28", "preset": "ultrafast", "g": "1", "bf": "0"}  # all-intra, as clips are
        stream.time_base = stream.codec_context.time_base = Fraction(1, FPS)
        for i in range(frames):
            bits = (i >> np.arange(BITS) & 1).astype(np.uint8) * 255
            picture = np.broadcast_to(np.repeat(bits, BLOCK)[None, :, None], (HEIGHT, BITS * BLOCK, 3))
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts = i
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
