"""The two databases, web's and Rasa's, as files or as PostgreSQL: copied while in use, and put back.

SQLite is copied by its own online backup, which is right while others write. PostgreSQL is dumped by its own `pg_dump`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from web.config import config


class OperationFailed(Exception):
    """It could not be done; the text says why and what to do."""


@dataclass(frozen=True)
class Database:
    """One of the two. `url` is what its setting says."""

    name: str
    url: str

    @property
    def file(self) -> Path | None:
        """Where it is, when it is SQLite's."""
        parts = urlsplit(self.url)
        if parts.scheme.partition("+")[0] != "sqlite":
            return None
        # `sqlite:///var/a` is a path from here, `sqlite:////srv/a` one from the root.
        return Path(unquote(parts.path)[1:])

    @property
    def copy_name(self) -> str:
        """The name of its copy in a backup."""
        return f"{self.name}.{'sqlite3' if self.file else 'dump'}"


def databases() -> list[Database]:
    """Web's and Rasa's."""
    return [Database("web", config().database_url), Database("tracker", config().tracker_database_url)]


def copy(database: Database, target: Path) -> None:
    """Write a copy of a database as it is at this moment.

    Raises:
        OperationFailed: it can't be read, or the copy can't be written.
    """
    if database.file is None:
        _run("pg_dump", "--format=custom", "--no-owner", f"--file={target}", url=database.url)
        return
    if not database.file.is_file():
        raise OperationFailed(f"{database.file} is not there. Has the assistant run with these settings yet?")
    try:
        with (
            contextlib.closing(sqlite3.connect(f"file:{database.file}?mode=ro", uri=True, timeout=30)) as source,
            contextlib.closing(sqlite3.connect(target)) as copied,
        ):
            source.backup(copied)
    except sqlite3.Error as error:
        raise OperationFailed(f"{database.file} can't be copied ({error}).") from error


def put_back(database: Database, source: Path) -> None:
    """Replace a database by a copy; no process may use it.

    Raises:
        OperationFailed: the copy is not whole, or can't be put in place; then the database is as it was.
    """
    if database.file is None:
        _run(
            "pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error",
            str(source), url=database.url, names_database=True,
        )  # fmt: skip
        return
    with contextlib.closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as copied:
        try:
            found = copied.execute("PRAGMA integrity_check").fetchone()[0]
        except sqlite3.Error as error:
            found = str(error)
    if found != "ok":
        raise OperationFailed(f"{source} is not whole ({found}). Nothing was changed.")
    _refuse_in_use(database.file)
    database.file.parent.mkdir(parents=True, exist_ok=True)
    incoming = database.file.with_suffix(".incoming")
    shutil.copyfile(source, incoming)
    incoming.chmod(0o600)
    for left in ("-wal", "-shm"):
        database.file.with_name(database.file.name + left).unlink(missing_ok=True)
    os.replace(incoming, database.file)


def is_empty(database: Database) -> bool:
    """Whether nothing would be lost by putting a copy in its place."""
    if database.file is not None:
        return not database.file.is_file()
    listed = _run("psql", "--tuples-only", "--no-align", "--command=SELECT count(*) FROM pg_tables "
                  "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')", url=database.url,
                  names_database=True)  # fmt: skip
    return listed.strip() == "0"


def _refuse_in_use(file: Path) -> None:
    """Putting a file in the place of one that a process has open would lose what that process writes."""
    if not file.is_file():
        return
    try:
        with contextlib.closing(sqlite3.connect(file, timeout=0)) as own:
            # Fails while any other connection has the write-ahead log open.
            mode = own.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
    except sqlite3.OperationalError as error:
        raise OperationFailed(f"{file} is in use. Stop all processes first. Nothing was changed.") from error
    except sqlite3.DatabaseError:
        return  # it is broken, which may be why it is replaced
    if mode != "delete":
        raise OperationFailed(f"{file} is in use. Stop all processes first. Nothing was changed.")


def _run(program: str, *arguments: str, url: str, names_database: bool = False) -> str:
    """Run one of PostgreSQL's own programs; the password goes through the environment, where no one lists it."""
    parts = urlsplit(url)
    environment = {
        **os.environ,
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.removeprefix("/")),
    }
    if names_database:
        arguments = (f"--dbname={environment['PGDATABASE']}", *arguments)
    if shutil.which(program) is None:
        raise OperationFailed(f"{program} is not installed. Install PostgreSQL's client programs.")
    done = subprocess.run([program, *arguments], env=environment, capture_output=True, text=True, check=False)  # noqa: S603 (the programs are named here)
    if done.returncode:
        raise OperationFailed(f"{program} failed: {done.stderr.strip()[-500:]}")
    return done.stdout
