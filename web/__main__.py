"""`python -m web serve` runs the public process and `python -m web worker` its worker.

Any other command is Django's own (migrate, createsuperuser ...).
"""

from __future__ import annotations

import asyncio
import os
import resource
import sqlite3
import sys
import threading
import time
import urllib.error
import urllib.request
import warnings

from pydantic import ValidationError

from shared import metrics, starting
from shared.clinic import ClinicFileError, clinic

READY_PATIENCE_SECONDS = 120


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "web.settings")
    try:
        clinic()
        from web.config import config

        config()
    except ClinicFileError as error:
        raise SystemExit(str(error)) from error
    except ValidationError as error:
        problems = "\n".join(
            f"{'.'.join(str(part) for part in item['loc']).upper()}: {item['msg'].removeprefix('Value error, ')}"
            for item in error.errors()
        )
        raise SystemExit(f"The settings can't be used; docs/operator.md explains them.\n{problems}") from error
    if sys.argv[1:2] == ["serve"]:
        _serve()
        return
    if sys.argv[1:2] == ["worker"]:
        _work()
        return
    from django.core.management import execute_from_command_line

    execute_from_command_line(["python -m web", *sys.argv[1:]])


def _serve() -> None:
    starting.begin()
    import django
    import uvicorn

    from web.config import config

    django.setup()
    from web.widget import keep_release

    keep_release()
    # WhiteNoise's: its files are small, and reading one in a thread is what we want.
    warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
    log_is_open = _keep_log_open()  # noqa: F841 (held until the process ends)
    metrics.serve(config().metrics_host, config().web_metrics_port)
    if "--alone" not in sys.argv:  # the demo has no other processes to wait for
        _allow_many_connections()
    from web.asgi import application

    starting.end()
    threading.Thread(target=_say_when_ready, args=(config().web_port,), daemon=True).start()
    uvicorn.run(
        application,
        host=config().web_host,
        port=config().web_port,
        access_log=False,
        lifespan="on",
        # Ours, so that no line of it quotes a visitor either.
        log_config=None,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
    )


def _allow_many_connections() -> None:
    """As many open files as the system allows: each waiting visitor is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _work() -> None:
    import django

    django.setup()
    from web import worker
    from web.config import config
    from web.metrics import register_database

    if config().worker_metrics_port:
        register_database()
        metrics.serve(config().metrics_host, config().worker_metrics_port)

    log_is_open = _keep_log_open()  # noqa: F841 (held until the process ends)
    asyncio.run(worker.run())


def _keep_log_open() -> sqlite3.Connection | None:
    """A connection that stays. When the last one closes, SQLite folds its write-ahead log back into the database; with
    a connection for each request that would be after every message."""
    from django.conf import settings

    database = settings.DATABASES["default"]
    if not database["ENGINE"].endswith("sqlite3"):
        return None
    connection = sqlite3.connect(database["NAME"], check_same_thread=False)
    connection.execute("SELECT count(*) FROM sqlite_master")
    return connection


def _how_to_begin() -> str:
    """What to do while nobody can manage the staff's accounts."""
    from django.contrib.auth.models import User
    from django.db import connections

    from web.console.access import Role

    try:
        found = User.objects.filter(is_active=True, groups__name=Role.ADMINISTRATOR.value).exists()
    finally:
        connections.close_all()
    return "" if found else " (nobody can log in yet: `make staff` makes the first account)"


def _say_when_ready(port: int) -> None:
    """Tell whoever started it the address, once every part answers."""
    deadline = time.monotonic() + READY_PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5) as response:
                if response.status == 200:
                    print(f"Ready: open http://localhost:{port}", flush=True)
                    print(f"For the staff: http://localhost:{port}/console/{_how_to_begin()}", flush=True)
                    return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.3)
    print(f"Not ready yet: http://localhost:{port}/health/ready says which part is down.", flush=True)


if __name__ == "__main__":
    main()
