"""One case on one channel: sending as Meta does, waiting, and reading what the visitor got."""

from __future__ import annotations

from dataclasses import dataclass, field

import httpx

from evaluation.faults.product import Product, wait_until
from evaluation.meta import payloads
from evaluation.meta.payloads import Body, Someone
from evaluation.meta.simulator import Fault, Meta, Seen

_PATIENCE = 40


@dataclass
class Case:
    """One case on one channel, with a visitor of its own."""

    product: Product
    meta: Meta
    channel: str
    number: int
    who: Someone = field(init=False)

    def __post_init__(self) -> None:
        self.who = Someone.number(self.channel, self.number)

    def other(self, number: int) -> Someone:
        """Another visitor of this case."""
        return Someone.number(self.channel, self.number * 100 + number)

    def post(self, content: bytes, **headers: str) -> int:
        """Call the webhook with these very bytes and headers; the status."""
        url = f"{self.meta.web}/webhooks/{self.channel}"
        raw = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
        return httpx.post(url, content=content, headers=raw, timeout=30, trust_env=False).status_code

    def send(self, *bodies: Body) -> None:
        """Deliver webhooks; each has to be acknowledged."""
        for body in bodies:
            status = self.meta.deliver(self.channel, body).status_code
            expect(200, status, "acknowledged")

    def settle(self) -> None:
        """Wait until nothing is left to do, the reports of what was sent included."""
        statements = (
            "SELECT count(*) FROM channels_webhook WHERE problem = ''",
            "SELECT count(*) FROM conversations_message WHERE state = 'received'",
            "SELECT count(*) FROM channels_delivery WHERE state IN ('waiting', 'sending')",
        )

        def is_quiet() -> bool:
            return self.meta.is_quiet and all(self.product.rows(each)[0][0] == 0 for each in statements)

        wait_until(is_quiet, _PATIENCE, "everything read, answered and sent")

    def ask(self, *bodies: Body, who: Someone | None = None) -> list[Seen]:
        """Deliver webhooks and give the parts that the visitor gets for them."""
        before = len(self.meta.seen)
        self.send(*bodies)
        self.settle()
        mine = who or self.who
        return [seen for seen in self.meta.seen[before:] if seen.to in (mine.user, mine.phone)]

    def say(self, text: str, **more: str) -> str:
        """What the visitor reads after a typed message, all parts as one text."""
        return texts(self.ask(payloads.text(self.who, text, **more)))  # type: ignore[arg-type]

    def messages(self, who: Someone | None = None) -> list[tuple[str, str, str]]:
        """Text, state and attachment of what the log has of the visitor, known by what was sent to them."""
        mine = who or self.who
        keys = [seen.key for seen in self.meta.seen if seen.to in (mine.user, mine.phone)]
        if not keys:
            return []
        key = keys[-1] if self.product.postgres else keys[-1].replace("-", "")
        statement = (
            "SELECT m.text, m.state, m.attachment FROM conversations_message m JOIN channels_delivery d "
            "ON d.conversation_id = m.conversation_id WHERE d.key = ? ORDER BY m.id"
        )
        return [(text, state, attachment) for text, state, attachment in self.product.rows(statement, key)]

    def count(self, table: str, where: str = "1 = 1") -> int:
        """Rows of a table."""
        return int(self.product.rows(f"SELECT count(*) FROM {table} WHERE {where}")[0][0])  # noqa: S608 (ours)

    def with_fault(self, fault: Fault, *bodies: Body, times: int = 1) -> list[Seen]:
        """The same as `ask`, while the first calls to send fail."""
        left = [times]

        def give(channel: str, key: str) -> Fault:
            left[0] -= 1
            return fault if left[0] >= 0 else ""

        self.meta.fault = give
        try:
            return self.ask(*bodies)
        finally:
            self.meta.fault = lambda channel, key: ""


def expect(expected: object, found: object, what: str) -> None:
    """
    Raises:
        AssertionError: it is not so.
    """
    if expected != found:
        raise AssertionError(f"{what}: {found!r} instead of {expected!r}")


def holds(text: str, *words: str) -> None:
    """Whether a text has all words, whatever their case.

    Raises:
        AssertionError: it has not.
    """
    for word in words:
        if word.lower() not in text.lower():
            raise AssertionError(f"no {word!r} in {text[:200]!r}")


def texts(seen: list[Seen]) -> str:
    """What was read, as one text."""
    return "\n".join(each.text for each in seen)
