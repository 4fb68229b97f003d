"""A Graph API that does as it is told, and short ways through the channels."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
from asgiref.sync import sync_to_async
from django.utils import timezone

from evaluation.meta import rules
from evaluation.meta.payloads import PHONE_NUMBER_ID, Body, Someone
from evaluation.meta.simulator import error_body
from web import turns, waiting
from web.channels import delivering, intake
from web.channels.models import Delivery
from web.conversations.models import Conversation, Message

Answer = Callable[[httpx.Request], httpx.Response]


class FakeGraph:
    """Takes what Meta would take. `next` holds what to answer instead, one call to send after another."""

    def __init__(self) -> None:
        self.sent: list[Body] = []
        self.signals: list[Body] = []
        self.next: list[httpx.Response | Exception] = []

    @property
    def texts(self) -> list[str]:
        """What visitors read."""
        return [text_of(body) for body in self.sent]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        assert request.url.params["appsecret_proof"]
        assert request.headers["Authorization"]
        if "sender_action" in body or body.get("status") == "read":
            self.signals.append(body)
            return httpx.Response(200, json={"success": True})
        if self.next:
            answer = self.next.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        is_whatsapp = f"/{PHONE_NUMBER_ID}/" in request.url.path
        problem = rules.whatsapp_problem(body) if is_whatsapp else rules.messenger_problem(body)
        if problem:
            return httpx.Response(400, json=error_body(problem))
        self.sent.append(body)
        id_ = f"id-{len(self.sent)}"
        if is_whatsapp:
            contacts = [{"input": "1", "wa_id": "13105550007"}]
            return httpx.Response(
                200, json={"messaging_product": "whatsapp", "contacts": contacts, "messages": [{"id": id_}]}
            )
        return httpx.Response(200, json={"recipient_id": "1", "message_id": id_})


def failure(code: int, subcode: int = 0, status: int = 400, **headers: str) -> httpx.Response:
    """An error of the Graph API."""
    return httpx.Response(status, json=error_body(code, subcode), headers=headers)


def text_of(body: Body) -> str:
    """The text of a message as it was sent."""
    message = body.get("message") or body
    for path in (("text", "body"), ("interactive", "body", "text"), ("attachment", "payload", "text"), ("text",)):
        value: Any = message
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, str):
            return value
    return ""


def read(*bodies: Body) -> None:
    """Webhooks arrive and are read."""
    for body in bodies:
        channel = "whatsapp" if body["object"] == "whatsapp_business_account" else "messenger"
        intake.store(channel, json.dumps(body).encode())
    while intake.read_waiting():
        pass


async def arrive(*bodies: Body) -> None:
    """Webhooks arrive, are read, and what they hold is answered; nothing is sent yet."""
    await sync_to_async(read)(*bodies)
    for conversation in await sync_to_async(waiting.new_on_channels)(timezone.now(), 100):
        await turns.resume(conversation)


async def deliver() -> None:
    """Everything due is sent."""
    for conversation in await sync_to_async(delivering.waiting_conversations)(100):
        await delivering.deliver(conversation)


async def ask(*bodies: Body) -> None:
    """Webhooks arrive, are answered, and the answers are sent."""
    await arrive(*bodies)
    await deliver()


async def states() -> list[str]:
    """The state of every delivery, in order."""
    return [each.state async for each in Delivery.objects.order_by("pk")]


def a_conversation(who: Someone) -> Conversation:
    """The conversation of the one visitor there is."""
    return Conversation.objects.get(channel=who.channel)


def messages() -> list[tuple[str, str, str]]:
    """Text, attachment and state of what is in the inbox."""
    return [(each.text, each.attachment, each.state) for each in Message.objects.order_by("pk")]
