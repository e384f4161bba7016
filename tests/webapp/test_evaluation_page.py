"""The evaluation page: what it shows, what it refuses, that nothing from outside becomes markup or a path."""

import json
from html import escape
from pathlib import Path

import numpy as np
import pytest
from support.people import walker_scene
from support.truth_files import write_trc

from core.errors import BadInputError, RunNotFoundError
from core.jobs.home import new_run_id
from core.metrics.limb_joints import LIMB_JOINTS, LIMBS_IN_SMPL
from webapp.evaluation_page import _people, _runs, _wish
from webapp.evaluation_view import Wish, evaluate

EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def run_id(site_client, tmp_path_factory) -> str:
    """A finished run with one person, from second 2 of its video."""
    site = site_client.app.state.site
    run_id = new_run_id()
    site.store.create(run_id, EVIL, "a.mp4", {}, [("clip", "Cut")])
    scene = walker_scene(seconds=0.5)
    folder = site.home.run(run_id)
    scene.track.save(folder.person(0) / "track.npz")
    scene.truth.save(folder.person(0) / "motion.npz")
    folder.record.write_text(json.dumps({"settings": {"start_s": 2.0}}))
    return run_id


@pytest.fixture(scope="module")
def truth(tmp_path_factory) -> Path:
    scene = walker_scene(seconds=0.5)
    path = tmp_path_factory.mktemp("truth") / "truth.trc"
    return write_trc(path, LIMB_JOINTS, scene.truth.times + 2, scene.truth.joints[:, LIMBS_IN_SMPL])


def test_the_page_is_served_in_the_sites_style_and_guarded(site_client):
    answer = site_client.get("/evaluate", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "/evaluate/")
    page = site_client.get("/evaluate/")
    assert page.status_code == 200
    assert "frame-ancestors 'self'" in page.headers["content-security-policy"]
    assert site_client.get("/evaluate/gradio_api/info").json()["named_endpoints"] == {}
    assert "fonts.googleapis" not in site_client.get("/evaluate/theme.css").text
    assert 'href="/evaluate/"' in str(site_client.get("/config").json())


def test_runs_people_and_stages_can_be_chosen(site_client, run_id):
    site = site_client.app.state.site
    runs, people, stages = _runs(site, run_id)
    assert run_id in [value for _, value in runs.choices]
    assert runs.value == run_id
    assert [value for _, value in people.choices] == [0]
    assert [value for _, value in stages.choices] == ["", "landmarks", "motion"]
    assert _people(site, None)[0].choices == []
    assert _runs(site, "../../etc")[0].value == runs.choices[0][1]


def test_a_run_is_compared_with_the_truth(site_client, run_id, truth):
    site = site_client.app.state.site
    html = evaluate(_wish(site, run_id, 0, "", None, str(truth), "", "", False))
    assert '<th scope="col">Reconstructed motion</th>' in html
    assert html.count('class="best"') == 5
    assert "begins at 2 s" in html
    assert "<svg" in html
    alone = evaluate(_wish(site, run_id, 0, "motion", None, str(truth), "3", "2", False))
    assert "World landmarks" not in alone
    assert "Frame 3 at 0.10 s" in alone
    assert "1 of 1" in alone


def test_a_file_is_compared_with_the_truth(site_client, run_id, truth, tmp_path):
    site = site_client.app.state.site
    evil = tmp_path / f"{EVIL.replace('/', '')}.npz"
    scene = walker_scene(seconds=0.5)
    np.savez(evil, joints=scene.truth.joints, times=scene.truth.times)
    html = evaluate(_wish(site, run_id, 0, "motion", str(evil), str(truth), "", "2", False))
    assert EVIL not in html
    assert escape(EVIL) in html
    assert "0.0" in html


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"truth": None}, "none was chosen"),
        ({"frame": "soon"}, "number from 0"),
        ({"frame": "77"}, "0 to 14"),
        ({"offset": "soon"}, "minutes:seconds"),
        ({"person": 4}, "no such person"),
        ({"run": None}, "A run or a file"),
        ({"run": "../../../etc"}, "no run with this id"),
        ({"whole": True}, "one frame"),
    ],
)
def test_bad_input_is_a_sentence(site_client, run_id, truth, given, words):
    site = site_client.app.state.site
    chosen = {"run": run_id, "person": 0, "truth": str(truth), "frame": "", "offset": "", "whole": False} | given
    if given == {"whole": True}:
        from support.videos import write_numbered_video

        write_numbered_video(site.home.run(run_id).clip, 15, 30)
    with pytest.raises((BadInputError, RunNotFoundError), match=words):
        evaluate(
            _wish(
                site,
                chosen["run"],
                chosen["person"],
                "",
                None,
                chosen["truth"],
                chosen["frame"],
                chosen["offset"],
                chosen["whole"],
            )
        )


def test_without_the_crop_needs_a_run_rather_than_a_file(truth, tmp_path):
    np.savez(tmp_path / "a.npz", joints=np.zeros((1, 12, 3)))
    with pytest.raises(BadInputError, match="a run is expected"):
        evaluate(Wish(truth=truth, file=tmp_path / "a.npz", whole_picture=True))


def test_the_button_hands_over_the_choices_in_their_order(site_client):
    config = site_client.get("/evaluate/config").json()
    labels = {each["id"]: each["props"].get("label") for each in config["components"]}
    (compare,) = [each for each in config["dependencies"] if len(each["inputs"]) == 8]
    assert [labels[i] for i in compare["inputs"]] == [
        "Run",
        "Person",
        "Stage",
        "Or a file of a motion (.npz)",
        "True joints (.npz, .trc, .xml)",
        "Frame",
        "Prediction begins at (s)",
        "Also without the crop (one frame of a run)",
    ]
