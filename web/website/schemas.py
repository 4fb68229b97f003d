"""What the website API is sent."""

from __future__ import annotations

import re
import uuid
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictStr, model_validator

from shared.reply import MAX_CHOICE_ID_BYTES
from web.text import MAX_TEXT, readable


def _path_only(page: str) -> str:
    """The path of a page's address; what follows a `?` may hold personal data."""
    return re.sub(r"[^\x21-\x7e]", "", urlsplit(page).path)[:200]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SessionBody(_Body):
    """`POST /api/chat/sessions`"""

    language: Annotated[StrictStr, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?$")] | None = None
    page: Annotated[StrictStr, Field(max_length=2000), AfterValidator(_path_only)] | None = None


class MessageBody(_Body):
    """`POST /api/chat/messages`: text, or the id of a choice."""

    client_message_id: Annotated[StrictStr, Field(pattern=r"^[A-Za-z0-9._:-]{1,64}$")]
    text: Annotated[StrictStr, Field(max_length=MAX_TEXT), AfterValidator(readable)] | None = None
    choice: Annotated[StrictStr, Field(min_length=1, max_length=MAX_CHOICE_ID_BYTES)] | None = None

    @model_validator(mode="after")
    def _text_or_choice(self) -> Self:
        if (self.text is None) == (self.choice is None):
            raise ValueError("send either text or choice")
        if self.text == "":
            raise ValueError("the text is empty")
        return self


class FeedbackBody(_Body):
    """`POST /api/chat/feedback`"""

    reply_id: uuid.UUID
    helpful: StrictBool
    comment: Annotated[StrictStr, Field(max_length=1000), AfterValidator(readable)] = ""
