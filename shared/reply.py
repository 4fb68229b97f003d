"""The reply: one format from the model to every channel."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, HttpUrl, model_validator

Kind = Literal["answer", "handoff", "emergency", "clarify", "out_of_scope", "smalltalk", "refuse", "form", "notice"]
Care = Literal["emergency_call", "er_now", "doctor_today", "dermatologist"]
Reason = Literal[
    "booking",
    "prices",
    "hours_location",
    "personal_medical",
    "complaint",
    "records_data",
    "human",
    "minor",
    "language",
    "unanswered",
    "not_understood",
]
EMERGENCY_CARE: frozenset[Care] = frozenset({"emergency_call", "er_now"})

#: The kind of a turn is the first of these that one of its replies has.
KIND_ORDER: tuple[Kind, ...] = (
    "emergency",
    "refuse",
    "form",
    "handoff",
    "answer",
    "clarify",
    "out_of_scope",
    "smalltalk",
    "notice",
)

MAX_CHOICE_ID_BYTES = 200
MAX_CHOICE_TITLE = 20
MAX_CHOICE_DESCRIPTION = 72


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Source(_Part):
    """Where a sentence of an answer comes from; only sources that were read are ever shown."""

    title: str
    publisher: str
    url: HttpUrl


class Choice(_Part):
    """One thing a visitor may tap. The id is valid only in the conversation it was offered in."""

    id: Annotated[str, Field(min_length=1)]
    title: Annotated[str, Field(min_length=1, max_length=MAX_CHOICE_TITLE)]
    description: Annotated[str, Field(max_length=MAX_CHOICE_DESCRIPTION)] = ""

    @model_validator(mode="after")
    def _id_fits_every_channel(self) -> Self:
        if len(self.id.encode()) > MAX_CHOICE_ID_BYTES:
            raise ValueError(f"a choice id is at most {MAX_CHOICE_ID_BYTES} bytes")
        return self


class Contact(_Part):
    """How to reach the clinic. `form_url` is None until `web` fills in its own form."""

    phone: str | None
    phone_text: str | None
    form_url: str | None


class Review(_Part):
    """A clinician's signature over this very wording."""

    by: str
    on: date


def _uuid(text: str) -> str:
    return str(uuid.UUID(text))


class Handoff(_Part):
    """A visitor handed to the clinic. `request` holds what the visitor left: name, phone, e-mail, best time."""

    id: Annotated[str, AfterValidator(_uuid)]
    reason: Reason
    status: Literal["offered", "collecting", "requested", "cancelled"]
    request: dict[str, str] | None = None


RequestState = Literal["new", "in_progress", "done"]


class StoredRequest(_Part):
    """A call-back request that web has stored, told to Rasa with each turn: only web knows what is committed."""

    handoff: Annotated[str, AfterValidator(_uuid)] | None = None
    state: RequestState


class Reply(_Part):
    """One thing said to the visitor."""

    text: Annotated[str, Field(min_length=1)]
    kind: Kind
    topic: str | None = None
    care: Care | None = None
    sources: list[Source] = []
    reviewed: Review | None = None
    choices: list[Choice] = []
    contact: Contact | None = None
    handoff: Handoff | None = None

    @model_validator(mode="after")
    def _emergency_exactly_when_care_says_so(self) -> Self:
        if (self.kind == "emergency") != (self.care in EMERGENCY_CARE):
            raise ValueError("kind is emergency exactly when care is emergency_call or er_now")
        return self


class Ranked(_Part):
    """One candidate of the model, with its probability from 0 to 1."""

    label: str
    confidence: float


class Understood(_Part):
    """What the model made of a message. Stays inside; no visitor sees it."""

    intent: str | None
    topics: list[str]
    confidence: float
    ranking: list[Ranked] = []
    rules: list[str] = []
    actions: list[str] = []
    model: str | None = None


class Turn(_Part):
    """All that came of one message."""

    replies: list[Reply]
    understood: Understood

    @property
    def kind(self) -> Kind | None:
        """The turn's kind: the first of `KIND_ORDER` among its replies; None when nothing was said."""
        kinds = {reply.kind for reply in self.replies}
        return next((kind for kind in KIND_ORDER if kind in kinds), None)

    @property
    def topics(self) -> list[str]:
        """Every topic said, in order, once."""
        return list(dict.fromkeys(reply.topic for reply in self.replies if reply.topic))
