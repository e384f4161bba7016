"""A run made for tests and a small server that offers it to the viewer by the routes of the real one."""

import copy
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gradio
import numpy as np
import uvicorn
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from support.videos import write_numbered_video

from core.body import load_body
from core.body.kinematics import body_motion
from core.export.glb import write_glb
from core.keypoints.skeletons import BLAZEPOSE_EDGES
from core.motion import BodyMotion

VIEWER = Path(__file__).resolve().parents[2] / "static" / "viewer"
FONTS = Path(gradio.__file__).parent / "templates" / "frontend" / "static" / "fonts"
FPS, FRAMES, WIDTH, HEIGHT = 24, 36, 160, 96
# Stricter than the site's own: scripts from here, the import map inline, nothing evaluated.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self' blob: data:; img-src 'self' data: blob:; frame-ancestors 'self'"
)
STAGES = ("clip", "keypoints", "mesh_recovery", "reconstruction", "retarget", "physics", "metrics")
FIGURES = {
    "hmr": {"keypoint_error_px": 4.2, "jitter": 60.0, "acceleration": 9.0, "foot_slide_cm_s": 40.0, "fs_percent": 0.0},
    "motion": {"keypoint_error_px": 6.0, "jitter": 5.0, "acceleration": 3.0, "foot_slide_cm_s": 8.0, "fs_percent": 2.5},
    "assisted": {
        "keypoint_error_px": None,
        "jitter": 6.0,
        "acceleration": 4.0,
        "foot_slide_cm_s": 8.0,
        "fs_percent": 0.0,
    }
    | {"return": 0.9, "residual_force_n": 88.2},
}


def walking(aside: float = 0.0, frames: int = FRAMES) -> BodyMotion:
    """A body that goes 1.5 m along x, knees and arms swinging, `aside` metres off its way."""
    t = np.arange(frames) / FPS
    poses = np.zeros((frames, 24, 3))
    poses[:, 0, 1] = np.pi / 2
    swing = 0.6 * np.sin(2 * np.pi * t / 1.2)
    poses[:, 1, 0], poses[:, 2, 0] = swing, -swing
    poses[:, 4, 0], poses[:, 5, 0] = np.clip(-swing, 0, None), np.clip(swing, 0, None)
    poses[:, 16, 2], poses[:, 17, 2] = -1.1, 1.1
    trans = np.stack([t - 0.75, np.full(frames, 0.95), np.full(frames, aside)], axis=1)
    return body_motion(load_body(), FPS, t, poses.reshape(frames, 72), np.zeros(10), trans)


def make_run(folder: Path) -> dict[str, BodyMotion]:
    """Write clip and GLBs of two people; returns what person 0's motions are."""
    motions = {"hmr": walking(0.05), "motion": walking(), "assisted": walking(-0.2)}
    write_numbered_video(folder / "clip.mp4", FRAMES, FPS)
    for person in (0, 1):
        (folder / f"person-{person}" / "rollouts").mkdir(parents=True)
        for name, motion in motions.items():
            write_glb(folder / motion_path(person, name), motion, load_body(), (0.4, 0.6, 0.8))
    write_numbered_video(folder / "picture.mp4", 1, FPS)
    write_glb(folder / "picture.glb", walking(frames=1), load_body(), (0.4, 0.6, 0.8))
    (folder / "broken.glb").write_bytes(b"glTF, but not much of it")
    return motions


def motion_path(person: int, name: str) -> str:
    return f"person-{person}/" + ("rollouts/assisted-body.glb" if name == "assisted" else f"{name}.glb")


def track() -> dict[str, Any]:
    """Keypoints that cross the picture from left to right."""
    spread = np.random.default_rng(0).uniform(-15, 15, (33, 2))
    frames = [[[20 + 3 * i + x, 48 + y, 0.9] for x, y in spread] for i in range(FRAMES)]
    return {
        "fps": FPS,
        "width": WIDTH,
        "height": HEIGHT,
        "keypoints": frames,
        "edges": [list(edge) for edge in BLAZEPOSE_EDGES],
    }


def series() -> dict[str, Any]:
    """Motions by frame: the left heel stands in even frames, the hand pulls up with the frame's number in newtons.

    The camera stands 4 m in front of the origin and looks along -z.
    """
    frames = np.arange(FRAMES)

    def told(curves: dict[str, list[float | None]], **more: Any) -> dict[str, Any]:
        feet = {"foot_height": (frames / 10).tolist(), "foot_slide": [None, *[2.0] * (FRAMES - 1)]}
        return {"fps": FPS, "curves": feet | curves, "contacts": ((frames + 1) % 2).tolist()} | more

    pull = {"reward": [0.5] * FRAMES, "force": frames.astype(float).tolist()}
    held = told(pull, force=[[0.0, float(newtons), 0.0] for newtons in frames])
    pose = [[1.0, 0.0, 0.0, 0.0], [0.0, -1.0, 0.0, 1.0], [0.0, 0.0, -1.0, 4.0], [0.0, 0.0, 0.0, 1.0]]
    intrinsics = [[150.0, 0.0, WIDTH / 2], [0.0, 150.0, HEIGHT / 2], [0.0, 0.0, 1.0]]
    camera = {"intrinsics": intrinsics, "camera_in_world": [pose]}
    return {"motions": {"hmr": told({}), "motion": told({}), "assisted": held}, "camera": camera}


