"""The names of requests and conversations in logs."""

from __future__ import annotations

import pytest

from shared import trace


@pytest.fixture(autouse=True)
def _no_request() -> None:
    trace.end()


@pytest.mark.parametrize("given", ["", "short", "a" * 65, "with blank", "line\nbreak-1", "{json}-12345", "ümlaut-123"])
def test_a_name_that_could_forge_a_line_is_not_taken(given: str) -> None:
    """A request from outside gets a name of ours instead."""
    named = trace.begin(given)
    assert named != given
    assert trace.request_id.get() == named


def test_a_fit_name_is_kept() -> None:
    """A proxy's own log and ours name the same request alike."""
    assert trace.begin("0123abcd-proxy") == "0123abcd-proxy"


def test_names_travel_in_headers() -> None:
    """What one process sends the next takes over; anything else is left out."""
    trace.begin("request-one")
    trace.conversation_id.set("0123456789ab")
    sent = trace.headers()
    trace.end()
    assert trace.headers() == {}
    trace.take_over({name.lower(): value for name, value in sent.items()})
    assert trace.headers() == sent
    trace.take_over({trace.REQUEST_HEADER: "no name\n", trace.CONVERSATION_HEADER: "x"})
    assert trace.headers() == {}


def test_a_conversations_name_is_of_no_use_without_the_key() -> None:
    """The same conversation has the same name, another key or conversation another, and the id is not in it."""
    one = trace.opaque("3f2a", "a key")
    assert one == trace.opaque("3f2a", "a key")
    assert len({one, trace.opaque("3f2b", "a key"), trace.opaque("3f2a", "b key")}) == 3
    assert "3f2a" not in one


def test_work_that_goes_on_alone_knows_its_request() -> None:
    """A new context has the names and nothing else."""
    trace.begin("request-one")
    assert trace.alone().run(trace.request_id.get) == "request-one"
