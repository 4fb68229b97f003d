"""What can be wrong with an installation, looked at part by part, each with what to do."""

from __future__ import annotations

import enum
import shutil
import smtplib
import stat
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.core.mail import get_connection
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from redis import RedisError

from shared.clinic import clinic
from web import worker
from web.channels import outbox as channels_outbox
from web.config import config
from web.notifications import outbox
from web.operations.databases import databases

_TIMEOUT_SECONDS = 5
#: With less room than this a busy month fills the disk.
_ROOM_BYTES = 2_000_000_000


class Grade(enum.Enum):
    WELL = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `says` is what was found, or what to do."""

    what: str
    grade: Grade
    says: str


def findings() -> Iterator[Finding]:
    """Look at everything, one after another. Settings that can't be used have stopped the command before."""
    for look in (
        _environment, _clinic, _database, _migrations, _files, _room, _redis, _rasa, _secret, _actions, _worker,
        _notifications, _mail, _channels, _public_address, _staff,
    ):  # fmt: skip
        yield look()


def _well(what: str, says: str) -> Finding:
    return Finding(what, Grade.WELL, says)


def _warning(what: str, says: str) -> Finding:
    return Finding(what, Grade.WARNING, says)


def _failed(what: str, says: str) -> Finding:
    return Finding(what, Grade.FAILED, says)


def _environment() -> Finding:
    if not config().is_production:
        return _warning("Environment", "development: known secrets are accepted. Set ENVIRONMENT=production to serve.")
    if config().trusted_proxies == 0:
        return _warning(
            "Environment", "production, and TRUSTED_PROXIES is 0: behind a proxy all visitors share a limit."
        )
    return _well("Environment", "production, with secrets of its own")


def _clinic() -> Finding:
    known = clinic()
    missing = [name for name in ("name", "phone", "emergency_line", "time_zone", "hours") if not getattr(known, name)]
    if not known.phone:
        return _failed("Clinic", "clinic.yml has no phone: visitors in an outage get the form alone. Fill it in.")
    if missing:
        return _warning("Clinic", f"clinic.yml does not say: {', '.join(missing)}. Replies do without.")
    return _well("Clinic", "clinic.yml is filled in")


def _database() -> Finding:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return _failed("Database", f"does not answer ({type(error).__name__}). Start it, or correct DATABASE_URL.")
    return _well("Database", f"{connection.vendor} answers")


def _migrations() -> Finding:
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return _failed("Tables", "can't be looked at without the database.")
    if waiting:
        return _failed("Tables", f"{len(waiting)} migrations are missing. Run `python -m web migrate`.")
    return _well("Tables", "are those of this version")


def _files() -> Finding:
    """The databases hold what visitors wrote: no one else on the machine should read them."""
    open_to_all = []
    for database in databases():
        file = database.file
        if file is not None and file.is_file():
            if file.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
                open_to_all.append(str(file))
            if config().is_production and not _is_writable(file):
                return _failed("Files", f"{file} can't be written. Give it to the user that runs the assistant.")
    if open_to_all:
        return _warning("Files", f"other users can read {', '.join(open_to_all)}. Run `chmod 600` on each.")
    return _well("Files", "are closed to others")


def _is_writable(file: Path) -> bool:
    try:
        with file.open("r+b"):
            return True
    except OSError:
        return False


def _room() -> Finding:
    folders = {database.file.parent for database in databases() if database.file is not None}
    for folder in {each for each in folders if each.is_dir()}:
        free = shutil.disk_usage(folder).free
        if free < _ROOM_BYTES:
            return _failed("Disk", f"{free // 1_000_000} MB are left at {folder}. Make room before it is full.")
    return _well("Disk", "has room")


def _redis() -> Finding:
    if not config().redis_url:
        return _well("Redis", "is not used: each web process counts for itself")
    try:
        cache.set("doctor", 1, 5)
    except RedisError as error:
        return _failed("Redis", f"does not answer ({type(error).__name__}): nothing is limited. Correct REDIS_URL.")
    return _well("Redis", "answers")


def _get(url: str) -> httpx.Response | None:
    try:
        return httpx.get(url, timeout=_TIMEOUT_SECONDS, trust_env=False)
    except httpx.HTTPError:
        return None


