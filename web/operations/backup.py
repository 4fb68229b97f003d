"""A backup: a folder with a copy of each database, and what to check them by when they are put back."""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from web.config import config
from web.operations.databases import OperationFailed, copy, databases, is_empty, put_back

_PREFIX, _MANIFEST = "smp-", "manifest.json"


def back_up(folder: Path, *, keep: int | None = None) -> Path:
    """Write a new backup into the folder, and remove all but the newest `keep`.

    Raises:
        OperationFailed: a part could not be copied; nothing that looks like a backup is left of it.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = f"{_PREFIX}{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
    unfinished = folder / f".{name}"
    unfinished.mkdir(mode=0o700)
    try:
        hashes = {}
        for database in databases():
            target = unfinished / database.copy_name
            copy(database, target)
            target.chmod(0o600)
            hashes[target.name] = _hash(target)
        manifest = {"at": datetime.now(UTC).isoformat(), "sha256": hashes, "key": _key()}
        (unfinished / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    except (OperationFailed, OSError) as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise OperationFailed(f"No backup was made. {error}") from error
    done = unfinished.rename(folder / name)
    if keep is not None:
        for old in sorted(folder.glob(f"{_PREFIX}*"))[:-keep]:
            shutil.rmtree(old)
    return done


def restore(backup: Path, *, replace: bool = False) -> list[str]:
    """Put a backup's databases in place; what an operator should know besides.

    Args:
        backup: the folder of one backup.
        replace: also where there are databases now.

    Raises:
        OperationFailed: the backup is not whole, or there is something that would be lost.
    """
    try:
        manifest = json.loads((backup / _MANIFEST).read_text(encoding="utf-8"))
        hashes: dict[str, str] = manifest["sha256"]
    except (OSError, ValueError, KeyError) as error:
        raise OperationFailed(f"{backup} is no backup: it has no readable {_MANIFEST}.") from error
    for database in databases():
        source = backup / database.copy_name
        if not source.is_file() or _hash(source) != hashes.get(source.name):
            raise OperationFailed(f"{source} is missing or was changed. Nothing was changed here.")
        if not replace and not is_empty(database):
            raise OperationFailed(
                f"The {database.name} database is not empty. Stop all processes and use --replace. Nothing was changed."
            )
    for database in databases():
        put_back(database, backup / database.copy_name)
    notes = [f"This is how it was at {manifest.get('at')}. What visitors deleted since then is there again."]
    if manifest.get("key") != _key():
        notes.append(
            "SECRET_KEY or DATA_KEYS are others than at the time of the backup: sessions and form links of then may "
            "be over, contact details and who wrote on Messenger and WhatsApp unreadable. Set the old ones to keep "
            "them."
        )
    return notes


def _hash(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _key() -> str:
    """What tells one set of keys from another, and nothing about it."""
    keys = [settings.SECRET_KEY, config().data_keys.get_secret_value()]
    return hashlib.sha256(f"which keys: {keys}".encode()).hexdigest()[:16]
