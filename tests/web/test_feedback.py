"""Helpful or not, per reply."""

from __future__ import annotations

import uuid

import pytest

from tests.web.conftest import NewVisitor
from tests.web.support import Visitor, assert_error
from web.conversations.models import Feedback


async def reply_to(visitor: Visitor) -> str:
    reply_id: str = (await visitor.send("hello"))["replies"][0]["id"]
    return reply_id


async def test_a_visitor_rates_a_reply(visitor: Visitor) -> None:
    """The rating and the comment are stored with the reply."""
    reply = await reply_to(visitor)
    response = await visitor.rate(reply, False, comment="too\x00 long ")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    stored = await Feedback.objects.aget()
    assert (str(stored.reply_id), stored.helpful, stored.comment) == (reply, False, "too long")


async def test_a_visitor_may_change_their_mind(visitor: Visitor) -> None:
    """The last rating counts, and it is one."""
    reply = await reply_to(visitor)
    for helpful in (True, False):
        assert (await visitor.rate(reply, helpful)).status_code == 200
    assert (await Feedback.objects.aget()).helpful is False


async def test_nobody_rates_the_replies_of_others(new_visitor: NewVisitor) -> None:
    """Another conversation's reply does not exist here, and neither does a made-up one."""
    one, other = await new_visitor(), await new_visitor()
    reply = await reply_to(one)
    for foreign in (reply, str(uuid.uuid4())):
        assert_error(await other.rate(foreign, True), 404, "reply_unknown")
    assert await Feedback.objects.acount() == 0


@pytest.mark.parametrize("helpful", ["yes", 1, None])
async def test_helpful_is_yes_or_no(visitor: Visitor, helpful: object) -> None:
    """Nothing that only looks like true."""
    assert_error(await visitor.rate(await reply_to(visitor), helpful), 422, "invalid")


@pytest.mark.parametrize("reply_id", ["greeting", "1", ""])
async def test_a_reply_id_is_one_of_the_log(visitor: Visitor, reply_id: str) -> None:
    """The greeting is no reply to anything."""
    assert_error(await visitor.rate(reply_id, True), 422, "invalid")


async def test_a_comment_has_a_limit(visitor: Visitor) -> None:
    """A thousand characters, and an error for more."""
    reply = await reply_to(visitor)
    assert (await visitor.rate(reply, True, comment="x" * 1000)).status_code == 200
    assert_error(await visitor.rate(reply, True, comment="x" * 1001), 422, "invalid")