def _rasa() -> Finding:
    models = set()
    for url in config().rasa_urls:
        response = _get(f"{url}/webhooks/gateway/health")
        if response is None:
            return _failed("Rasa", f"{url} does not answer. Start `python -m assistant serve`, or correct RASA_URL.")
        if response.status_code != 200:
            return _failed("Rasa", f"{url} has no model. Run `make train` there and start it again.")
        models.add(str(response.json().get("model"))[:40])
    if len(models) > 1:
        return _warning("Rasa", "servers have different models. `python -m assistant reload` at each of them.")
    return _well("Rasa", f"serves model {', '.join(models)}")


def _secret() -> Finding:
    """Forgetting a conversation that never was is harmless, and needs the secret and Rasa's own database."""
    url = f"{config().rasa_urls[0]}/webhooks/gateway/conversations/{uuid.uuid4().hex}"
    headers = {"Authorization": f"Bearer {config().gateway_secret.get_secret_value()}"}
    try:
        response = httpx.delete(url, headers=headers, timeout=_TIMEOUT_SECONDS, trust_env=False)
    except httpx.HTTPError:
        return _failed("Gateway", "can't be tried without Rasa.")
    if response.status_code == 401:
        return _failed("Gateway", "Rasa does not know our secret. Give both the same GATEWAY_SECRET.")
    if response.status_code != 200:
        return _failed("Gateway", "Rasa's own database fails. Correct TRACKER_DATABASE_URL there.")
    return _well("Gateway", "secret and Rasa's own database are right")


def _actions() -> Finding:
    response = _get(config().action_server_url.removesuffix("/webhook") + "/health")
    if response is None or response.status_code != 200:
        return _failed("Actions", "does not answer: no one is handed over. Start `python -m actions`.")
    return _well("Actions", "answers")


def _from_database(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except DatabaseError:
        return False


def _worker() -> Finding:
    if not _from_database(worker.is_alive):
        return _failed("Worker", "gives no sign of life: nothing is resumed or sent. Start `python -m web worker`.")
    return _well("Worker", "works")


def _notifications() -> Finding:
    if not config().notify_emails and not config().notify_webhook_url:
        return _failed("Notifications", "go nowhere. Set NOTIFY_EMAILS or NOTIFY_WEBHOOK_URL.")
    if not _from_database(lambda: not outbox.are_failing()):
        return _failed("Notifications", "fail; *Deliveries* in the console says why.")
    return _well("Notifications", "are sent")


def _mail() -> Finding:
    if not config().notify_emails:
        return _well("Mail", "is not used")
    if not config().email_host:
        says = "has no server: mails are written to the worker's standard output. Set EMAIL_HOST."
        return _failed("Mail", says) if config().is_production else _warning("Mail", says)
    try:
        mailer = get_connection(fail_silently=False)
        mailer.open()
        mailer.close()
    except (smtplib.SMTPException, OSError) as error:
        return _failed("Mail", f"the server refuses us ({type(error).__name__}). Correct EMAIL_HOST and its login.")
    return _well("Mail", "the server takes our login")


def _channels() -> Finding:
    if not (config().has_messenger or config().has_whatsapp):
        return _well("Channels", "Messenger and WhatsApp are off")
    if not _from_database(lambda: not channels_outbox.are_failing()):
        return _failed("Channels", "sending fails. `python -m web channels check` says why.")
    return _well("Channels", "send; `python -m web channels check` looks closer")


def _public_address() -> Finding:
    response = _get(f"{config().public_url}/health/live")
    if response is None or response.status_code != 200:
        says = f"{config().public_url} does not lead here, seen from this machine. Check proxy, name and certificate."
        return _failed("Public address", says) if config().is_production else _warning("Public address", says)
    return _well("Public address", "leads here")


def _staff() -> Finding:
    try:
        is_there = get_user_model().objects.filter(is_active=True).exists()
    except DatabaseError:
        return _failed("Staff", "can't be looked up without the database.")
    if not is_there:
        return _failed("Staff", "no one can log in. Run `make staff`.")
    return _well("Staff", "can log in")
