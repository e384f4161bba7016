"""Health, figures, logs, retention, and the commands of whoever runs the site."""

import json
import logging
import os
import re
import signal
import subprocess
import sys
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from core.jobs.heartbeat import list_workers
from core.jobs.home import new_run_id
from core.jobs.run_log import current_run
from core.jobs.store import RunStore
from core.jobs.tables import Run, WorkerSign
from core.jobs.users import LOCAL_USER
from webapp.cli import app
from webapp.logs import JsonFormatter, RunFilter
from webapp.settings import Settings
from webapp.site import Site

ROOT = Path(__file__).parents[2]
cli = CliRunner()


def test_a_site_that_can_work_is_ready(site_client):
    assert site_client.get("/healthz").json() == {"state": "ok"}
    assert site_client.get("/readyz").json() == {"state": "ok"}
    engine = site_client.app.state.site.engine
    assert [(w.name, w.state) for w in list_workers(engine)] == [("site", "alive")]


def test_without_a_worker_or_its_schema_it_is_not(site_client):
    engine = site_client.app.state.site.engine
    with engine.begin() as connection:
        connection.execute(sa.update(WorkerSign).values(beat=datetime.now(UTC) - timedelta(hours=1)))
    answer = site_client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"state": "no worker is alive"})
    with engine.begin() as connection:
        connection.execute(sa.update(WorkerSign).values(beat=datetime.now(UTC)))
        version = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'x'")
    assert site_client.get("/readyz").status_code == 503
    assert site_client.get("/healthz").status_code == 200
    with engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{version}'")
    assert site_client.get("/readyz").status_code == 200


def test_figures_for_prometheus(site_client):
    site_client.get("/no-such-page")
    text = site_client.get("/metrics").text
    assert re.search(r'^understudy_runs\{state="failed"\} \d', text, re.M)
    assert re.search(r'^understudy_worker_silence_seconds\{worker="site"\} \d', text, re.M)
    assert re.search(r'^understudy_request_seconds_count\{method="GET",status="404"\} [1-9]', text, re.M)
    assert re.search(r"^understudy_queue_wait_seconds \d", text, re.M)


def test_log_lines_are_json_with_the_run():
    record = logging.LogRecord("core.jobs", logging.WARNING, "x.py", 1, "said %s", ("a\nb",), None)
    token = current_run.set("a" * 16)
    RunFilter().filter(record)
    current_run.reset(token)
    line = JsonFormatter().format(record)
    assert "\n" not in line
    content = json.loads(line)
    assert {content[key] for key in ("level", "message", "run")} == {"warning", "said a\nb", "a" * 16}


def test_old_runs_are_deleted_then_removed(tmp_path, fake_pipeline_path):
    site = Site(Settings(home=tmp_path, pipeline="fake_pipeline", keep_days=10, _env_file=None))
    site.prepare()
    try:
        store = RunStore(site.engine)
        old, new = (store.create(new_run_id(), name, "a", {}, []).id for name in ("old", "new"))
        for run in (old, new):
            store.finish(run, "done")
            site.home.run(run).root.mkdir(parents=True)
        when = {"finished": datetime.now(UTC) - timedelta(days=11)}
        with site.engine.begin() as connection:
            connection.execute(sa.update(Run).where(Run.id == old).values(**when))
        site.purge()
        assert [run.id for run in store.recent()] == [new]
        assert store.get(old, deleted=True).state == "done"
        store.restore(old)  # somebody wants it: its days are counted anew
        site.purge()
        assert store.get(old).state == "done"
        store.delete(old)
        with site.engine.begin() as connection:
            connection.execute(
                sa.update(Run).where(Run.id == old).values(deleted=datetime.now(UTC) - timedelta(days=8))
            )
        site.purge()
        assert not site.home.run(old).root.exists()
        assert site.home.run(new).root.exists()
    finally:
        site.close()


