"""A site in one file, and back: the rows of all runs and the files of each, independent of the database they lie in.

The file is a zip with `understudy-backup.json` (the schema's revision, the rows) and `runs/...`. It is restored into an
empty home and an empty database, SQLite or PostgreSQL, of this version or a later one: the rows go into the schema they
came from, and the migrations do the rest. Runs that were not finished are queued again; trainings
are stopped, and can be resumed.
"""

import json
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command

from core.errors import BadInputError
from core.jobs.database import READS_ONLY
from core.jobs.home import Home
from core.jobs.migrate import alembic_config, check_version, known_revisions, migrating, newest_revision
from core.jobs.mirror_folder import OWN_FILES
from core.jobs.tables import Run, RunStage, Training

RECORD = "understudy-backup.json"
_FORMAT = 1
_TABLES = (Run.__tablename__, RunStage.__tablename__, Training.__tablename__)  # in an order in which they can be filled
_FIRST = _TABLES[:2]  # backups of earlier versions have no others
_FILE = re.compile(r"runs/[a-z0-9]{16}/(?:[^/\\\0]+/)*[^/\\\0]+")
_CHUNK = 1 << 20


@dataclass(frozen=True)
class BackupReport:
    """What a backup holds."""

    runs: int
    files: int
    bytes: int
    unfinished: tuple[str, ...] = ()
    """Ids of the runs that were waiting or running."""


def back_up(engine: sa.Engine, home: Home, file: Path) -> BackupReport:
    """Write all runs to `file`, which appears whole or not at all; the site may be at work meanwhile.

    The rows are read first, at one moment; files are replaced as wholes and only become more, so that every file that
    the rows know of is there. Raises `DatabaseVersionError` where the schema is not of this version.
    """
    check_version(engine)
    if file.exists():
        raise BadInputError(f"The backup should be a new file, but {file} exists. Choose another name.")
    rows = _read_rows(engine)
    record = {"format": _FORMAT, "revision": newest_revision(), "made": datetime.now(UTC).isoformat(), "tables": rows}
    ids = [row["id"] for row in rows[Run.__tablename__]]
    count = size = 0
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED, allowZip64=True) as target:
            target.writestr(RECORD, json.dumps(record))
            for run_id in ids:
                with home.borrowed(run_id) as root:
                    for path in _files(root):
                        try:
                            target.write(path, f"runs/{run_id}/{path.relative_to(root).as_posix()}")
                        except FileNotFoundError:  # a temporary one that has gone its way
                            continue
                        count, size = count + 1, size + target.filelist[-1].file_size
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return BackupReport(len(ids), count, size, _unfinished(rows))


def restore(engine: sa.Engine, home: Home, file: Path) -> BackupReport:
    """Fill an empty home and database from a backup; the report names the runs that are to be queued again.

    `BadInputError` for a file that is no backup or damaged, of a newer version, or where anything is there already:
    nothing is touched then.
    """
    with _opened(file) as archive:
        record, names = _checked(archive, file)
        if (home.root / "runs").exists() and any((home.root / "runs").iterdir()):
            raise BadInputError(f"A backup is restored into an empty home, but {home.root} has runs. Name another one.")
        home.root.mkdir(parents=True, exist_ok=True)
        size = sum(archive.getinfo(name).file_size for name in names)
        if (free := shutil.disk_usage(home.root).free) < size:
            raise BadInputError(
                f"The backup needs {size / 1e9:.1f} GB in {home.root}, but {free / 1e9:.1f} GB are free."
            )
        with tempfile.TemporaryDirectory(prefix="restoring-", dir=home.root) as scratch:
            (Path(scratch) / "runs").mkdir()
            _unpack(archive, names, Path(scratch))
            _write_rows(engine, record)
            if (home.root / "runs").exists():
                (home.root / "runs").rmdir()
            (Path(scratch) / "runs").rename(home.root / "runs")
    for row in record["tables"][Run.__tablename__]:
        home.push_anew(row["id"])
    return BackupReport(len(record["tables"][Run.__tablename__]), len(names), size, _unfinished(record["tables"]))


