"""A backup is what was there at one moment, and restoring it brings that back, or changes nothing."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import stat
import threading
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from web.config import Config
from web.operations.backup import back_up, restore
from web.operations.databases import Database, OperationFailed, copy, databases


def write(file: Path, *texts: str) -> None:
    with contextlib.closing(sqlite3.connect(file)) as own:
        own.execute("PRAGMA journal_mode=WAL")
        own.execute("CREATE TABLE IF NOT EXISTS said (text TEXT)")
        own.executemany("INSERT INTO said VALUES (?)", [(text,) for text in texts])
        own.commit()


def read(file: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(file)) as own:
        return [text for (text,) in own.execute("SELECT text FROM said ORDER BY rowid")]


@pytest.fixture
def here(tmp_path: Path, settings_of_web: Config) -> Path:
    """An installation with something in both databases."""
    settings_of_web.database_url = f"sqlite:///{tmp_path / 'web.sqlite3'}"
    settings_of_web.tracker_database_url = f"sqlite:///{tmp_path / 'tracker.sqlite3'}"
    write(tmp_path / "web.sqlite3", "hello")
    write(tmp_path / "tracker.sqlite3", "remembered")
    return tmp_path


def test_what_was_lost_comes_back(here: Path) -> None:
    """Both databases, as they were; what came later is gone."""
    done = back_up(here / "backups")
    write(here / "web.sqlite3", "later")
    (here / "tracker.sqlite3").unlink()
    notes = restore(done, replace=True)
    assert read(here / "web.sqlite3") == ["hello"]
    assert read(here / "tracker.sqlite3") == ["remembered"]
    assert len(notes) == 1


def test_a_backup_is_taken_while_others_write(here: Path) -> None:
    """Each copy is whole, and holds what was committed before it began."""
    stop = threading.Event()

    def writing() -> None:
        number = 0
        while not stop.is_set():
            write(here / "web.sqlite3", f"meanwhile {number}")
            number += 1

    writer = threading.Thread(target=writing)
    writer.start()
    try:
        backups = [back_up(here / "backups") for _ in range(3)]
    finally:
        stop.set()
        writer.join()
    for done in backups:
        copied = done / "web.sqlite3"
        assert read(copied)[0] == "hello"
        with contextlib.closing(sqlite3.connect(copied)) as own:
            assert own.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_no_one_else_can_read_it(here: Path) -> None:
    """It holds what visitors wrote; and nothing of the key but which one it is."""
    done = back_up(here / "backups")
    assert stat.S_IMODE(done.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in done.glob("*.sqlite3")} == {0o600}
    assert "development-only" not in (done / "manifest.json").read_text()


def test_old_ones_are_removed(here: Path) -> None:
    """As many as asked for stay, the newest; other files of the folder are left alone."""
    (here / "backups").mkdir()
    (here / "backups" / "notes.txt").write_text("mine")
    made = [back_up(here / "backups", keep=2) for _ in range(4)]
    assert sorted((here / "backups").glob("smp-*")) == made[-2:]
    assert (here / "backups" / "notes.txt").exists()


@pytest.mark.parametrize("breaks", ["changed", "missing", "no manifest", "no database"])
def test_a_backup_that_is_not_whole_changes_nothing(here: Path, breaks: str) -> None:
    """It is refused before anything is touched."""
    done = back_up(here / "backups")
    if breaks == "changed":
        (done / "tracker.sqlite3").write_bytes(b"x")
    elif breaks == "missing":
        (done / "tracker.sqlite3").unlink()
    elif breaks == "no manifest":
        (done / "manifest.json").unlink()
    else:
        manifest = json.loads((done / "manifest.json").read_text())
        (done / "web.sqlite3").write_bytes(b"not a database" * 100)
        manifest["sha256"]["web.sqlite3"] = hashlib.sha256(b"not a database" * 100).hexdigest()
        (done / "manifest.json").write_text(json.dumps(manifest))
    write(here / "web.sqlite3", "later")
    with pytest.raises(OperationFailed):
        restore(done, replace=True)
    assert read(here / "web.sqlite3") == ["hello", "later"]


def test_nothing_is_overwritten_unasked(here: Path) -> None:
    """Nor is a database that a process uses."""
    done = back_up(here / "backups")
    with pytest.raises(OperationFailed, match="--replace"):
        restore(done)
    with contextlib.closing(sqlite3.connect(here / "web.sqlite3")) as in_use:
        in_use.execute("BEGIN")
        in_use.execute("SELECT * FROM said").fetchall()
        with pytest.raises(OperationFailed, match="in use"):
            restore(done, replace=True)
    assert restore(done, replace=True)


def test_into_an_empty_place(here: Path, settings_of_web: Config, tmp_path: Path) -> None:
    """A new machine has no databases and no folder for them yet."""
    done = back_up(here / "backups")
    settings_of_web.database_url = f"sqlite:///{tmp_path / 'new' / 'web.sqlite3'}"
    settings_of_web.tracker_database_url = f"sqlite:///{tmp_path / 'new' / 'tracker.sqlite3'}"
    restore(done)
    assert read(tmp_path / "new" / "web.sqlite3") == ["hello"]


def test_another_key_is_told(here: Path, settings: object) -> None:
    """Without it, who wrote on Messenger and WhatsApp can't be read."""
    done = back_up(here / "backups")
    settings.SECRET_KEY = "another"  # type: ignore[attr-defined]
    assert any("SECRET_KEY" in note for note in restore(done, replace=True))


