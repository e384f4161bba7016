"""Migrations: a new database, again, several processes at once, a newer one, a backup, and models that agree."""

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from core.jobs import migrate
from core.jobs.database import make_engine
from core.jobs.migrate import DatabaseVersionError, alembic_config, upgrade
from core.jobs.store import RunStore
from core.jobs.tables import Base
from core.jobs.worker import prepare_queue

ROOT = Path(__file__).parents[2]
HEAD = ScriptDirectory.from_config(alembic_config()).get_current_head()


@pytest.fixture
def engine(tmp_path):
    return make_engine(f"sqlite:///{tmp_path}/home/understudy.sqlite")


def test_a_new_database_is_created_once(engine, tmp_path):
    assert upgrade(engine, tmp_path / "backups") == "created"
    assert upgrade(engine, tmp_path / "backups") == "up to date"
    assert set(Base.metadata.tables) <= set(sa.inspect(engine).get_table_names())
    assert not (tmp_path / "backups").exists()


def test_the_models_and_the_migrations_agree_beside_the_tables_of_dbos(engine):
    upgrade(engine)
    prepare_queue(engine)
    assert "workflow_status" in sa.inspect(engine).get_table_names()
    with engine.begin() as connection:
        command.check(alembic_config(connection))


def test_check_would_notice_a_forgotten_migration(engine):
    upgrade(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE runs DROP COLUMN error")
        with pytest.raises(Exception, match="error"):
            command.check(alembic_config(connection))


def test_tables_made_anew_lose_nothing_that_refers_to_them(engine):
    upgrade(engine)
    RunStore(engine).create("a" * 16, "A", "a.mp4", {}, [("clip", "Cut")])
    with migrate.migrating(engine) as connection:
        command.downgrade(alembic_config(connection), "0001")
    upgrade(engine)
    assert [stage.name for stage in RunStore(engine).get("a" * 16).stages] == ["clip"]
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_it_can_be_taken_back(engine):
    upgrade(engine)
    with engine.begin() as connection:
        command.downgrade(alembic_config(connection), "base")
    assert sa.inspect(engine).get_table_names() == ["alembic_version"]


UPGRADE = """
import sys
from core.jobs.database import make_engine
from core.jobs.migrate import upgrade
engine = make_engine(sys.argv[1])
sys.stdin.readline()
print(upgrade(engine))
"""


def test_of_four_processes_at_once_one_migrates(engine):
    arguments = [sys.executable, "-c", UPGRADE, str(engine.url)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    processes = [
        subprocess.Popen(
            arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for _ in range(4)
    ]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    said = sorted(process.communicate(timeout=60)[0].strip() for process in processes)
    assert said == ["created", "up to date", "up to date", "up to date"]


def test_a_newer_database_is_refused_and_left_alone(engine):
    upgrade(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseVersionError, match=r"9999.*newer"):
        upgrade(engine)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == "9999"


@pytest.fixture
def longer_history(tmp_path, monkeypatch):
    """The migrations with one more, whose second statement fails where `broken` is in its name."""

    def add(body: str) -> None:
        folder = tmp_path / "migrations"
        if not folder.exists():
            shutil.copytree(migrate.MIGRATIONS, folder)
            monkeypatch.setattr(migrate, "MIGRATIONS", folder)
        (folder / "versions" / "next.py").write_text(
            f"from alembic import op\nrevision = 'next'\ndown_revision = {HEAD!r}\ndef upgrade():\n{body}\n"
        )

    return add


def test_a_database_with_data_is_backed_up_before_it_is_changed(engine, tmp_path, longer_history):
    upgrade(engine)
    RunStore(engine).create("a" * 16, "Precious", "a.mp4", {}, [])
    longer_history("    op.execute('ALTER TABLE runs ADD COLUMN extra TEXT')")
    assert upgrade(engine, tmp_path / "backups") == "migrated"
    (copy,) = (tmp_path / "backups").iterdir()
    with sqlite3.connect(copy) as backup:
        assert backup.execute("SELECT name FROM runs").fetchall() == [("Precious",)]
        assert "extra" not in {row[1] for row in backup.execute("PRAGMA table_info(runs)")}
    assert "extra" in {column["name"] for column in sa.inspect(engine).get_columns("runs")}


FIRST_RUN = {
    "id": "a" * 16,
    "name": "Old",
    "source_name": "a.mp4",
    "settings": '{"start_s": 1.5}',
    "state": "failed",
    "error": "No person.",
    "cancel_requested": False,
    "created": "2026-03-01 10:00:00.000000",
}


def test_data_of_the_first_version_comes_through_all_migrations(engine, tmp_path):
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "0001")
        names = ", ".join(FIRST_RUN)
        values = ", ".join(f":{name}" for name in FIRST_RUN)
        connection.execute(sa.text(f"INSERT INTO runs ({names}) VALUES ({values})"), FIRST_RUN)
        stage = "INSERT INTO run_stages VALUES ('aaaaaaaaaaaaaaaa', 'clip', 'Cut', 0, 'done', 1.0, '', NULL, NULL)"
        connection.exec_driver_sql(stage)
    assert upgrade(engine, tmp_path / "backups") == "migrated"
    run = RunStore(engine).get("a" * 16)
    assert (run.name, run.state, run.error, run.settings) == ("Old", "failed", "No person.", {"start_s": 1.5})
    assert (run.owner, run.created.isoformat()) == ("local", "2026-03-01T10:00:00+00:00")
    assert [(stage.name, stage.state) for stage in run.stages] == [("clip", "done")]


def test_a_migration_that_fails_leaves_the_database_as_it_was(engine, longer_history):
    upgrade(engine)
    longer_history("    op.execute('ALTER TABLE runs ADD COLUMN extra TEXT')\n    op.execute('no sql')")
    with pytest.raises(sa.exc.OperationalError):
        upgrade(engine)
    assert "extra" not in {column["name"] for column in sa.inspect(engine).get_columns("runs")}
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == HEAD