def test_a_site_that_was_never_opened_closes_without_ending_another_ones_work(
    tmp_path, fake_pipeline_path, monkeypatch
):
    monkeypatch.setattr("core.jobs.worker.DBOS.destroy", lambda: pytest.fail("ended everybody's work"))
    site = Site(Settings(home=tmp_path, pipeline="fake_pipeline", _env_file=None))
    site.prepare()
    site.close()


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A migrated home with one finished run, named in the environment."""
    monkeypatch.setenv("UNDERSTUDY_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    from core.jobs.database import make_engine
    from core.jobs.home import Home
    from core.jobs.migrate import upgrade

    home = Home(tmp_path / "home")
    engine = make_engine(home.database_url)
    upgrade(engine)
    store = RunStore(engine)
    store.finish(store.create("a" * 16, "A", "a.mp4", {}, []).id, "done")
    return home


def test_backup_clean_and_restore_by_command(home, tmp_path, monkeypatch):
    lost = home.run("b" * 16).root
    lost.mkdir(parents=True)
    (lost / "clip.mp4").write_bytes(b"x" * 2_000_000)
    for path in (lost, lost / "clip.mp4"):
        os.utime(path, (1e9, 1e9))
    listed = cli.invoke(app, ["clean"])
    assert listed.exit_code == 0, listed.stderr
    assert "2.0 MB would be freed" in listed.stderr
    assert lost.exists()
    assert "2.0 MB are free again" in cli.invoke(app, ["clean", "--yes"]).stderr
    assert not lost.exists()
    assert cli.invoke(app, ["backup", "site.zip"]).exit_code == 0
    again = cli.invoke(app, ["backup", "site.zip"])
    assert (again.exit_code, "exists" in again.stderr) == (2, True)
    monkeypatch.setenv("UNDERSTUDY_HOME", str(tmp_path / "other"))
    restored = cli.invoke(app, ["restore", "site.zip"])
    assert restored.exit_code == 0, restored.stderr
    assert cli.invoke(app, ["backup", "again.zip"]).exit_code == 0


def test_commands_on_a_database_that_is_not_there_say_so(tmp_path, monkeypatch):
    monkeypatch.setenv("UNDERSTUDY_HOME", str(tmp_path / "nothing"))
    monkeypatch.chdir(tmp_path)
    for arguments in (["clean"], ["backup", "x.zip"], ["recover", "site"]):
        result = cli.invoke(app, arguments)
        assert result.exit_code == 2
        assert "schema" in result.stderr
    monkeypatch.setenv("UNDERSTUDY_USER_HEADER", "not a header")
    result = cli.invoke(app, ["clean"])
    assert (result.exit_code, "UNDERSTUDY_USER_HEADER" in result.stderr) == (2, True)


def test_a_workers_sign_of_life_is_asked_for_by_name(home):
    from core.jobs.database import make_engine
    from core.jobs.heartbeat import Heartbeat

    assert cli.invoke(app, ["worker", "--name", "left", "--alive"]).exit_code == 1
    Heartbeat(make_engine(home.database_url), "left", lambda reason: None, queues=("gpu",)).claim()
    alive = cli.invoke(app, ["worker", "--name", "left", "--alive"])
    assert (alive.exit_code, alive.stderr) == (0, "The worker left is alive.\n")
    assert "gpu" in cli.invoke(app, ["recover"]).stderr


@pytest.mark.parametrize(
    ("given", "word"), [("tpu", "cpu, gpu, train"), ("none", "one queue or more"), ("cpu,gpus", "cpu, gpu, train")]
)
def test_queues_that_make_no_sense_are_refused(home, given, word):
    refused = cli.invoke(app, ["worker", "--queues", given])
    assert refused.exit_code == 2
    assert word in " ".join(refused.stderr.split())


def test_a_site_may_leave_all_work_to_others(tmp_path, fake_pipeline_path, monkeypatch):
    monkeypatch.setattr("core.jobs.worker.DBOS.launch", lambda: pytest.fail("took work"))
    monkeypatch.setattr("webapp.site.current_user", ContextVar("user", default=LOCAL_USER))
    site = Site(Settings(home=tmp_path, pipeline="fake_pipeline", queues="none", _env_file=None))
    site.open()
    try:
        run = site.start_sample("walker", {"end_s": 1.0})
        assert (site.store.get(run.id).state, run.ahead) == ("queued", None)
    finally:
        site.close()


def test_a_worker_by_command_is_listed_stops_on_sigterm_and_is_not_recovered_while_it_lives(home):
    command = [sys.executable, "-m", "webapp", "worker", "--name", "two"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "UNDERSTUDY_LOG_FORMAT": "json"}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        assert "two takes runs" in process.stderr.readline()
        assert "alive" in cli.invoke(app, ["recover"]).stderr
        refused = cli.invoke(app, ["recover", "two"])
        assert (refused.exit_code, "sign of life" in refused.stderr) == (2, True)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
    assert "stopped" in cli.invoke(app, ["recover"]).stderr
    assert "left no run" in " ".join(cli.invoke(app, ["recover", "two"]).stderr.split())
