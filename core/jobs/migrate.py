"""Bringing the database to the schema of this version, at every start."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from core.errors import UnderstudyError
from core.jobs.database import READS_ONLY

MIGRATIONS = Path(__file__).parents[2] / "migrations"
_ADVISORY_LOCK = 0x756E6465  # any number, the same for every process


class DatabaseVersionError(UnderstudyError):
    """The database was written by a newer version than this one."""


def alembic_config(connection: sa.Connection | None = None) -> Config:
    """Alembic's configuration without a file; with a connection, `migrations/env.py` works on that one."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@contextmanager
def migrating(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection in a transaction in which tables may be made anew.

    That is how Alembic changes columns in SQLite, and dropping the old table would delete what refers to its rows; so
    foreign keys rest meanwhile, which can be said outside of transactions only.
    """
    with engine.connect() as connection:
        driver = connection.connection.driver_connection if engine.dialect.name == "sqlite" else None
        if driver is not None:
            driver.execute("PRAGMA foreign_keys = OFF")
        try:
            with connection.begin():
                yield connection
        finally:
            if driver is not None:
                driver.execute("PRAGMA foreign_keys = ON")


def upgrade(engine: sa.Engine, backups: Path | None = None) -> str:
    """Migrate to the newest schema; says "created", "migrated" or "up to date".

    All happens in one transaction under one lock, so that of several processes that start at once one migrates and
    the others find it done, and a failure leaves the database as it was. A SQLite database that holds a schema already
    is copied to `backups` first. Raises `DatabaseVersionError` for a database of a newer version.
    """
    with migrating(engine) as connection:  # for SQLite this takes the write lock
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
        config = alembic_config(connection)
        scripts = ScriptDirectory.from_config(config)
        current = MigrationContext.configure(connection).get_current_revision()
        if current == scripts.get_current_head():
            return "up to date"
        if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
            raise DatabaseVersionError(
                f"The database {engine.url.render_as_string(hide_password=True)} should be of this version of "
                f"Understudy or an older one, but has the schema {current!r} of a newer one. Update Understudy, or "
                f"name another database in UNDERSTUDY_DATABASE_URL."
            )
        if current is not None and backups is not None:
            _back_up(engine, backups, current)
        command.upgrade(config, "head")
        return "migrated" if current else "created"


def check_version(engine: sa.Engine) -> None:
    """Raise `DatabaseVersionError` unless the database has exactly the schema of this version."""
    with engine.execution_options(**READS_ONLY).connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current != newest_revision():
        raise DatabaseVersionError(
            f"The database should have the schema {newest_revision()!r}, but has {current!r}. Start the site once to "
            f"bring an older one up to date."
        )


def newest_revision() -> str:
    """The schema of this version."""
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    assert head is not None
    return head


def known_revisions() -> set[str]:
    """The schemas of this version and all before it."""
    return {script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()}


def _back_up(engine: sa.Engine, folder: Path, revision: str) -> None:
    path = engine.url.database
    if engine.dialect.name != "sqlite" or not path or path == ":memory:":
        return
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / f"{Path(path).stem}-{revision}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.sqlite"
    # A second connection sees the last committed state, which is the one before this migration.
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
