"""The console's benchmark: what it makes is what the product would have made, and it reads plans rightly."""

from __future__ import annotations

import pytest

from evaluation.console import fill as filling
from evaluation.console import measure
from web.conversations.models import Conversation, Message
from web.review import ranking
from web.review.models import Facet, Review, SearchText


@pytest.mark.django_db
def test_made_in_bulk_as_the_ranking_makes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Facets, risk and place are those that reading each conversation anew gives."""
    monkeypatch.setattr(filling, "_TEMPLATES", 300)
    assert filling.fill(120) == Conversation.objects.count()
    assert Message.objects.count() == SearchText.objects.count() == 120
    kept = ("risk", "place", "messages", "counted_upto", "lowest", "state")
    for review in Review.objects.all():
        before = {name: getattr(review, name) for name in kept}
        facets = set(Facet.objects.filter(review=review).values_list("name", flat=True))
        tags = {name for name in facets if name.startswith("tag:")}
        ranking.refresh(review.pk)
        review.refresh_from_db()
        assert before == {name: getattr(review, name) for name in kept}
        assert facets - tags == set(Facet.objects.filter(review=review).values_list("name", flat=True))


@pytest.mark.django_db
def test_a_table_read_as_a_whole_is_noticed() -> None:
    """And one that is read by an index is not taken for it."""
    indexes: set[str] = set()
    scans: set[str] = set()
    measure._read_plan("SELECT * FROM conversations_message WHERE text = 'x'", indexes, scans)
    assert scans == {"conversations_message"}
    scans.clear()
    measure._read_plan("SELECT id FROM conversations_message WHERE kind = 'x' ORDER BY id DESC", indexes, scans)
    assert not scans
    assert "message_by_kind" in indexes
