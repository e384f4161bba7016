"""The challenge on the site: begun and gone on with behind everything else, told as a matrix, its cells as runs."""

import json
import time

import pytest
from support.gltf import Glb

from core.challenge_stages import STAGES, RunSettings, run_stage
from core.errors import RunNotFoundError
from core.imitation.challenge import Cell, ChallengeSettings, challenge
from core.imitation.challenge_folder import ChallengeFolder
from core.imitation.references import reference_called
from core.imitation.rolling import RolloutSettings
from core.jobs.home import Home
from core.run_folder import RunFolder
from webapp.challenge_desk import SHIPPED, ChallengeDesk
from webapp.challenge_view import matrix_of

SHORT = RunSettings(policies=("walk",), motions=("walk", "jump"), seconds=0.4, starts=1)


def wait_until_done(desk):
    deadline = time.monotonic() + 60
    while desk.shipped.is_running and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not desk.shipped.is_running


def test_one_is_begun_and_goes_on_where_it_was(tmp_path):
    desk = ChallengeDesk(Home(tmp_path), SHORT)
    assert matrix_of(desk.folder(SHIPPED), SHIPPED, desk.names(), desk.shipped.is_running).state == "none"
    desk.shipped.start()
    wait_until_done(desk)
    assert desk.shipped.trouble == ""
    told = matrix_of(desk.folder(SHIPPED), SHIPPED, desk.names(), desk.shipped.is_running)
    assert (told.state, told.done, told.of, told.names) == ("done", 2, 2, [SHIPPED])
    walk, jump = told.cells[0]
    assert walk.own
    assert walk.up == 1
    assert not jump.own
    cells = desk.folder(SHIPPED).root / "cells"
    first = (cells / "walk-on-walk.json").stat().st_mtime_ns
    (cells / "walk-on-jump.json").unlink()
    (cells.parent / ".wanted").touch()  # as the end of a site in its midst would leave it
    again = ChallengeDesk(Home(tmp_path), SHORT)
    assert matrix_of(again.folder(SHIPPED), SHIPPED, again.names(), False).state == "stopped"
    again.open()
    wait_until_done(again)
    assert (cells / "walk-on-walk.json").stat().st_mtime_ns == first
    assert (cells / "walk-on-jump.json").is_file()
    idle = ChallengeDesk(Home(tmp_path), SHORT)
    idle.open()
    assert not idle.shipped.is_running


def test_it_stops_at_once_and_what_is_refused_is_told(tmp_path):
    desk = ChallengeDesk(Home(tmp_path), RunSettings(policies=("walk",), motions=("walk",), seconds=600))
    desk.shipped.start()
    began = time.monotonic()
    desk.shipped.stop()
    assert not desk.shipped.is_running
    assert time.monotonic() - began < 10
    odd = ChallengeDesk(Home(tmp_path / "odd"), RunSettings(policies=("fly",)))
    odd.shipped.start()
    wait_until_done(odd)
    assert "fly" in odd.shipped.trouble


def test_cells_of_other_settings_do_not_count(tmp_path):
    folder = ChallengeFolder(tmp_path)
    how = ChallengeSettings(RolloutSettings(starts=1), processes=1)
    folder.plan(["a"], ["b"], how)
    folder.keep(Cell("a", "b", "bullet", 1.0, (None,), (0.5,)), None)
    folder.plan(["a"], ["b"], how)
    assert folder.cell("a", "b") == Cell("a", "b", "bullet", 1.0, (None,), (0.5,))
    folder.plan(["a"], ["b"], ChallengeSettings(RolloutSettings(starts=2), processes=1))
    assert folder.cell("a", "b") is None


def ships(monkeypatch, checksum):
    """Have understudy_walk ship as another version of the project has it."""
    entries = {"policies/walk/policy.onnx": {"sha256": checksum}}
    monkeypatch.setattr("core.imitation.challenge_folder.read_manifest", lambda: entries, raising=False)


def test_cells_of_a_policy_that_ships_anew_are_run_anew_once(tmp_path):
    folder, names = ChallengeFolder(tmp_path), ("understudy_walk", "walk")
    settings = RunSettings(names, ("walk",), seconds=0.2, starts=1)
    run_stage(STAGES[0], RunFolder(tmp_path), settings)
    plan = json.loads((tmp_path / "plan.json").read_text())
    plan.pop("checksums", None)  # as versions before wrote it
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    for name in names:
        folder.keep(Cell(name, "walk", "dice", 1.0, (None,), (0.5,)), None)
    run_stage(STAGES[0], RunFolder(tmp_path), settings)
    assert [folder.cell(name, "walk").engine for name in names] == ["mujoco", "dice"]
    folder.keep(Cell("understudy_walk", "walk", "dice", 1.0, (None,), (0.5,)), None)
    run_stage(STAGES[0], RunFolder(tmp_path), settings)
    assert folder.cell("understudy_walk", "walk").engine == "dice"


