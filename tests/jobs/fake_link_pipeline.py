"""The fake pipeline with a first stage that fetches, as runs of links have it; words in the link make it misbehave."""

import time

import fake_pipeline
from fake_pipeline import RunSettings, Stage

from core.errors import BadInputError
from core.progress import Progress
from core.run_folder import RunFolder, read_json, write_json

STAGES = (Stage("fetch", "Fetch the video"), *fake_pipeline.STAGES)


def applies(stage: Stage, folder: RunFolder, settings: RunSettings) -> bool:
    if stage.name == "fetch":
        return bool(settings.link) and not folder.has_source()
    return fake_pipeline.applies(stage, folder, settings)


def run_stage(stage: Stage, folder: RunFolder, settings: RunSettings, progress: Progress) -> float:
    if stage.name != "fetch":
        return fake_pipeline.run_stage(stage, folder, settings, progress)
    with (folder.root / "calls.txt").open("a") as calls:
        calls.write("fetch\n")
    if "private" in settings.link:
        raise BadInputError("The video is private. Upload the file instead.")
    while "slow" in settings.link:
        progress(0.5, "2 of 4 MB")
        time.sleep(0.05)
    path = folder.root / "source" / "video.mp4"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"a fetched video")
    write_json(folder.record, read_json(folder.record) | {"source": {"title": "A dance"}})
    return 0.0
