"""A database is filled with conversations that look like lived ones."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection

from evaluation.load.flat import fill
from web.conversations.models import Conversation, Message, Reply
from web.review import ranking
from web.review.models import Review


@pytest.mark.django_db(transaction=True)
def test_a_filled_database_is_whole() -> None:
    """So many messages, each with a reply, ten in a conversation, each reviewed; nothing refers to nothing."""
    conversation = Conversation.objects.create()
    message = Message.objects.create(conversation=conversation, external_id="1", text="hello", state="handled")
    Reply.objects.create(message=message, position=0, kind="answer", body={"text": "An answer."})
    ranking.refresh(conversation.pk)
    database = Path(str(connection.settings_dict["NAME"]))
    fill(database, 500)
    assert Message.objects.count() == Reply.objects.count() == 500
    assert Conversation.objects.filter(review=None).exclude(messages=None).count() == 0
    assert Review.objects.count() >= 50
    assert max(one.messages.count() for one in Conversation.objects.all()) <= 10
    assert len({each.received_at.date() for each in Message.objects.all()}) > 400
    with closing(sqlite3.connect(database)) as own:
        assert own.execute("PRAGMA foreign_key_check").fetchall() == []
    fill(database, 100)
    assert Message.objects.count() == 500
