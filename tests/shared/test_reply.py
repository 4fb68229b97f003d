"""The reply format: what holds of every reply, whatever made it."""

from __future__ import annotations

import uuid
from typing import get_args

import pytest
from pydantic import ValidationError

from shared.reply import (
    EMERGENCY_CARE,
    KIND_ORDER,
    MAX_CHOICE_DESCRIPTION,
    MAX_CHOICE_ID_BYTES,
    MAX_CHOICE_TITLE,
    Care,
    Choice,
    Handoff,
    Kind,
    Reply,
    Source,
    Turn,
    Understood,
)

KINDS = get_args(Kind)
CARES = (*get_args(Care), None)
NOTHING = Understood(intent=None, topics=[], confidence=0.0)


def turn_of(*kinds: str) -> Turn:
    replies = [
        Reply(text="Words.", kind=kind, care="er_now" if kind == "emergency" else None)  # type: ignore[arg-type]
        for kind in kinds
    ]
    return Turn(replies=replies, understood=NOTHING)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("care", CARES)
def test_kind_is_emergency_exactly_when_care_is_one(kind: str, care: str | None) -> None:
    """No emergency without its care level, and no such care level on anything else."""
    fields = {"text": "Words.", "kind": kind, "care": care}
    if (kind == "emergency") == (care in EMERGENCY_CARE):
        assert Reply.model_validate(fields).care == care
    else:
        with pytest.raises(ValidationError, match="emergency exactly when"):
            Reply.model_validate(fields)


def test_every_kind_has_a_place_in_the_order() -> None:
    """A kind without a place would leave a turn without a kind."""
    assert sorted(KIND_ORDER) == sorted(KINDS)


@pytest.mark.parametrize("first", range(len(KIND_ORDER)))
def test_the_kind_of_a_turn_is_the_first_in_order(first: int) -> None:
    """The most pressing reply gives the turn its kind, wherever it stands."""
    assert turn_of(*reversed(KIND_ORDER[first:])).kind == KIND_ORDER[first]


def test_a_silent_turn_has_no_kind() -> None:
    """Nothing said is no kind of reply."""
    assert turn_of().kind is None


def test_the_topics_of_a_turn_are_all_of_them_once() -> None:
    """Topics keep the order they were said in; replies without one add nothing."""
    replies = [Reply(text="Words.", kind="answer", topic=topic) for topic in ("pain", None, "mri", "pain")]
    assert Turn(replies=replies, understood=NOTHING).topics == ["pain", "mri"]


def test_a_choice_at_its_limits_is_valid() -> None:
    """The limits are those of the narrowest channel, and themselves allowed."""
    choice = Choice(
        id="i" * MAX_CHOICE_ID_BYTES, title="t" * MAX_CHOICE_TITLE, description="d" * MAX_CHOICE_DESCRIPTION
    )
    assert len(choice.id) == MAX_CHOICE_ID_BYTES


@pytest.mark.parametrize(
    "fields",
    [
        {"id": "", "title": "t"},
        {"id": "i" * (MAX_CHOICE_ID_BYTES + 1), "title": "t"},
        {"id": "é" * (MAX_CHOICE_ID_BYTES // 2 + 1), "title": "t"},
        {"id": "i", "title": ""},
        {"id": "i", "title": "t" * (MAX_CHOICE_TITLE + 1)},
        {"id": "i", "title": "t", "description": "d" * (MAX_CHOICE_DESCRIPTION + 1)},
        {"id": "i", "title": "t", "payload": "/x"},
    ],
)
def test_a_choice_beyond_its_limits_is_refused(fields: dict[str, str]) -> None:
    """An id is counted in bytes; nothing else may ride along."""
    with pytest.raises(ValidationError):
        Choice.model_validate(fields)


def test_an_empty_text_is_no_reply() -> None:
    """A blank bubble is silence."""
    with pytest.raises(ValidationError):
        Reply(text="", kind="answer")


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://host.example/x", "page"])
def test_a_source_is_a_web_address(url: str) -> None:
    """A link that runs or leads nowhere is refused."""
    with pytest.raises(ValidationError):
        Source.model_validate({"title": "t", "publisher": "p", "url": url})


def test_a_handoff_id_is_a_uuid() -> None:
    """The log keeps handoffs by it, so any other id could never be stored."""
    known = uuid.uuid4()
    assert Handoff(id=known.hex, reason="booking", status="offered").id == str(known)
    with pytest.raises(ValidationError):
        Handoff(id="1", reason="booking", status="offered")
