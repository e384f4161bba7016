"""Motions of a run in the formats of other programs, by the site."""

import shutil

import numpy as np
import pytest
from support.motions import waving

from core.errors import MissingDependencyError
from core.export.fbx import find_assimp
from core.export.formats import FORMATS, export_file
from core.jobs.home import new_run_id
from core.motion import BodyMotion, Track
from webapp.run_view import run_view


@pytest.fixture(scope="module")
def run(site_client):
    """A stored run with one motion of twelve frames and one that cannot be read."""
    site = site_client.app.state.site
    record = site.store.create(new_run_id(), "Ada's walk", "a.mp4", {}, [("clip", "Cut")])
    person = site.home.run(record.id).person(0)
    times, still = np.arange(12) / 30, np.zeros((12, 33, 3))
    Track(30.0, times, still, still, np.zeros((12, 4)), np.array([160, 96])).save(person / "track.npz")
    waving(12).save(person / "motion.npz")
    (person / "hmr.npz").write_bytes(b"x")
    for name in ("motion.glb", "hmr.glb"):
        (person / name).write_bytes(b"x")
    yield record, person
    site.store.finish(record.id, "cancelled")
    shutil.rmtree(site.home.run(record.id).root)


@pytest.mark.parametrize("name", list(FORMATS))
def test_every_format_is_what_the_command_writes(site_client, run, tmp_path, name):
    record, person = run
    if name == "fbx":
        try:
            find_assimp()
        except MissingDependencyError as error:
            pytest.skip(str(error))
    motions = run_view(record, site_client.app.state.site.home)["people"][0]["motions"]
    answer = site_client.get(next(m["export_url"] for m in motions if m["name"] == "motion"), params={"format": name})
    assert answer.status_code == 200, answer.text
    suffix = FORMATS[name].suffix
    assert f'attachment; filename="Ada_s walk motion{suffix}"; filename*=UTF-8' in answer.headers["content-disposition"]
    expected = export_file(person / "motion.npz", name, tmp_path / f"motion{suffix}").read_bytes()
    if name in ("usd", "fbx"):  # these have times and ids of their own making in them
        assert answer.content[:8] == expected[:8]
        assert abs(len(answer.content) - len(expected)) < 0.1 * len(expected)
    else:
        assert answer.content == expected
    if name == "amass":
        (tmp_path / "back.npz").write_bytes(answer.content)
        assert np.load(tmp_path / "back.npz")["poses"].shape == (12, 156)


def test_the_view_names_the_formats_and_what_is_not_there_has_no_address(site_client, run):
    record, person = run
    home = site_client.app.state.site.home
    view = run_view(record, home)
    assert [each["name"] for each in view["formats"]] == list(FORMATS)
    assert "Unity" in view["formats"][-1]["for_whom"]
    kept = BodyMotion.load(person / "motion.npz")
    (person / "motion.npz").unlink()
    shown = {each["name"]: each for each in run_view(record, home)["people"][0]["motions"]}
    assert shown["motion"]["export_url"] is None
    kept.save(person / "motion.npz")


def test_what_cannot_be_had_is_one_plain_sentence(site_client, run):
    at = f"/api/runs/{run[0].id}/people/0/exports"

    def refusal(path: str, status: int) -> str:
        answer = site_client.get(path)
        assert answer.status_code == status, answer.text
        return answer.json()["error"]

    assert "one of glb, bvh" in refusal(f"{at}/motion?format=doc", 400)
    assert "no such motion" in refusal(f"{at}/sampling", 404)
    assert site_client.get(f"{at}/..%2F..%2Frun").status_code == 404
    assert "no such person" in refusal(f"{at.replace('/0/', '/7/')}/motion", 404)
    assert "hmr.npz" in refusal(f"{at}/hmr?format=bvh", 400)
    assert "no run with this id" in refusal(f"/api/runs/{'0' * 16}/people/0/exports/motion", 404)
