"""Engines: SQLite for one machine, PostgreSQL for several, the same code above them."""

import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

_BUSY_TIMEOUT_MS = 30_000
READS_ONLY = {"reads_only": True}
"""Execution options for transactions that write nothing: they then never wait for a writer."""


def make_engine(url: str) -> sa.Engine:
    """An engine for `sqlite:///PATH` or `postgresql+psycopg://...` (a bare `postgresql://` means psycopg, too).

    SQLite gets a write-ahead log (readers do not wait for the writer), a busy timeout, foreign keys, and transactions
    that take the write lock at once: two that read first and write later could otherwise end in a deadlock, and schema
    changes would not be part of their transaction.
    """
    address = sa.make_url(url)
    if address.drivername in ("postgres", "postgresql"):
        address = address.set(drivername="postgresql+psycopg")
    if address.get_backend_name() != "sqlite":
        return sa.create_engine(address, pool_pre_ping=True)
    if address.database and address.database != ":memory:":
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(address)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, record: Any) -> None:
    connection.isolation_level = None  # the driver's own BEGIN comes too late
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_immediate(connection: sa.Connection) -> None:
    reads_only = connection.get_execution_options().get("reads_only", False)
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")
