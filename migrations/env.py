"""Alembic's environment: on the connection that the application hands over, or on the database of the settings."""

import os
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import context

from core.jobs.database import make_engine
from core.jobs.home import Home
from core.jobs.tables import Base


def _is_ours(name: str | None, kind: str, parents: Any) -> bool:
    """Only the application's tables: DBOS keeps its own in the same SQLite file and migrates them itself."""
    return kind != "table" or name in Base.metadata.tables


def _migrate(connection: sa.Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_name=_is_ours,
        compare_type=True,
        render_as_batch=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def _database_url() -> str:
    home = Home(Path(os.environ.get("UNDERSTUDY_HOME", "~/.understudy")).expanduser())
    return os.environ.get("UNDERSTUDY_DATABASE_URL") or home.database_url


if context.is_offline_mode():
    raise SystemExit("Migrations need the database itself: run them without --sql.")
given = context.config.attributes.get("connection")
if given is not None:
    _migrate(given)
else:
    with make_engine(_database_url()).begin() as own:
        _migrate(own)
