"""What tests of every folder use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connections

from shared.clinic import clinic

#: A made-up clinic; the number is one of those kept for fiction.
CLINIC = """\
name: Example Clinic
phone: "+13105550100"
country: US
emergency_line: "911"
"""

WriteClinic = Callable[[str], Path]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """SQLite tests run on a file, as the product does: locks and WAL are those of a file."""
    database = connections.databases["default"]
    if database["ENGINE"] == "django.db.backends.sqlite3":
        database["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(autouse=True, scope="session")
def _the_record_can_be_emptied() -> Iterator[None]:
    """Between tests the database is emptied, which the record's own guards refuse."""
    from django.db.backends.base.operations import BaseDatabaseOperations

    from web.privacy import append_only

    original = BaseDatabaseOperations.execute_sql_flush

    def execute(self: BaseDatabaseOperations, sql_list: list[str]) -> None:
        append_only.lift(self.connection)
        original(self, sql_list)
        append_only.enforce(self.connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseOperations, "execute_sql_flush", execute)
        yield


@pytest.fixture
def write_clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WriteClinic]:
    """Write a clinic file that this process then uses as its clinic."""

    def write(content: str) -> Path:
        path = tmp_path / "clinic.yml"
        path.write_text(content, encoding="utf-8")
        monkeypatch.setenv("CLINIC_FILE", str(path))
        clinic.cache_clear()
        return path

    yield write
    clinic.cache_clear()
