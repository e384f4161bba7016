"""A real PostgreSQL for a test or a measurement: a cluster of its own in a temporary folder, on a free port."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def postgres_binaries() -> Path | None:
    """Where initdb and pg_ctl are: on the PATH, or where Debian puts them; None where PostgreSQL is not installed."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parts[-3]))
    return versions[-1].parent if versions else None


def _unprivileged() -> dict[str, Any]:
    """How sub-processes are started: PostgreSQL refuses to run as root, so nobody takes its place."""
    return {"user": "nobody", "group": "nogroup"} if os.geteuid() == 0 else {}


@contextmanager
def running_postgres() -> Iterator[str]:
    """Start one; yields the address of an empty database in it. All of it is gone afterwards."""
    binaries = postgres_binaries()
    assert binaries is not None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody", "nogroup")
        data, as_nobody = folder / "data", _unprivileged()
        arguments = f"-D {data} -U understudy -A trust -N -E UTF8 --locale=C"
        initdb = [str(binaries / "initdb"), *arguments.split()]
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd=folder, **as_nobody)
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=60"
        control = [str(binaries / "pg_ctl"), *f"-D {data} -w -t 60 -l {folder / 'log'}".split()]
        subprocess.run(
            [*control, "-o", options, "start"], check=True, stdout=subprocess.DEVNULL, cwd=folder, **as_nobody
        )
        try:
            yield f"postgresql+psycopg://understudy@127.0.0.1:{port}/postgres"
        finally:
            stop = [*control, "-m", "immediate", "stop"]
            subprocess.run(stop, check=True, stdout=subprocess.DEVNULL, cwd=folder, **as_nobody)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
