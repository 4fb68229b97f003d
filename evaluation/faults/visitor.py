"""A visitor who asks to be called back while something breaks, and what became of all they sent."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx

from evaluation.faults.product import Product, wait_until
from web.privacy.fields import from_column

#: What is left has to reach the clinic as it was left.
NAME = "Maria Lopez"
PATIENCE_SECONDS = 60


@dataclass
class Sent:
    """One message and what the visitor was shown at once, first and when it was sent again."""

    id: str
    text: str
    shown: list[str] = field(default_factory=list)


@dataclass
class Visitor:
    """One browser. What it sends is remembered, and sent again when the server says that it was not taken."""

    product: Product
    number: int
    sent: list[Sent] = field(default_factory=list)
    _token: str = ""

    @property
    def phone(self) -> str:
        """A made-up number of their own."""
        return f"(310) 555-01{self.number:02d}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    def start(self) -> None:
        """Open the chat."""
        self._token = self.product.http.post("/api/chat/sessions", json={}).raise_for_status().json()["token"]

    @property
    def conversation(self) -> str:
        """Its id, in hexadecimal."""
        return self._token.partition(":")[0]

    def say(self, text: str) -> Sent:
        """Send a message and note what is shown."""
        message = Sent(uuid.uuid4().hex, text)
        self.sent.append(message)
        return self.deliver(message)

    def deliver(self, message: Sent) -> Sent:
        """Send a message, perhaps once more."""
        body = {"client_message_id": message.id, "text": message.text}
        try:
            response = self.product.http.post("/api/chat/messages", json=body, headers=self.headers)
        except httpx.HTTPError:
            message.shown.append("no connection")
        else:
            message.shown.append(shown(response))
        return message

    def send_again(self) -> None:
        """What the page offers after an error: the same message, with the same id."""
        for message in self.sent:
            if message.shown[-1] == "no connection" or message.shown[-1].startswith("error"):
                self.deliver(message)

    def kept(self) -> int:
        """How many of the messages are in the inbox."""
        ids = [f"{self.conversation}:{message.id}" for message in self.sent]
        marks = ", ".join("?" * len(ids))
        rows = self.product.rows(f"SELECT id FROM conversations_message WHERE external_id IN ({marks})", *ids)  # noqa: S608 (marks are question marks)
        return len(rows)

    def unanswered(self) -> list[str]:
        """The messages that have no answer yet in the conversation that a reload shows."""
        page = self.product.http.get("/api/chat/messages", headers=self.headers).raise_for_status().json()
        answered = {
            message["text"]
            for message in page["messages"]
            if message["replies"] and all(reply["kind"] != "notice" for reply in message["replies"])
        }
        return [message.text for message in self.sent if message.text not in answered]

    def wait_for_answers(self) -> None:
        """Wait, as a page that looks again does."""
        wait_until(lambda: not self.unanswered(), PATIENCE_SECONDS, f"answers to {len(self.unanswered())} messages")

    def requests(self) -> list[tuple[Any, ...]]:
        """What the clinic has of this visitor."""
        statement = "SELECT name, phone FROM contact_contactrequest WHERE conversation_id = ?"
        rows = self.product.rows(statement, self.conversation)
        # They stand encrypted, with the keys of development.
        return [tuple(from_column(value) for value in row) for row in rows]

    def doubled(self) -> int:
        """Messages that Rasa handled more than once, and requests beyond the first."""
        statement = "SELECT id FROM conversations_message WHERE conversation_id = ?"
        ids = [row[0] for row in self.product.rows(statement, self.conversation)]
        again = sum(max(0, self.product.times_handled(self.conversation, each) - 1) for each in ids)
        return again + max(0, len(self.requests()) - 1)

    def lost(self) -> int:
        """Messages without an answer, and a request that is not there as it was left."""
        is_there = self.requests() in ([(NAME, self.phone)], [])
        is_asked_for = any(message.text == "yes" for message in self.sent)
        missing = is_asked_for and self.requests() != [(NAME, self.phone)]
        return len(self.unanswered()) + int(missing or not is_there)


def shown(response: httpx.Response) -> str:
    """What a visitor sees, in a few words."""
    body = response.json()
    if response.status_code != 200:
        text, contact = body["error"]["message"], body["contact"]
        return f"error{_ways(text, contact)}"
    (first, *_) = body["replies"]
    kinds = ", ".join(dict.fromkeys(reply["kind"] for reply in body["replies"]))
    if kinds != "notice":
        return kinds
    length = "short notice" if first["text"].startswith("I've kept") else "notice"
    return f"{length}{_ways(first['text'], first['contact'])}"


def _ways(text: str, contact: dict[str, Any]) -> str:
    has_all = contact["phone"] and contact["form_url"] and re.search(r"emergency", text)
    return " with phone, form, emergency line" if has_all else " WITHOUT A WAY TO THE CLINIC"
