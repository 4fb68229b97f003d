"""What only production has: secure cookies of one host, HTTPS for a year, JSON in the log, no known secret."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from web.config import ROOT

_ASK = """
import json, logging, sys
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client
get_user_model().objects.create_user("someone", password="a long password of theirs")
client = Client(headers={"Host": "chat.clinic.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"})
form = client.get("/contact/")
login = client.post("/console/login", {"username": "someone", "password": "a long password of theirs"}, follow=False)
cookies = {}
for response in (form, login):
    for name, morsel in response.cookies.items():
        cookies[name] = {key: morsel[key] for key in ("secure", "httponly", "samesite", "path", "domain")}
logging.getLogger("web").error("A line\\nand another")
plain = Client(headers={"Host": "chat.clinic.example"}).get("/contact/")
print(json.dumps({
    "debug": settings.DEBUG,
    "status": [form.status_code, login.status_code],
    "headers": dict(form.headers),
    "cookies": cookies,
    "trace": client.generic("TRACE", "/contact/").status_code,
    "listing": client.get("/static/web/").status_code,
    "git": client.get("/.git/HEAD").status_code,
    "hosts": Client(headers={"Host": "evil.example"}).get("/contact/").status_code,
    "error": client.get("/nowhere").content.decode()[:4000],
}))
"""


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A process with production's settings, asked for a form and a login; its log is under `log`."""
    folder: Path = tmp_path_factory.mktemp("production")
    environment = {
        **os.environ,
        "ENVIRONMENT": "production",
        **dict.fromkeys(("SECRET_KEY", "GATEWAY_SECRET", "RECORD_KEY", "DATA_KEYS"), "x" * 48),
        "PUBLIC_URL": "https://chat.clinic.example",
        "ALLOWED_HOSTS": "chat.clinic.example",
        "TRUSTED_PROXIES": "1",
        "DATABASE_URL": f"sqlite:///{folder / 'web.sqlite3'}",
        "WIDGET_RELEASES": str(folder / "widget"),
        "DJANGO_SETTINGS_MODULE": "web.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", _ASK], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {**told, "log": done.stderr}


def test_https_is_for_good(production: dict[str, Any]) -> None:
    """For a year, and for what is below the host too."""
    assert production["headers"]["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_cookies_belong_to_this_host_alone(production: dict[str, Any]) -> None:
    """Named so that a browser insists on it; over HTTPS only; not sent along from other sites."""
    assert production["cookies"]
    for name, cookie in production["cookies"].items():
        assert name.startswith("__Host-")
        assert cookie["secure"] is True
        assert cookie["samesite"] == "Lax"
        assert (cookie["path"], cookie["domain"]) == ("/", "")


def test_a_login_is_no_scripts_business(production: dict[str, Any]) -> None:
    """The session's cookie can't be read by a script."""
    assert production["status"] == [200, 302]
    assert production["cookies"]["__Host-session"]["httponly"] is True


def test_nothing_is_shown_that_helps_an_attacker(production: dict[str, Any]) -> None:
    """No debug page, no listing of files, no version control, no TRACE, no foreign host."""
    assert production["debug"] is False
    assert production["trace"] == 405
    assert production["listing"] == 404
    assert production["git"] == 404
    assert production["hosts"] == 400
    assert "Traceback" not in production["error"]
    assert "urlpatterns" not in production["error"]


def test_the_log_is_json(production: dict[str, Any]) -> None:
    """Each line is one object, whatever is in its text."""
    lines = [json.loads(line) for line in production["log"].splitlines() if line.startswith("{")]
    assert "A line\nand another" in [line["message"] for line in lines]
    assert {line["logger"] for line in lines} >= {"web", "web.requests"}


@pytest.mark.parametrize("command", [["web", "migrate"], ["assistant", "serve"]], ids=["web", "rasa"])
def test_no_process_starts_with_a_known_secret(command: list[str], tmp_path: Path) -> None:
    """What is missing is named."""
    environment = {**os.environ, "ENVIRONMENT": "production", "MODELS_DIRECTORY": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "GATEWAY_SECRET" in done.stdout + done.stderr
