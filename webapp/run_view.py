"""A run as the viewer reads it: what the store knows and what lies in the run's folder, as plain JSON."""

from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from core.errors import BadInputError, RunNotFoundError
from core.export.formats import FORMATS
from core.jobs.home import Home
from core.jobs.records import RunRecord
from core.keypoints.skeletons import BLAZEPOSE_EDGES
from core.motion import BodyMotion, Track
from core.run_figures import read_figures
from core.run_folder import RunFolder, read_json
from core.video.window import load_clip
from webapp.rollout_view import physics_of

CLIP_FACTS = ("fps", "frames", "width", "height")
MOTIONS = {
    "hmr": ("Recovered mesh", "hmr.glb", "hmr.npz"),
    "motion": ("Reconstructed motion", "motion.glb", "motion.npz"),
    "assisted": ("Under physics (assisted)", "rollouts/assisted-body.glb", "rollouts/assisted.npz"),
    "sampling": ("Under physics (sampling, unassisted)", "rollouts/sampling-body.glb", "rollouts/sampling.npz"),
}
"""Name -> title, the file to show, the file to download, relative to the person's folder; in the order of the page."""


def run_view(run: RunRecord, home: Home) -> dict[str, Any]:
    """The run for GET /api/runs/{id}. Addresses are relative to the site's root."""
    folder = home.run(run.id)
    return {
        "id": run.id,
        "name": run.name,
        "state": run.state,
        "ahead": run.ahead,
        "error": run.error,
        "created": run.created.isoformat(),
        "settings": run.settings,
        "stages": [
            {
                "name": stage.name,
                "title": stage.title,
                "state": stage.state,
                "fraction": stage.fraction,
                "message": stage.message,
                "seconds": stage.seconds,
                "left_s": stage.left_s,
            }
            for stage in run.stages
        ],
        "clip": _clip(run.id, folder),
        "notices": _notices(folder),
        "found": _found(run.id, folder),
        "formats": [{"name": name, "for_whom": each.for_whom} for name, each in FORMATS.items()],
        "people": [_person(run, folder, n) for n in folder.people()],
        "metrics": read_figures(folder) or None,
        "artifacts": [
            {
                "path": path.as_posix(),
                "url": artifact_url(run.id, path.as_posix()),
                "bytes": (folder.root / path).stat().st_size,
            }
            for path in folder.artifacts()
        ],
    }


def track_view(folder: RunFolder, person: int) -> dict[str, Any]:
    """A person's keypoints for the overlay: [x px, y px, visibility] by frame and landmark, and the lines to draw."""
    track = Track.load(folder.person(person) / "track.npz")
    return {
        "fps": track.fps,
        "width": int(track.image_size[0]),
        "height": int(track.image_size[1]),
        "keypoints": track.keypoints.round(2).tolist(),
        "edges": [list(edge) for edge in BLAZEPOSE_EDGES],
    }


def motion_file(person: Path, name: str) -> Path:
    """The file of a person's motion, by its name in the view; `RunNotFoundError` where there is none (yet)."""
    path = person / _motions(person)[name][2] if name in _motions(person) else None
    if path is None or not path.is_file():
        raise RunNotFoundError("The run has no such motion, or not yet.")
    return path


def artifact_url(run_id: str, path: str) -> str:
    """The address of a file of a run."""
    return f"/api/runs/{run_id}/files/{quote(path)}"


def _clip(run_id: str, folder: RunFolder) -> dict[str, Any] | None:
    try:
        facts = _clip_facts(folder.clip, folder.clip.stat().st_mtime_ns)
    except (FileNotFoundError, BadInputError):
        return _deleted_clip(folder)
    return {"url": artifact_url(run_id, "clip.mp4")} | facts


def _deleted_clip(folder: RunFolder) -> dict[str, Any] | None:
    """What is still known of a clip that was deleted with the footage: its size and rate, and no address."""
    facts = read_json(folder.record).get("footage", {})
    return {"url": None} | {key: facts[key] for key in CLIP_FACTS} if set(CLIP_FACTS) <= set(facts) else None


