"""Pages of conversations: by filters, ranked by risk or newest first; each a walk down one index."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from web.review.models import Facet, Review
from web.review.search import matching

PAGE = 50
#: Messages that a search looks at for one page; several may be of one conversation.
_SEARCHED = 200
#: Up to so many entries of a facet are counted, to walk down the shortest.
_COUNTED = 5000
_CURSOR = re.compile(r"(-?\d{1,19})\.([0-9a-f]{32})")
_LONGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Wanted:
    """What a list shows.

    Args:
        facets: all of these.
        words: that a message of the conversation holds; the list then is of messages, the newest first.
        since, until: when the last message came.
        by_risk: the riskiest first; else the newest.
    """

    facets: tuple[str, ...] = ()
    words: str = ""
    since: datetime | None = None
    until: datetime | None = None
    by_risk: bool = False

    @property
    def key(self) -> str:
        return "place" if self.by_risk else "last"


@dataclass(frozen=True)
class Cursor:
    """A place in a list: the key it is ordered by, and the conversation."""

    key: int
    conversation: uuid.UUID

    def __str__(self) -> str:
        return f"{self.key}.{self.conversation.hex}"

    @classmethod
    def read(cls, text: str) -> Cursor | None:
        """A cursor as it stands in an address; None when it is none."""
        found = _CURSOR.fullmatch(text)
        if found is None or abs(int(found[1])) > _LONGEST_ID:
            return None
        return cls(int(found[1]), uuid.UUID(hex=found[2]))


@dataclass
class Row:
    """One line of a list. `text` and `message` are those that a search found."""

    review: Review
    cursor: Cursor
    text: str = ""
    message: int | None = None
    more: int = 0


@dataclass(frozen=True)
class Page:
    """Some lines, and where the next ones begin."""

    rows: list[Row] = field(default_factory=list)
    after: Cursor | None = None


def page_of(wanted: Wanted, after: Cursor | None = None, size: int = PAGE) -> Page:
    """The lines after a place; the first ones without."""
    if wanted.words:
        return _searched(wanted, after, size)
    facets = list(_ordered(wanted, after)[: size + 1])
    rows = [Row(review, cursor) for review, cursor in _reviews(wanted, facets[:size])]
    return Page(rows, rows[-1].cursor if rows and len(facets) > size else None)


def neighbours(wanted: Wanted, at: Cursor) -> tuple[Cursor | None, Cursor | None]:
    """The conversations before and after a place of a list, even when the one there has left the list."""
    key = wanted.key
    later = _ordered(wanted, at).first()
    earlier = _narrowed(wanted).filter(_beyond(key, at, is_after=False)).order_by(key, "review_id").first()
    return tuple(None if one is None else Cursor(getattr(one, key), one.review_id) for one in (earlier, later))  # type: ignore[return-value]


def every(wanted: Wanted, chunk: int) -> Iterator[list[Review]]:
    """All conversations of a list, some at a time, each time by a query of its own; for exports."""
    after: Cursor | None = None
    seen: set[uuid.UUID] = set()
    while True:
        page = page_of(wanted, after, chunk)
        # A search's list is of messages, and a conversation may have several.
        new = [row.review for row in page.rows if row.review.pk not in seen]
        if wanted.words:
            seen.update(review.pk for review in new)
        if new:
            yield new
        after = page.after
        if after is None:
            return


def how_many(facet: str, most: int) -> int:
    """How many conversations have a facet, counted up to a number."""
    return Facet.objects.filter(name=facet).order_by()[:most].count()


def _ordered(wanted: Wanted, after: Cursor | None) -> QuerySet[Facet]:
    facets = _narrowed(wanted)
    if after is not None:
        facets = facets.filter(_beyond(wanted.key, after, is_after=True))
    return facets.order_by(f"-{wanted.key}", "-review_id")


def _beyond(key: str, at: Cursor, *, is_after: bool) -> Q:
    # The first condition is the one an index can begin at. (By `review_id`: `review` would order as reviews do.)
    side = "lt" if is_after else "gt"
    return Q(**{f"{key}__{side}e": at.key}) & ~Q(
        **{key: at.key, f"review__{'gte' if is_after else 'lte'}": at.conversation}
    )


def _narrowed(wanted: Wanted) -> QuerySet[Facet]:
    names = _rarest_first(wanted.facets)
    facets = Facet.objects.filter(name=names[0])
    for name in names[1:]:
        facets = facets.filter(Exists(Facet.objects.filter(review=OuterRef("review"), name=name)))
    if wanted.since is not None:
        facets = facets.filter(last__gte=_milliseconds(wanted.since))
    if wanted.until is not None:
        facets = facets.filter(last__lt=_milliseconds(wanted.until))
    return facets


def _rarest_first(facets: Sequence[str]) -> list[str]:
    if len(facets) < 2:
        return list(facets) or ["all"]
    return sorted(facets, key=lambda name: how_many(name, _COUNTED))


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _reviews(wanted: Wanted, facets: list[Facet]) -> Iterator[tuple[Review, Cursor]]:
    found = _whole([facet.review_id for facet in facets])
    for facet in facets:
        if facet.review_id in found:
            yield found[facet.review_id], Cursor(getattr(facet, wanted.key), facet.review_id)


def _whole(pks: list[uuid.UUID]) -> dict[uuid.UUID, Review]:
    reviews = Review.objects.filter(pk__in=pks).select_related("conversation", "assignee").prefetch_related("tags")
    return {review.pk: review for review in reviews}


def _searched(wanted: Wanted, after: Cursor | None, size: int) -> Page:
    """The latest messages with the words; those of one conversation that follow each other stand together."""
    found = matching(wanted.words)
    for name in wanted.facets:
        found = found.filter(Exists(Facet.objects.filter(review=OuterRef("conversation"), name=name)))
    times = {"last_at__gte": wanted.since, "last_at__lt": wanted.until}
    if any(times.values()):
        within = {name: value for name, value in times.items() if value is not None}
        found = found.filter(Exists(Review.objects.filter(pk=OuterRef("conversation"), **within)))
    if after is not None:
        found = found.filter(message_id__lt=after.key)
    texts = list(found.order_by("-message_id")[: _SEARCHED + 1])
    reviews = _whole([text.conversation_id for text in texts])
    rows: dict[uuid.UUID, Row] = {}
    last: Cursor | None = None
    for place, text in enumerate(texts[:_SEARCHED]):
        known = rows.get(text.conversation_id)
        if known is None and len(rows) == size:
            return Page(list(rows.values()), last)
        last = Cursor(text.message_id, text.conversation_id)
        if known is not None:
            known.more += 1
        elif text.conversation_id in reviews:
            rows[text.conversation_id] = Row(reviews[text.conversation_id], last, text.text, text.message_id)
        if place == _SEARCHED - 1 and len(texts) > _SEARCHED:
            return Page(list(rows.values()), last)
    return Page(list(rows.values()))
