"""How each topic stands: due for review, signed or not, asked, doubted, and rated."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from shared.content import Topic, topics
from web.content.models import Signature
from web.content.signing import standing_signatures
from web.overview.counting import today
from web.overview.figures import topic_counts
from web.overview.models import Measure

#: Figures of the content pages are of so many days.
DAYS = 90
#: One judgement alone says little.
_LEAST_JUDGED = 3


@dataclass(frozen=True)
class Standing:
    """One topic, with all that says whether someone should look at it.

    `signature` is the valid one; `voided` the last one over another wording, when there is no valid one.
    """

    topic: Topic
    signature: Signature | None
    voided: Signature | None
    is_overdue: bool
    asked: int
    unsure: int
    unanswered: int
    helpful: int
    unhelpful: int

    @property
    def doubted(self) -> int:
        """How often the assistant was not sure, or asked back, when this topic was likeliest."""
        return self.unsure + self.unanswered

    @property
    def doubt(self) -> float:
        """The same as a share of all that was asked, 0 to 1."""
        return self.doubted / (self.asked + self.unanswered) if self.asked + self.unanswered else 0.0

    @property
    def doubt_percent(self) -> int:
        return round(100 * self.doubt)

    @property
    def badness(self) -> float:
        """The share found not helpful, as it is at the least with nine chances in ten: few votes weigh little."""
        judged = self.helpful + self.unhelpful
        return least_share(self.unhelpful, judged) if judged >= _LEAST_JUDGED else 0.0


def least_share(part: int, whole: int) -> float:
    """The lower end of Wilson's interval for a share, one-sided at 90 %."""
    if not whole:
        return 0.0
    z = 1.2816
    share = part / whole
    middle = share + z * z / (2 * whole)
    spread = z * math.sqrt(share * (1 - share) / whole + z * z / (4 * whole * whole))
    return max((middle - spread) / (1 + z * z / whole), 0.0)


_MEASURES = (Measure.TOPIC, Measure.UNSURE, Measure.UNANSWERED, Measure.HELPFUL, Measure.UNHELPFUL)


def standings() -> list[Standing]:
    """Every topic, in order of their ids."""
    counts = topic_counts(today() - timedelta(days=DAYS), _MEASURES)
    return [_standing(topic, counts) for topic in _with_signatures()]


def standing_of(topic: Topic) -> Standing:
    """One topic."""
    counts = topic_counts(today() - timedelta(days=DAYS), _MEASURES)
    signatures = standing_signatures()
    return _standing((topic, *_signatures_of(topic, signatures)), counts)


def overdue_reviews(on: date | None = None) -> int:
    """How many topics someone should have looked at again by now."""
    return sum(topic.is_overdue(on or today()) for topic in topics().values())


_Signed = tuple[Topic, Signature | None, Signature | None]


def _with_signatures() -> list[_Signed]:
    signatures = standing_signatures()
    return [(topic, *_signatures_of(topic, signatures)) for topic in topics().values()]


def _signatures_of(
    topic: Topic, signatures: dict[tuple[str, str], Signature]
) -> tuple[Signature | None, Signature | None]:
    valid = signatures.get((topic.id, topic.digest))
    if valid is not None and valid.is_untouched:
        return valid, None
    others = [one for (name, _), one in signatures.items() if name == topic.id]
    return None, max(others, key=lambda one: one.signed_at, default=None)


def _standing(signed: _Signed, counts: dict[str, Counter[str]]) -> Standing:
    topic, valid, voided = signed
    return Standing(
        topic=topic,
        signature=valid,
        voided=voided,
        is_overdue=topic.is_overdue(today()),
        asked=counts[Measure.TOPIC][topic.id],
        unsure=counts[Measure.UNSURE][topic.id],
        unanswered=counts[Measure.UNANSWERED][topic.id],
        helpful=counts[Measure.HELPFUL][topic.id],
        unhelpful=counts[Measure.UNHELPFUL][topic.id],
    )
