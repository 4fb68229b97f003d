"""Lines of the log: nothing a visitor wrote, no forged line, and the request they are about."""

from __future__ import annotations

import json
import logging
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import trace
from shared.logs import Json, NoVisitorText

MARKER = "Zanzibar"
LINES = (NoVisitorText(), Json())


def record(
    message: str, *args: object, name: str = "web", level: int = logging.ERROR, **more: object
) -> logging.LogRecord:
    made = logging.LogRecord(name, level, __file__, 1, message, args, None)
    made.__dict__.update(more)
    return made


def failure() -> logging.LogRecord:
    def fail() -> NoReturn:
        raise ValueError(MARKER)

    try:
        fail()
    except ValueError as error:
        return record("It failed", exc_info=(type(error), error, error.__traceback__))


@given(text=st.text(), field=st.text())
def test_no_text_makes_a_line_of_its_own(text: str, field: str) -> None:
    """Whatever is logged, it is one line, and no control character reaches a terminal."""
    logged = record("Got %s", text, fields={"field": field})
    for form in LINES:
        written = form.format(logged)
        assert len(written.splitlines()) == 1
        assert "\x1b" not in written
    assert json.loads(Json().format(logged))["message"] == f"Got {text}"


@pytest.mark.parametrize("form", LINES, ids=["plain", "json"])
def test_an_error_is_told_by_its_type_and_place(form: logging.Formatter) -> None:
    """The message of an exception may quote a visitor; its type and the code do not."""
    written = form.format(failure())
    assert "ValueError" in written
    assert "test_logs.py" in written
    assert MARKER not in written


@pytest.mark.parametrize("name", ["sanic.error", "rasa_sdk.endpoint", "django.request", "django.security.csrf"])
def test_servers_lines_about_a_request_are_rewritten(name: str) -> None:
    """Django, Sanic and the action server quote the request itself."""
    for form in LINES:
        assert MARKER not in form.format(record(f"Exception in {MARKER}", name=name))


def test_a_json_line_names_what_it_is_about() -> None:
    """Request, conversation and fields are keys of their own, for a search."""
    trace.take_over({trace.REQUEST_HEADER: "request-1", trace.CONVERSATION_HEADER: "abcdef012345"})
    try:
        line = json.loads(Json().format(record("Done", fields={"ms": 12})))
    finally:
        trace.end()
    assert (line["request"], line["conversation"], line["ms"]) == ("request-1", "abcdef012345", 12)
    assert line["level"] == "ERROR"
    assert line["time"].endswith("+00:00")


def test_a_line_outside_of_a_request_names_none() -> None:
    """No empty names."""
    line = json.loads(Json().format(record("Started")))
    assert "request" not in line
    assert NoVisitorText().format(record("Started")) == "ERROR web: Started"