def _files(root: Path) -> Iterator[Path]:
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.name not in OWN_FILES:
            yield path


def _unfinished(rows: dict[str, list[dict[str, Any]]]) -> tuple[str, ...]:
    return tuple(row["id"] for row in rows[Run.__tablename__] if row["state"] in ("queued", "running"))


def _reflected(connection: sa.Connection) -> list[sa.Table]:
    """The tables as they are in the database, whatever this version's models say."""
    metadata = sa.MetaData()
    there = set(sa.inspect(connection).get_table_names())
    names = [name for name in _TABLES if name in there]
    metadata.reflect(connection, only=names)
    return [metadata.tables[name] for name in names]


def _read_rows(engine: sa.Engine) -> dict[str, list[dict[str, Any]]]:
    reader = engine.execution_options(**READS_ONLY)
    if engine.dialect.name != "sqlite":
        reader = reader.execution_options(isolation_level="REPEATABLE READ")
    with reader.begin() as connection:
        return {
            table.name: [
                {key: value.isoformat() if isinstance(value, datetime) else value for key, value in row.items()}
                for row in connection.execute(sa.select(table)).mappings()
            ]
            for table in _reflected(connection)
        }


def _write_rows(engine: sa.Engine, record: dict[str, Any]) -> None:
    """In one transaction: the schema of the backup, its rows, and the way to this version's schema."""
    with migrating(engine) as connection:
        there = set(sa.inspect(connection).get_table_names())
        if Run.__tablename__ in there and connection.execute(sa.text("SELECT count(*) FROM runs")).scalar_one():
            raise BadInputError("A backup is restored into an empty database, but this one has runs. Name another one.")
        if Run.__tablename__ in there:
            command.downgrade(alembic_config(connection), "base")
        command.upgrade(alembic_config(connection), record["revision"])
        for table in _reflected(connection):
            moments = {column.name for column in table.columns if isinstance(column.type, sa.DateTime)}
            for row in record["tables"].get(table.name, []):
                read = {k: datetime.fromisoformat(v) if k in moments and v else v for k, v in row.items()}
                connection.execute(table.insert().values(**read))
        command.upgrade(alembic_config(connection), "head")


def _opened(file: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except zipfile.BadZipFile as error:
        raise BadInputError(f"{file.name} should be a backup by `understudy backup`, but is no zip: {error}.") from None


def _checked(archive: zipfile.ZipFile, file: Path) -> tuple[dict[str, Any], list[str]]:
    """The record and the names of all files, none of which leads anywhere else."""
    try:
        record = json.loads(archive.read(RECORD))
        revision, tables = record["revision"], record["tables"]
        complete = record["format"] == _FORMAT and all(isinstance(tables[name], list) for name in (*_FIRST, *tables))
    except (KeyError, ValueError, TypeError, zipfile.BadZipFile) as error:
        raise BadInputError(f"{file.name} should be a backup by `understudy backup`, but is not: {error}.") from None
    if not complete or revision not in known_revisions():
        raise BadInputError(f"{file.name} was written by a newer version of Understudy. Update, then restore it.")
    names = [name for name in archive.namelist() if name != RECORD]
    odd = [name for name in names if not _FILE.fullmatch(name) or {".", ".."} & set(name.split("/"))]
    if odd or len(set(names)) != len(names):
        raise BadInputError(
            f"{file.name} holds files that no backup has: {', '.join(odd[:3]) or 'the same one twice'}."
        )
    return record, names


def _unpack(archive: zipfile.ZipFile, names: list[str], folder: Path) -> None:
    try:
        for name in names:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(name) as source, target.open("xb") as copy:
                shutil.copyfileobj(source, copy, _CHUNK)
    except (zipfile.BadZipFile, EOFError) as error:
        raise BadInputError(f"The backup is damaged: {error}. Nothing was restored.") from None
