"""A run's zip from elsewhere becomes a run of this site: finished, with its figures, its viewer and its files."""

import dataclasses
from pathlib import Path
from types import ModuleType
from typing import Any

from core.errors import UnderstudyError
from core.export.bundle_opening import BundleLimits, open_bundle
from core.jobs.home import Home, new_run_id
from core.jobs.records import RunRecord
from core.jobs.store import RunStore
from core.notices import collecting, notice
from core.run_folder import RunFolder, read_json, write_json

OPENED = "This run was opened from a zip; it was computed elsewhere."
# Settings that may be paths or addresses. Those of another machine, or of a stranger, are never followed here.
_OWN = {
    "keypoints": ("blazepose", "blazepose:full", "rtm"),
    "hmr": ("embedded", "closed-form"),
    "body": ("embedded",),
    "link": ("",),
}
_LONGEST_CHOICE = 40


def adopt_bundle(
    store: RunStore,
    home: Home,
    pipeline: ModuleType,
    bundle: Path,
    name: str,
    settings: dict[str, Any],
    limits: BundleLimits | None = None,
) -> RunRecord:
    """Open the zip `bundle` as a finished run called `name` and return it.

    `settings` go before those of the run's own record, of which only those are taken that lead nowhere else
    (`harmless_settings`). `BadInputError` for what `open_bundle` refuses; then nothing is left behind.
    """
    run_id = new_run_id()
    root = home.run(run_id).root
    try:
        with collecting() as notices:
            folder = open_bundle(bundle, root, limits)
            record = read_json(folder.record)
            chosen = harmless_settings(record.get("settings", {}) | settings, pipeline)
        told = {"bundle": [OPENED, *notices]} | {k: v for k, v in record.get("notices", {}).items() if k != "bundle"}
        write_json(folder.record, record | {"settings": chosen, "notices": told})
        home.push(run_id, None)
        seconds = record.get("seconds", {})
        stages = [(stage.name, stage.title, seconds.get(stage.name)) for stage in pipeline.STAGES]
        return store.adopt(run_id, name, _source_name(folder), chosen, stages)
    except BaseException:
        home.remove(run_id)
        raise


def harmless_settings(given: dict[str, Any], pipeline: ModuleType) -> dict[str, Any]:
    """The settings in `given` that the pipeline knows and that name nothing outside it; defaults for the others."""
    usual = {field.name: field.default for field in dataclasses.fields(pipeline.RunSettings)}
    alike = {name: value for name, value in given.items() if name in usual and _is_like(value, usual[name])}
    kept = {name: value for name, value in alike.items() if name not in _OWN or value in _OWN[name]}
    lost = sorted(name for name in _OWN if name in given and name not in kept)
    if lost:
        notice(f"It was made with {', '.join(lost)} from files that are not here; another run of it uses the defaults.")
    try:
        plain: dict[str, Any] = pipeline.RunSettings.from_json(kept).to_json()
    except (UnderstudyError, TypeError, ValueError, AttributeError, KeyError):
        notice("Its settings cannot be read; another run of it uses the defaults.")
        plain = pipeline.RunSettings().to_json()
    return plain


def _is_like(value: Any, usual: Any) -> bool:
    """Whether a value from JSON is of the kind of the usual one; where that is None, a number or None."""
    if isinstance(usual, (bool, tuple)):
        return isinstance(value, bool if isinstance(usual, bool) else list)
    if isinstance(usual, str):
        return isinstance(value, str) and len(value) <= _LONGEST_CHOICE
    return (value is None and usual is None) or (isinstance(value, (int, float)) and not isinstance(value, bool))


def _source_name(folder: RunFolder) -> str:
    try:
        return folder.source().name
    except UnderstudyError:
        return "clip.mp4"
