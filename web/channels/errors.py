"""Why a provider did not send, told apart by what has to be done about it.

Codes: Meta's lists for the WhatsApp Cloud API and the Messenger Platform.
"""

from __future__ import annotations

from enum import Enum

from web.channels.events import Problem
from web.conversations.models import Channel


class Cause(Enum):
    """What a failure means."""

    #: Over soon: tried again, later each time.
    TRANSIENT = "transient"
    #: Too much at once, to this visitor: tried again after longer and longer.
    VISITOR_RATE = "rate limit for this visitor"
    #: Too much at once, from us: nothing is sent on the channel for a while.
    RATE = "rate limit"
    #: The visitor wrote too long ago: staff reach them in another way.
    WINDOW = "24-hour window closed"
    #: The visitor blocked us, left, or can't be reached.
    GONE = "visitor can't be reached"
    #: A key, a permission or the account: someone has to put it right.
    CONFIGURATION = "settings or account"
    #: The provider does not take this part as it is: sent again as plain text.
    REJECTED = "content refused"


_WHATSAPP: dict[int, Cause] = {
    **dict.fromkeys((1, 2, 131000, 131016, 131057, 133004, 135000), Cause.TRANSIENT),
    131056: Cause.VISITOR_RATE,
    **dict.fromkeys((4, 80007, 130429, 131048, 131064), Cause.RATE),
    131047: Cause.WINDOW,
    **dict.fromkeys((131026, 131021, 131049, 131050, 131030, 130472, 130497), Cause.GONE),
    **dict.fromkeys((0, 3, 10, 33, 190, 368, 131005, 131031, 131042, 131045, 133010), Cause.CONFIGURATION),
    **dict.fromkeys((100, 131008, 131009, 131051), Cause.REJECTED),
}
_MESSENGER: dict[int, Cause] = {
    **dict.fromkeys((1, 2, 1200), Cause.TRANSIENT),
    **dict.fromkeys((4, 17, 32, 613, 80006), Cause.RATE),
    551: Cause.GONE,
    **dict.fromkeys((0, 3, 10, 33, 190, 368), Cause.CONFIGURATION),
    100: Cause.REJECTED,
}
#: Finer codes say more than the code they come with.
_MESSENGER_SUBCODES: dict[int, Cause] = {
    **dict.fromkeys((2018278, 2018065), Cause.WINDOW),
    **dict.fromkeys((2018001, 2018108, 1545041, 2018027), Cause.GONE),
    **dict.fromkeys((2018022,), Cause.RATE),
}
_PERMISSIONS = range(200, 300)


def cause_of(channel: str, problem: Problem) -> Cause:
    """What a failure means; an unknown one with a status below 500 is taken for a refusal of this very part."""
    if channel == Channel.MESSENGER and problem.subcode in _MESSENGER_SUBCODES:
        return _MESSENGER_SUBCODES[problem.subcode]
    known = (_WHATSAPP if channel == Channel.WHATSAPP else _MESSENGER).get(problem.code)
    if known is not None:
        return known
    if problem.code in _PERMISSIONS or problem.status in (401, 403):
        return Cause.CONFIGURATION
    if problem.status == 429:
        return Cause.RATE
    return Cause.TRANSIENT if problem.status >= 500 or problem.status == 0 else Cause.REJECTED
