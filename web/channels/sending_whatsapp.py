"""Sending to WhatsApp, through pywa."""

from __future__ import annotations

from typing import Any

import httpx
from pywa_async.client import WhatsApp
from pywa_async.errors import WhatsAppError
from pywa_async.types.callback import Button, Section, SectionList, SectionRow, URLButton

from web.channels import graph
from web.channels.events import NO_CODE, Person, Problem
from web.config import config

LIST_TITLE = "Choose"


def _client() -> WhatsApp:
    def make() -> WhatsApp:
        token = config().whatsapp_token.get_secret_value()
        session = graph.new_client(token)
        client = WhatsApp(
            phone_id=config().whatsapp_phone_number_id,
            token=token,
            session=session,
            api_version=config().graph_version.removeprefix("v"),
        )
        # pywa knows Meta's address only; the simulator has another.
        session.base_url = httpx.URL(graph.base_url())
        return client

    client: WhatsApp = graph.of_this_loop("whatsapp", make)
    return client


def _buttons(part: dict[str, Any]) -> Any:
    if "buttons" in part:
        return [Button(title=each["title"], callback_data=each["id"]) for each in part["buttons"]]
    if "rows" in part:
        rows = [
            SectionRow(title=each["title"], callback_data=each["id"], description=each["description"] or None)
            for each in part["rows"]
        ]
        return SectionList(button_title=LIST_TITLE, sections=[Section(title=LIST_TITLE, rows=rows)])
    if "link" in part:
        return URLButton(title=part["link"]["title"], url=part["link"]["url"])
    return None


async def send(person: Person, part: dict[str, Any], key: str) -> str:
    """Send a part; the id under which WhatsApp took it. `key` comes back in the statuses.

    Raises:
        NotSent, OutcomeUnknown
    """
    try:
        sent = await _client().send_message(
            to=person.user or person.phone, text=part["text"], buttons=_buttons(part), tracker=key
        )
    except WhatsAppError as error:
        if error.raw_response is not None:
            raise graph.failure(error.raw_response) from error
        raise graph.NotSent(Problem(error.code, error.subcode or 0)) from error
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise graph.NotSent(Problem(NO_CODE, status=503)) from error
    except (httpx.HTTPError, ValueError, KeyError, IndexError, TypeError) as error:
        raise graph.OutcomeUnknown(type(error).__name__) from error
    return str(sent.id)


async def show_seen(message_id: str) -> None:
    """Mark a message as read and show that an answer is being written: one call."""
    await _client().indicate_typing(message_id)