def test_a_backup_that_fails_leaves_nothing(here: Path) -> None:
    """Half a backup must not look like one."""
    (here / "tracker.sqlite3").unlink()
    with pytest.raises(OperationFailed, match="No backup was made"):
        back_up(here / "backups")
    assert list((here / "backups").iterdir()) == []


def test_the_commands(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As an operator calls them; an error ends with a sentence."""
    call_command("backup", str(here / "backups"))
    (done,) = (here / "backups").glob("smp-*")
    assert str(done) in capsys.readouterr().out
    with pytest.raises(CommandError, match="Stop all processes"):
        call_command("restore", str(done))
    call_command("restore", str(done), "--replace")
    assert "What visitors deleted since then is there again" in capsys.readouterr().out
    with pytest.raises(CommandError, match="1 or more"):
        call_command("backup", str(here / "backups"), "--keep", "0")


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:////srv/smp/web.sqlite3", "/srv/smp/web.sqlite3"),
        ("sqlite:///var/web.sqlite3", "var/web.sqlite3"),
        ("sqlite:////srv/a%20b/web.sqlite3", "/srv/a b/web.sqlite3"),
        ("postgres://smp:secret@db/smp", None),
    ],
)
def test_where_a_database_is(url: str, file: str | None) -> None:
    """As Django and SQLAlchemy read these addresses."""
    assert Database("web", url).file == (Path(file) if file else None)


@pytest.mark.service
def test_postgresql_comes_back(here: Path, settings_of_web: Config, new_database: str) -> None:
    """Rows as they were; a table made later is not in the way; another database than web's stays."""
    settings_of_web.database_url = new_database
    with psycopg.connect(new_database, autocommit=True) as connection:
        connection.execute("CREATE TABLE said (text TEXT)")
        connection.execute("INSERT INTO said VALUES ('hello')")
    assert [database.copy_name for database in databases()] == ["web.dump", "tracker.sqlite3"]
    done = back_up(here / "backups")
    with psycopg.connect(new_database, autocommit=True) as connection:
        connection.execute("INSERT INTO said VALUES ('later')")
    with pytest.raises(OperationFailed, match="--replace"):
        restore(done)
    restore(done, replace=True)
    with psycopg.connect(new_database) as connection:
        assert connection.execute("SELECT text FROM said").fetchall() == [("hello",)]


@pytest.mark.service
def test_postgresql_that_is_away_is_an_error(tmp_path: Path, new_database: str) -> None:
    """With what pg_dump said, and without the password."""
    parts = urlsplit(new_database)
    url = urlunsplit(parts._replace(netloc="someone:a-password@127.0.0.1:1"))
    with pytest.raises(OperationFailed, match="pg_dump failed") as failed:
        copy(Database("web", url), tmp_path / "web.dump")
    assert "a-password" not in str(failed.value)
