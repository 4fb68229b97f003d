"""Sending to Messenger, through its Send API."""

from __future__ import annotations

from typing import Any

import httpx

from web.channels import graph
from web.channels.events import NO_CODE, Person, Problem, word
from web.config import config


def _client() -> httpx.AsyncClient:
    def make() -> httpx.AsyncClient:
        token = config().messenger_page_token.get_secret_value()
        return graph.new_client(token, headers={"Authorization": f"Bearer {token}"})

    client: httpx.AsyncClient = graph.of_this_loop("messenger", make)
    return client


def _message(part: dict[str, Any], key: str) -> dict[str, Any]:
    if actions := part.get("actions"):
        buttons = [
            {"type": "phone_number", "title": each["title"], "payload": each["value"]}
            if each["type"] == "phone"
            else {"type": "web_url", "title": each["title"], "url": each["value"]}
            for each in actions
        ]
        payload = {"template_type": "button", "text": part["text"], "buttons": buttons}
        return {"attachment": {"type": "template", "payload": payload}, "metadata": key}
    message: dict[str, Any] = {"text": part["text"], "metadata": key}
    if replies := part.get("quick_replies"):
        message["quick_replies"] = [
            {"content_type": "text", "title": each["title"], "payload": each["id"]} for each in replies
        ]
    return message


async def _post(body: dict[str, Any]) -> httpx.Response:
    response = await _client().post(f"{graph.base_url()}/{config().messenger_page_id}/messages", json=body)
    if response.status_code >= 400:
        raise graph.failure(response)
    return response


async def send(person: Person, part: dict[str, Any], key: str) -> str:
    """Send a part; the id under which Messenger took it. `key` comes back in the echo.

    Raises:
        NotSent, OutcomeUnknown
    """
    body = {"recipient": {"id": person.user}, "messaging_type": "RESPONSE", "message": _message(part, key)}
    try:
        answer = (await _post(body)).json()
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise graph.NotSent(Problem(NO_CODE, status=503)) from error
    except (httpx.HTTPError, ValueError) as error:
        raise graph.OutcomeUnknown(type(error).__name__) from error
    taken = word(answer.get("message_id")) if isinstance(answer, dict) else ""
    if not taken:
        raise graph.OutcomeUnknown("no id")
    return taken


async def show_seen(person: Person) -> None:
    """Mark the conversation as read and show that an answer is being written."""
    for action in ("mark_seen", "typing_on"):
        await _post({"recipient": {"id": person.user}, "sender_action": action})
