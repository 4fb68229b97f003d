"""The doctor finds what is wrong, says what to do, and calls nothing well that is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone
from redis import RedisError

from tests.conftest import CLINIC, WriteClinic
from web.config import Config
from web.conversations.models import WorkerBeat
from web.operations import doctor
from web.operations.doctor import Finding, Grade, findings

pytestmark = pytest.mark.django_db

FULL = CLINIC + 'time_zone: America/Los_Angeles\nhours:\n  monday: ["09:00-17:00"]\n'


class Parts:
    """Rasa, the action server and the public address; what each answers can be changed."""

    def __init__(self) -> None:
        self.answers: dict[str, int] = {}

    def __call__(self, method: str, url: str, **_: object) -> httpx.Response:
        for part, status in self.answers.items():
            if part in url:
                if status == 0:
                    raise httpx.ConnectError("refused")
                return httpx.Response(status, json={"model": "a-model"})
        return httpx.Response(200, json={"model": "a-model"})


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> Parts:
    made = Parts()
    monkeypatch.setattr(httpx, "get", lambda url, **more: made("GET", url, **more))
    monkeypatch.setattr(httpx, "delete", lambda url, **more: made("DELETE", url, **more))
    return made


@pytest.fixture(autouse=True)
def _all_is_well(
    parts: Parts, settings_of_web: Config, write_clinic: WriteClinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installation in production with nothing wrong."""
    write_clinic(FULL)
    settings_of_web.environment = "production"
    settings_of_web.trusted_proxies = 1
    settings_of_web.email_host = "mail.example"
    settings_of_web.database_url = f"sqlite:///{tmp_path / 'web.sqlite3'}"
    settings_of_web.tracker_database_url = f"sqlite:///{tmp_path / 'tracker.sqlite3'}"
    for name in ("web", "tracker"):
        (tmp_path / f"{name}.sqlite3").touch(0o600)
    monkeypatch.setattr(doctor, "_ROOM_BYTES", 1)
    WorkerBeat.objects.create(pk=1, at=timezone.now())
    get_user_model().objects.create_user("staff")


def found(what: str) -> Finding:
    (finding,) = (one for one in findings() if one.what == what)
    return finding


def test_a_healthy_installation_is_called_so(capsys: pytest.CaptureFixture[str]) -> None:
    """Every part is looked at, and each is well."""
    assert [one for one in findings() if one.grade is not Grade.WELL] == []
    call_command("doctor")
    assert "Nothing has to be put right." in capsys.readouterr().out


def no_worker(parts: Parts, config: Config, folder: Path) -> None:
    WorkerBeat.objects.all().delete()


def no_staff(parts: Parts, config: Config, folder: Path) -> None:
    get_user_model().objects.all().delete()


def nowhere_to_tell(parts: Parts, config: Config, folder: Path) -> None:
    config.notify_emails, config.notify_webhook_url = [], ""


def no_mail_server(parts: Parts, config: Config, folder: Path) -> None:
    config.email_host = ""


def answering(part: str, status: int) -> Callable[[Parts, Config, Path], None]:
    def breaks(parts: Parts, config: Config, folder: Path) -> None:
        parts.answers[part] = status

    return breaks


BROKEN: list[tuple[str, Callable[[Parts, Config, Path], None], str]] = [
    ("Rasa", answering("gateway/health", 0), "python -m assistant serve"),
    ("Rasa", answering("gateway/health", 503), "make train"),
    ("Gateway", answering("gateway/conversations", 401), "GATEWAY_SECRET"),
    ("Gateway", answering("gateway/conversations", 503), "TRACKER_DATABASE_URL"),
    ("Actions", answering("5055/health", 0), "python -m actions"),
    ("Public address", answering("/health/live", 502), "certificate"),
    ("Worker", no_worker, "python -m web worker"),
    ("Staff", no_staff, "make staff"),
    ("Notifications", nowhere_to_tell, "NOTIFY_EMAILS"),
    ("Mail", no_mail_server, "EMAIL_HOST"),
]


@pytest.mark.parametrize(("what", "breaks", "says"), BROKEN, ids=[f"{what}: {says}" for what, _, says in BROKEN])
def test_what_is_broken_is_found(
    parts: Parts,
    settings_of_web: Config,
    tmp_path: Path,
    what: str,
    breaks: Callable[[Parts, Config, Path], None],
    says: str,
) -> None:
    """The part is named, with what to do; the command ends with an error."""
    breaks(parts, settings_of_web, tmp_path)
    finding = found(what)
    assert finding.grade is Grade.FAILED
    assert says in finding.says
    with pytest.raises(CommandError, match="to put right"):
        call_command("doctor")


def test_redis_that_is_away_is_found(settings_of_web: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is set; otherwise it is not missed."""
    settings_of_web.redis_url = "redis://127.0.0.1:1/0"

    class Cache:
        def set(self, *_: object) -> None:
            raise RedisError

    monkeypatch.setattr(doctor, "cache", Cache())
    assert found("Redis").grade is Grade.FAILED


def test_a_file_that_others_can_read_is_told(tmp_path: Path) -> None:
    """It holds what visitors wrote."""
    (tmp_path / "web.sqlite3").chmod(0o644)
    assert found("Files").grade is Grade.WARNING


def test_a_full_disk_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it is full."""
    monkeypatch.setattr(doctor, "_ROOM_BYTES", 10**18)
    assert found("Disk").grade is Grade.FAILED


def test_tables_of_an_earlier_version_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command that makes them is named."""
    monkeypatch.setattr(doctor.MigrationExecutor, "migration_plan", lambda *_: [("a migration", False)])
    assert "python -m web migrate" in found("Tables").says


def test_what_the_clinic_does_not_say_is_told(write_clinic: WriteClinic) -> None:
    """Without a phone nothing is left but the form; without hours replies do without."""
    write_clinic("name: Example Clinic\n")
    assert found("Clinic").grade is Grade.FAILED
    write_clinic(CLINIC)
    assert found("Clinic").grade is Grade.WARNING


def test_development_is_no_way_to_serve(settings_of_web: Config) -> None:
    """Known secrets are accepted there."""
    settings_of_web.environment = "development"
    assert found("Environment").grade is Grade.WARNING
