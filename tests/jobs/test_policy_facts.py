"""What lists tell of policies: from the database, without files, also of those that an earlier version learned."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from alembic import command
from jobs_kit import make_home

from core.imitation.ppo.curve import NAME as CURVE
from core.jobs.home import new_run_id
from core.jobs.migrate import alembic_config, migrating, upgrade
from core.jobs.mirrored_home import MirroredHome
from core.jobs.object_store import StoreAwayError
from core.jobs.policies import PolicySearch, PolicyStore, deleted_policies, marker, remove_policy
from core.jobs.policy_facts import note_missing_facts
from core.jobs.store import RunStore
from core.jobs.trainings import TrainingStore
from core.jobs.users import LOCAL_USER
from core.run_figures import read_figures
from core.run_folder import write_json
from core.training_folder import WORK, training_folder
from webapp.policy_view import listed_policy
from webapp.settings import Settings
from webapp.site import Site


@pytest.fixture
def earlier(tmp_path):
    """A site of the version before, whose runs are in a store alone: one policy, and one that was put away."""
    _, engine, store = make_home(tmp_path / "web")
    far, web = (MirroredHome.at(tmp_path / name, f"file://{tmp_path}/store") for name in ("far", "web"))
    run, ids = store.create(new_run_id(), "A walk", "a.mp4", {}, []).id, [new_run_id(), new_run_id()]
    store.finish(run, "done")
    for training in ids:
        TrainingStore(engine).create(training, run, 0, {"name": f"of {training}"}, also=lambda connection, line: None)
        TrainingStore(engine).end(training, "done")
        folder = training_folder(far.run(run), 0, training).root
        (folder / WORK).mkdir(parents=True)
        line = {"samples": 64, "seconds": 1.0, "return": 0.5, "seconds_up": 1.5, "horizon_s": 3.0}
        (folder / WORK / CURVE).write_text(json.dumps(line) + "\n")
        (folder / "card.md").write_text("A policy.")
        performed = far.run(run).person(0) / "rollouts" / f"policy-{training}.npz"
        performed.parent.mkdir(exist_ok=True)
        performed.touch()
    marker(far.run(run), 0, ids[1]).touch()
    far.push(run, None)
    with migrating(engine) as connection:
        command.downgrade(alembic_config(connection), "0005")
    return engine, web, run, ids


def found(engine, **wish):
    policies, total = PolicyStore(engine).find(LOCAL_USER, PolicySearch(**wish))
    return [listed_policy(place, training) for place, training in policies], total


def test_policies_of_an_earlier_version_are_looked_at_once_and_then_listed_without_files(earlier, monkeypatch):
    engine, web, run, (kept, away) = earlier
    assert upgrade(engine) == "migrated"
    (one, other), total = found(engine)
    assert (total, one.name, one.samples, other.deleted) == (2, f"of {one.id}", None, False)
    note_missing_facts(engine, web)
    assert list((web.root / "runs").iterdir()) == []  # what was fetched for it has gone again
    monkeypatch.setattr(web.mirror, "pull", lambda *given: pytest.fail("the files are not needed"))
    note_missing_facts(engine, web)
    (one,), total = found(engine)
    assert (total, one.id, one.mean_return, one.seconds_up, one.samples) == (1, kept, 0.5, 1.5, 64)
    assert one.bundle_url == f"/api/runs/{run}/trainings/{kept}/bundle.zip"
    assert one.preview_url.startswith(f"/api/runs/{run}/trainings/{kept}/preview.webp?of=")
    assert [each.id for each in found(engine, put_away=True)[0]] == [away]
    (place,) = deleted_policies(engine, datetime.now(UTC) + timedelta(minutes=1))
    assert place.training_id == away


def test_what_cannot_be_read_now_is_looked_at_later_and_keeps_nothing_from_the_others(earlier, tmp_path, monkeypatch):
    engine, web, run, _ = earlier
    upgrade(engine)
    damaged = "2" * 16  # before the other one, by its id
    RunStore(engine).create(damaged, "A kick", "a.mp4", {}, [])
    TrainingStore(engine).create(new_run_id(), damaged, 0, {"name": "a"}, also=lambda connection, line: None)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE trainings SET facts = NULL")
    folder = training_folder(web.run(damaged), 0, TrainingStore(engine).of_run(damaged)[0].id).root / WORK
    folder.mkdir(parents=True)
    (folder / CURVE).write_text("1\n")
    with monkeypatch.context() as patch:
        patch.setattr(web.mirror.store, "names", away_now)
        note_missing_facts(engine, web)
    assert all(each.samples is None for each in found(engine)[0])
    note_missing_facts(engine, web)
    assert [(each.run, each.samples) for each in found(engine)[0]] == [(damaged, None), (run, 64)]


def test_the_house_is_kept_whatever_goes_wrong_at_first(tmp_path, monkeypatch):
    site, looks = Site(Settings(home=tmp_path, queues="none", _env_file=None)), []

    def look(engine, home):
        looks.append(home)
        raise RuntimeError("The database is away.")

    monkeypatch.setattr("webapp.site.note_missing_facts", look)
    monkeypatch.setattr("webapp.site._HOUSEKEEPING_S", 0.0)
    monkeypatch.setattr(site, "purge", site._closing.set)
    site._keep_house()
    assert len(looks) == 2
    site.engine.dispose()


def away_now(*given):
    raise StoreAwayError("The store is away.")


@pytest.mark.parametrize("kind", ["write", "remove"])
def test_a_removal_that_a_store_breaks_off_is_gone_on_with(earlier, monkeypatch, kind):
    engine, web, run, (kept, away) = earlier
    upgrade(engine)
    note_missing_facts(engine, web)
    (place,) = deleted_policies(engine, datetime.now(UTC) + timedelta(minutes=1))
    with monkeypatch.context() as patch:
        patch.setattr(web.mirror.store, kind, away_now)
        with pytest.raises(StoreAwayError):
            remove_policy(engine, web, place)
    (again,) = deleted_policies(engine, datetime.now(UTC) + timedelta(minutes=1))
    remove_policy(engine, web, again)
    assert found(engine, put_away=True) == ([], 0)
    assert [each.id for each in found(engine)[0]] == [kept]
    litter = {name.removeprefix(f"{run}/") for name in web.mirror.unused(run)}  # which `understudy clean` finds
    left = set(web.mirror.store.names(run)) - litter
    assert not [name for name in left if name.startswith((f"files/{away}/", "files/site/"))]
    assert [name for name in left if name.startswith(f"files/{kept}/")]


def test_a_run_that_a_worker_is_at_keeps_its_figures_to_itself(earlier):
    engine, web, run, (_, away) = earlier
    upgrade(engine)
    note_missing_facts(engine, web)
    (place,) = deleted_policies(engine, datetime.now(UTC) + timedelta(minutes=1))
    web.pull(run)
    metrics = web.run(run).metrics
    write_json(metrics, {"0": {f"policy-{away}": {"return": 0.5}}})
    before = metrics.read_bytes()
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE runs SET state = 'running'")
    remove_policy(engine, web, place)
    assert metrics.read_bytes() == before
    assert read_figures(web.run(run)) == {"0": {}}


def test_a_list_comes_in_parts_and_is_searched(tmp_path):
    _, engine, store = make_home(tmp_path)
    trainings = TrainingStore(engine)
    runs = [store.create(new_run_id(), "A walk", "a.mp4", {}, [], owner=owner).id for owner in ("ada", LOCAL_USER)]
    for number in range(5):
        for run in runs:
            trainings.create(new_run_id(), run, 0, {"name": f"Walk {number}"}, also=lambda connection, line: None)
    parts = [found(engine, first=first, count=2) for first in (0, 2, 4, 6)]
    assert [total for _, total in parts] == [5, 5, 5, 5]
    assert [[each.name[-1] for each in part] for part, _ in parts] == [["4", "3"], ["2", "1"], ["0"], []]
    assert [each.name for each in found(engine, text="WALK 3")[0]] == ["Walk 3"]
    assert found(engine, text="%")[1] == 0
    assert (found(engine, states=("done",))[1], found(engine, states=("queued",))[1]) == (0, 5)
    store.delete(runs[1])
    assert found(engine)[1] == 0


def test_facts_are_in_a_column_that_knows_what_was_not_looked_at(tmp_path):
    _, engine, store = make_home(tmp_path)
    run = store.create(new_run_id(), "A walk", "a.mp4", {}, []).id
    training = TrainingStore(engine).create(new_run_id(), run, 0, {"name": "a"}, also=lambda connection, line: None)
    assert training.facts == {}
    with engine.connect() as connection:  # not null: there is nothing to look for yet
        assert connection.execute(sa.text("SELECT facts IS NULL FROM trainings")).scalar() == 0
