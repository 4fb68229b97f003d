"""Signing an answer, and telling whether what a visitor is told is what was signed."""

from __future__ import annotations

import time
from functools import lru_cache

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from shared.clinic import clinic
from shared.content import Topic
from shared.reply import Reply, Review, Source
from web.content.models import Signature

#: Other processes show a new signature after this long.
_SOON_SECONDS = 5


class WordingChanged(Exception):
    """The answer is not the one that was read before signing."""


def sign(topic: Topic, digest: str, signer: User, name: str) -> Signature:
    """Sign a topic's wording; the one who signed it already is kept.

    Args:
        topic: as it stands now.
        digest: of the wording that was shown to the clinician.
        signer: who signs.
        name: of the signer, as visitors read it.

    Raises:
        WordingChanged: the topic is not what was shown.
    """
    if digest != topic.digest:
        raise WordingChanged
    try:
        with transaction.atomic():
            signature = Signature.objects.create(
                topic=topic.id,
                digest=topic.digest,
                text=topic.wording.text,
                sources=topic.shown_sources,
                signer=signer,
                name=name,
            )
    except IntegrityError:
        return Signature.objects.get(topic=topic.id, digest=digest, withdrawn_at=None)
    forget_signed_topics()
    return signature


def withdraw(signature: Signature, by: User) -> bool:
    """Take a signature back; False when it was already."""
    standing = Signature.objects.filter(pk=signature.pk, withdrawn_at=None)
    return standing.update(withdrawn_at=timezone.now(), withdrawn_by=by) == 1


def standing_signatures() -> dict[tuple[str, str], Signature]:
    """Every signature that was not withdrawn, by topic and hash."""
    return {(one.topic, one.digest): one for one in Signature.objects.filter(withdrawn_at=None)}


def review_of(reply: Reply) -> Review | None:
    """The signature over exactly these words and sources; None where there is none.

    What was put before an answer or left out of it, as when it is said again in short, was not signed with it.
    """
    if reply.topic is None or reply.topic not in _signed_topics(int(time.monotonic() // _SOON_SECONDS)):
        return None
    for signature in Signature.objects.filter(topic=reply.topic, withdrawn_at=None):
        is_same = _filled(signature.text) == reply.text and _same_sources(signature.sources, reply.sources)
        if is_same and signature.is_untouched:
            return Review(by=signature.name, on=timezone.localdate(signature.signed_at))
    return None


@lru_cache(maxsize=1)
def _signed_topics(_moment: int) -> frozenset[str]:
    """Topics with a signature, looked up again after a moment: most have none, and each answer would ask."""
    return frozenset(Signature.objects.filter(withdrawn_at=None).values_list("topic", flat=True))


def forget_signed_topics() -> None:
    """Have the next answer look anew."""
    _signed_topics.cache_clear()


def _filled(text: str) -> str:
    """An answer as it is said: with the clinic's facts in it."""
    for name, value in clinic().variables().items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _same_sources(signed: list[dict[str, str]], shown: list[Source]) -> bool:
    """An address is compared as a reply writes it, with a slash after a bare host."""
    return [Source.model_validate(source) for source in signed] == shown
