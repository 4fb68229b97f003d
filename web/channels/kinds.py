"""What is answered to that which is no text: a photo, a voice message, a reaction ... The model never sees it."""

from __future__ import annotations

from django.db import transaction

from shared.clinic import clinic
from shared.reply import Reply
from web.channels.models import Delivery, Origin
from web.conversations.models import Feedback, Message
from web.notices import contact, emergency_sentence, reach_the_clinic
from web.review import ranking

#: A visitor took this message back, or changed it: nothing of it is left.
DELETED, EDITED = "deleted", "edited"
_GOOD = frozenset("👍❤💙💚💛🧡💜🙏😍🥰😊😀😃🙂👏💯🎉") | {"like", "love", "smile", "wow"}
_BAD = frozenset("👎😡😠🤬😢😭😞🙁☹") | {"dislike", "angry", "sad"}
_ASK = "Please write your question in words"


def _cannot(what: str) -> str:
    return (
        f"I'm an automated assistant and can't {what}. {_ASK}, or {reach_the_clinic()}: a person there can help you. "
        f"{emergency_sentence()}"
    )


def _texts() -> dict[str, str]:
    name = clinic().name or "the clinic"
    return {
        "photo": _cannot("look at photos"),
        "video": _cannot("watch videos"),
        "voice": _cannot("listen to voice messages"),
        "file": _cannot("open files"),
        "location": f"Thank you, but I can't use locations. {_ASK}. To find {name}, {reach_the_clinic()}.",
        "contact": (
            "I can't open contact cards, and I have not kept this one. If you want the clinic to call you, write "
            '"call me back" and I will ask for your name and number.'
        ),
        "sticker": f"Thank you! {_ASK}: I answer general safety questions about scalp micropigmentation.",
        "start": (
            f"Welcome to {name}. Ask me a general safety question about scalp micropigmentation, or write "
            f'"a person, please" to be handed to the clinic. {emergency_sentence()}'
        ),
        "other": _cannot("read this kind of message"),
        DELETED: "You deleted a message. I have removed it from our records too.",
        EDITED: "You changed a message, and I can't read the new one. Please write it again.",
    }


def reply_to(message: Message) -> Reply:
    """What is said to a message that holds no text, or of what came with its text."""
    if message.attachment == "reaction":
        return _reply_to_reaction(message)
    text = _texts().get(message.attachment) or _texts()["other"]
    return Reply(text=text, kind="notice", contact=contact())


def is_silent(message: Message) -> bool:
    """Whether nothing is to be said to it: a reaction was taken back."""
    return message.attachment == "unreacted"


def _reply_to_reaction(message: Message) -> Reply:
    mood = message.text.replace("\ufe0f", "")
    if any(each in mood for each in _BAD):
        text = f"I'm sorry that this did not help. Please ask in other words, or {reach_the_clinic()}."
    elif any(each in mood for each in _GOOD):
        text = "Thank you. I'm here if you have another question."
    else:
        text = f"I saw your reaction, but I can only answer words. {_ASK}."
    return Reply(text=text, kind="notice", contact=contact())


@transaction.atomic
def note_reaction(message: Message) -> None:
    """Take a reaction to one of our replies as saying whether it helped, or as taking that back."""
    answers = Origin.objects.filter(message=message).values_list("answers", flat=True).first()
    delivery = Delivery.objects.filter(
        conversation=message.conversation_id, provider_hash=answers or None, reply__isnull=False
    ).first()
    if delivery is None or delivery.reply_id is None:
        return
    mood = message.text.replace("\ufe0f", "")
    if message.attachment == "unreacted":
        Feedback.objects.filter(reply=delivery.reply_id, comment="").delete()
    elif any(each in mood for each in _GOOD | _BAD):
        helpful = not any(each in mood for each in _BAD)
        Feedback.objects.update_or_create(reply_id=delivery.reply_id, defaults={"helpful": helpful})
    ranking.refresh(message.conversation_id)