@lru_cache(maxsize=256)
def _clip_facts(path: Path, modified: int) -> dict[str, Any]:
    clip = load_clip(path)
    return {"fps": clip.fps, "frames": len(clip), "width": clip.width, "height": clip.height}


def _found(run_id: str, folder: RunFolder) -> list[dict[str, Any]]:
    """Everybody in the clip, to choose by: number, thumbnail, in how many frames, and whether this run is of them."""
    chosen = folder.people()
    return [
        {
            "number": each["number"],
            "thumbnail_url": artifact_url(run_id, each["thumbnail"]),
            "frames": each["frames"],
            "chosen": each["number"] in chosen,
        }
        for each in read_json(folder.people_record).get("people", [])
        if "thumbnail" in each and folder.thumbnail(each["number"]).is_file()
    ]


def _notices(folder: RunFolder) -> list[str]:
    """What the stages wanted to be known, each sentence once."""
    told = read_json(folder.record).get("notices", {}).values()
    return list(dict.fromkeys(text for texts in told for text in texts))


def _person(run: RunRecord, folder: RunFolder, n: int) -> dict[str, Any]:
    root = folder.person(n)
    at_work = {stage.name for stage in run.stages if stage.state == "running"}
    motions = []
    for name, (title, shown, data) in _motions(root).items():
        if (root / shown).is_file():
            there = (root / data).is_file()
            motions.append(
                {
                    "name": name,
                    "title": title,
                    "url": artifact_url(run.id, f"{root.name}/{shown}"),
                    "humanoid_url": _humanoid_url(run.id, root / shown),
                    "npz_url": artifact_url(run.id, f"{root.name}/{data}") if there else None,
                    "export_url": f"/api/runs/{run.id}/people/{n}/exports/{name}" if there else None,
                    "offset_s": 0,
                    "written": int(1000 * (root / shown).stat().st_mtime),
                    "physics": physics_of(root / data) if there and data.startswith("rollouts/") else None,
                    "improving": name in at_work,
                }
            )
    return {
        "index": n,
        "track_url": f"/api/runs/{run.id}/people/{n}/track.json",
        "series_url": f"/api/runs/{run.id}/people/{n}/series.json",
        "motions": motions,
        "supports": _supports(root / "motion.npz"),
        "trainable": (root / "reference.txt").is_file(),
    }


def _humanoid_url(run_id: str, shown: Path) -> str | None:
    """Where the humanoid's own solids are, for a performance `rollouts/NAME-body.glb` that has them."""
    solids = shown.with_name(shown.name.replace("-body.glb", "-humanoid.glb"))
    if solids == shown or not solids.is_file():
        return None
    return artifact_url(run_id, f"{shown.parents[1].name}/rollouts/{solids.name}")


def _motions(person: Path) -> dict[str, tuple[str, str, str]]:
    """MOTIONS and, after them, whatever else was performed for this person."""
    away = {f"policy-{path.parent.name}" for path in (person / "policies").glob("*/.put-away")}
    names = sorted({path.stem for path in (person / "rollouts").glob("*.npz")} - away)
    others = {n: (f"Under physics ({n})", f"rollouts/{n}-body.glb", f"rollouts/{n}.npz") for n in names}
    return MOTIONS | {name: each for name, each in others.items() if name not in MOTIONS}


def _supports(motion: Path) -> list[list[float]]:
    """The boxes that the person stands on, [min xyz, max xyz] in m; none before the motion is reconstructed."""
    if not motion.is_file():
        return []
    return _supports_of(motion, motion.stat().st_mtime_ns)


@lru_cache(maxsize=256)
def _supports_of(motion: Path, modified: int) -> list[list[float]]:
    try:
        return BodyMotion.load(motion).supports.round(3).tolist()
    except BadInputError:
        return []  # the viewer says so where it shows the motion