def run_json(run: str, motions: tuple[str, ...] = ("hmr", "motion", "assisted"), people: int = 1) -> dict[str, Any]:
    """A finished run; tests change what they want otherwise."""

    def url(path: str) -> str:
        return f"/api/runs/{run}/files/{path}"

    def person(index: int) -> dict[str, Any]:
        shown = [{"name": n, "title": n, "url": url(motion_path(index, n)), "offset_s": 0} for n in motions]
        urls = {f"{name}_url": f"/api/runs/{run}/people/{index}/{name}.json" for name in ("track", "series")}
        return {"index": index, "motions": shown} | urls

    return {
        "id": run,
        "name": "a walk",
        "state": "done",
        "error": None,
        "created": "2026-01-01T00:00:00Z",
        "stages": [
            {"name": n, "title": n.capitalize(), "state": "done", "fraction": 1.0, "message": "", "seconds": 1.5}
            for n in STAGES
        ],
        "clip": {"url": url("clip.mp4"), "fps": FPS, "frames": FRAMES, "width": WIDTH, "height": HEIGHT},
        "people": [person(index) for index in range(people)],
        "metrics": {"0": copy.deepcopy(FIGURES)},
        "artifacts": [{"path": "person-0/hmr.glb", "url": url("person-0/hmr.glb"), "bytes": 1_234_567}],
    }


@dataclass
class Stub:
    """The server's address and the runs that it answers with; tests put theirs into `runs`."""

    folder: Path
    motions: dict[str, BodyMotion]
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    again: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """What the page asked to be run again: run and changes."""
    address: str = ""
    seen: int = 0
    """Frames in which people were found by now, of runs that are at that stage."""

    def url(self, run: str, query: str = "") -> str:
        return f"{self.address}/viewer/index.html?run={run}{query}"

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.middleware("http")
        async def add_policy(request: Request, call_next: Any) -> Response:
            response: Response = await call_next(request)
            response.headers["content-security-policy"] = POLICY
            return response

        @app.get("/api/runs/{run}")
        def get_run(run: str) -> dict[str, Any]:
            if run not in self.runs:
                raise HTTPException(404)
            return self.runs[run]

        @app.get("/api/runs/{run}/files/{path:path}")
        def get_file(run: str, path: str) -> FileResponse:
            if not (self.folder / path).is_file():
                raise HTTPException(404)
            return FileResponse(self.folder / path)

        @app.get("/api/runs/{run}/people/{person}/track.json")
        def get_track(run: str, person: int) -> dict[str, Any]:
            return track()

        @app.get("/api/runs/{run}/seen.json")
        def get_sightings(run: str, first: int) -> dict[str, Any]:
            told = track()
            frames = [[points] for points in told["keypoints"][first : self.seen]]
            return {"first": first, "edges": told["edges"], "frames": frames}

        @app.get("/api/runs/{run}/people/{person}/series.json")
        def get_series(run: str, person: int) -> dict[str, Any]:
            return series()

        @app.get("/api/runs/{run}/people/{person}/exports/{motion}")
        def get_export(run: str, person: int, motion: str, format: str) -> Response:
            if format == "usd":
                return JSONResponse({"error": "Writing USD needs usd-core, which is not installed."}, 400)
            name = f'attachment; filename="{run} {motion}.{format}"'
            return Response(f"{person} {motion} {format}", headers={"content-disposition": name})

        @app.get("/api/runs")
        def list_runs(search: str = "") -> dict[str, Any]:
            keys = ("id", "name", "state", "created")
            found = [run for run in self.runs.values() if search.lower() in run["name"]]
            return {"runs": [{key: run[key] for key in keys} for run in found]}

        @app.post("/api/runs/{run}/again", status_code=201)
        def start_again(run: str, changes: dict[str, Any]) -> dict[str, str]:
            self.again.append((run, changes))
            return {"id": "walk"}

        @app.get("/")
        def first_page() -> Response:
            return Response("<!doctype html><title>The site</title><link rel=icon href=data:>", media_type="text/html")

        app.mount("/viewer", StaticFiles(directory=VIEWER, html=True))
        app.mount("/static/fonts", StaticFiles(directory=FONTS))
        return app


class ServerThread:
    """Serves an application on a free port of this machine until it is stopped."""

    def __init__(self, app: FastAPI) -> None:
        self.server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    def start(self) -> str:
        """Serve; returns the address once it answers."""
        self.thread.start()
        while not self.server.started:
            if not self.thread.is_alive():
                raise RuntimeError("The stub server did not start.")
            self.thread.join(0.02)
        return f"http://127.0.0.1:{self.server.servers[0].sockets[0].getsockname()[1]}"

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(10)