def test_a_whole_one_is_whole_no_more_when_a_new_version_of_the_site_ships_another_policy(tmp_path, monkeypatch):
    ships(monkeypatch, "old")
    desk = ChallengeDesk(Home(tmp_path), SHORT)
    folder = desk.folder(SHIPPED)
    names = ["understudy_walk", "understudy_walk-2", "walk"]
    folder.plan(names, ["run"], ChallengeSettings(processes=1))
    for name in names:
        folder.keep(Cell(name, "run", "mujoco", 1.0, (None,), (0.5,)), None)
        folder.rollout(name, "run").parent.mkdir(exist_ok=True)
        folder.rollout(name, "run").touch()

    def opened():
        desk.open()
        told = matrix_of(folder, SHIPPED, [], desk.shipped.is_running)
        return (
            told.state,
            [row[0] is not None for row in told.cells],
            [folder.rollout(n, "run").exists() for n in names],
        )

    assert opened() == ("done", [True, True, True], [True, True, True])
    ships(monkeypatch, "new")
    assert opened() == ("stopped", [False, True, True], [False, True, True])
    folder.keep(Cell("understudy_walk", "run", "mujoco", 1.0, (None,), (0.7,)), None)
    assert opened() == ("done", [True, True, True], [False, True, True])


def test_a_site_opens_also_where_a_challenge_is_damaged(tmp_path):
    desk = ChallengeDesk(Home(tmp_path), SHORT)
    desk.shipped.root.mkdir(parents=True)
    (desk.shipped.root / "plan.json").write_text("{")
    desk.open()
    assert not desk.shipped.is_running


@pytest.fixture(scope="module")
def mine(site_client):
    """A challenge in the site's home, as the command line leaves it there."""
    folder = ChallengeFolder(site_client.app.state.site.home.root / "challenges" / "mine")
    how = ChallengeSettings(RolloutSettings(seconds=0.4, starts=1), processes=1)
    folder.plan(["walk"], ["walk", "jump", "odd"], how)
    challenge({"walk": "walk"}, {"walk": reference_called("walk")}, how, folder.keep)
    folder.keep(Cell("walk", "jump", problem="It lies below the ground."), None)
    return "/api/challenges/mine"


def test_the_matrix_is_told(site_client, mine):
    told = site_client.get(mine).json()
    assert (told["state"], told["done"], told["of"]) == ("stopped", 2, 3)
    assert told["cells"][0][0]["time_to_fall_s"] == pytest.approx(0.4)
    assert told["cells"][0][1]["problem"]
    assert told["cells"][0][1]["time_to_fall_s"] is None
    assert told["cells"][0][2] is None
    assert site_client.get("/api/challenges/deepmimic").json()["names"] == ["mine"]


def test_a_cell_is_told_as_a_run_with_what_the_viewer_draws(site_client, mine, tmp_path):
    view = site_client.get(f"{mine}/cells/0/0").json()
    wanted, performed = view["people"][0]["motions"]
    assert view["clip"]["frames"] == 13
    assert performed["physics"]["fell_s"] is None
    for url in (wanted["url"], performed["url"], performed["humanoid_url"]):
        answer = site_client.get(url)
        assert answer.headers["content-type"] == "model/gltf-binary"
        path = tmp_path / "one.glb"
        path.write_bytes(answer.content)
        assert Glb.read(path).json["animations"]


@pytest.mark.parametrize(
    "path", ["none", "mine/cells/0/1", "mine/cells/0/2", "mine/cells/-1/0", "mine/cells/0/0/odd.glb"]
)
def test_what_is_not_there_is_said(site_client, mine, path):
    answer = site_client.get(f"/api/challenges/{path}")
    assert answer.status_code in (404, 422)
    assert "error" in answer.json()


def test_no_name_leads_out_of_the_folder(tmp_path):
    (tmp_path / "plan.json").write_text("{}")
    with pytest.raises(RunNotFoundError):
        ChallengeDesk(Home(tmp_path)).folder("..")
