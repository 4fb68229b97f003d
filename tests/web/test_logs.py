"""The log says what failed and where, and nothing a visitor wrote."""

from __future__ import annotations

import io
import logging
from typing import NoReturn

import pytest
from django.db import DataError, IntegrityError, OperationalError
from django.test import Client, RequestFactory

from tests.web.support import FAULTS, FORM, FakeRasa, Fault, Visitor, a_handoff
from tests.web.test_contact_form import valid
from web import turns
from web.config import Config
from web.contact.forms import ContactForm
from web.contact.links import form_url
from web.logs import is_no_readiness_check

MARKER = "Zanzibar"


def quoting(error: type[Exception]) -> object:
    """A step that fails as databases do: the message quotes the row."""

    def fail(*args: object, **kwargs: object) -> NoReturn:
        raise error(f"DETAIL: Failing row contains ({MARKER})")

    return fail


@pytest.mark.parametrize("fault", FAULTS)
async def test_an_outage_is_logged_without_the_message(
    visitor: Visitor, rasa: FakeRasa, settings_of_web: Config, log: io.StringIO, fault: Fault
) -> None:
    """Which message failed and why, in words of ours."""
    settings_of_web.rasa_timeout_seconds = 0.05
    rasa.fault = fault
    await visitor.send(MARKER)
    assert "Rasa is unavailable" in log.getvalue()
    assert MARKER not in log.getvalue()


@pytest.mark.parametrize("error", [OperationalError, DataError, IntegrityError, RuntimeError, ValueError])
@pytest.mark.parametrize("step", ["receive_and_begin", "_commit"])
async def test_a_failure_is_logged_without_the_message(
    visitor: Visitor, log: io.StringIO, monkeypatch: pytest.MonkeyPatch, error: type[Exception], step: str
) -> None:
    """Whatever step fails and however: the kind of error is in the log, what it quotes is not."""
    monkeypatch.setattr(turns, step, quoting(error))
    response = await visitor.post(client_message_id="1", text=MARKER)
    # A result that the database refuses is an outage for the visitor; any other failure is an error.
    assert response.status_code in (200, 500, 503)
    assert "emergency" in response.text
    assert error.__name__ in log.getvalue()
    assert MARKER not in log.getvalue()
    assert MARKER not in response.text


@pytest.mark.parametrize(
    "body",
    [
        f'{{"client_message_id": "1", "text": "{MARKER}"',
        f'{{"client_message_id": "1", "{MARKER}": 1}}',
        f'{{"client_message_id": "{MARKER} {MARKER}", "text": "{MARKER}"}}',
        f'{{"client_message_id": "1", "choice": "{MARKER}"}}',
        f'{{"client_message_id": "1", "text": "{MARKER * 2000}"}}',
    ],
    ids=["cut off", "unknown field", "bad id", "choice never offered", "too long"],
)
async def test_a_refused_message_is_not_logged(visitor: Visitor, log: io.StringIO, body: str) -> None:
    """The caller's errors are told to the caller."""
    response = await visitor.http.post("/api/chat/messages", content=body, headers=visitor.headers)
    assert response.status_code in (400, 422)
    assert MARKER not in log.getvalue()


async def test_an_answered_message_is_not_logged(visitor: Visitor, rasa: FakeRasa, log: io.StringIO) -> None:
    """A turn that went well, with a handoff and a rating."""
    rasa.says = [a_handoff()]
    sent = await visitor.send(MARKER)
    await visitor.rate(sent["replies"][0]["id"], False, comment=MARKER)
    await visitor.erase()
    assert MARKER not in log.getvalue()


@pytest.mark.django_db
def test_a_form_that_fails_is_logged_without_what_was_sent(log: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """Django's own line on a failed page loses the address with its signed id, and what the error quotes."""
    path = "/contact/" + form_url("00000000-0000-0000-0000-000000000000").removeprefix(FORM)
    monkeypatch.setattr(ContactForm, "save", quoting(DataError))
    client = Client(raise_request_exception=False)
    response = client.post(path, {**valid(), "name": MARKER, "message": MARKER})
    assert response.status_code == 500
    written = log.getvalue()
    assert "A request ended with status 500" in written
    assert "web/contact/views.py" in written
    assert written.rstrip().endswith("DataError")
    assert MARKER not in written
    assert path not in written


@pytest.mark.django_db
def test_a_form_that_was_refused_is_not_logged(log: io.StringIO) -> None:
    """Wrong fields and a missing CSRF token are the visitor's to correct."""
    Client().post("/contact/", {"name": MARKER, "phone": MARKER})
    Client(enforce_csrf_checks=True).post("/contact/", {"name": MARKER})
    Client().get(f"/{MARKER}", headers={"Host": f"{MARKER}.example"})
    assert MARKER.lower() not in log.getvalue().lower()


def test_a_chain_of_errors_is_logged_by_type(log: io.StringIO) -> None:
    """Each error of a chain may quote a visitor; where each happened does not."""

    def fail() -> NoReturn:
        try:
            raise KeyError(MARKER)
        except KeyError as error:
            raise RuntimeError(MARKER) from error

    try:
        fail()
    except RuntimeError:
        logging.getLogger("another.library").exception("It failed")
    written = log.getvalue()
    assert "RuntimeError\ncaused by\n" in written
    assert written.rstrip().endswith("KeyError")
    assert __file__ in written
    assert f'KeyError("{MARKER}' not in written
    assert f"KeyError: '{MARKER}'" not in written
    assert f"RuntimeError: {MARKER}" not in written


def test_a_readiness_check_that_says_no_is_no_error_line() -> None:
    """`/health/ready` is asked again and again while the parts start; its 503 is an answer."""
    requests = RequestFactory()

    def line(path: str) -> logging.LogRecord:
        return logging.makeLogRecord({"request": requests.get(path), "status_code": 503})

    assert not is_no_readiness_check(line("/health/ready"))
    assert not is_no_readiness_check(line("/health"))
    assert is_no_readiness_check(line("/api/chat/messages"))
    assert is_no_readiness_check(logging.makeLogRecord({}))
