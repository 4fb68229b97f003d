""" "Delete my data", written in the conversation: asked back once, then done, with a receipt.

This stands in web and not among Rasa's intents: what is erased is web's, it has to work while Rasa is away, and a guess
is not good enough. Only a whole message that orders the deletion counts. A question about deletion or privacy is
answered by the topic that explains it, and a message that says anything else besides goes the usual way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from shared.reply import Choice, Reply
from web.conversations.models import Erasure, Message
from web.conversations.models import Reply as StoredReply
from web.conversations.pause import is_paused
from web.notices import contact

YES, NO = "privacy/erase", "privacy/keep"

_MOST_WORDS = 20
_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")


@dataclass(frozen=True)
class _Language:
    """How an order is built: a beginning, a verb, and then nothing but what is meant and words that say nothing.

    `meant`: at least one of these has to be named. `besides`: may stand there too.
    """

    code: str
    beginnings: tuple[tuple[str, ...], ...]
    verb: re.Pattern[str]
    meant: frozenset[str]
    besides: frozenset[str]
    polite: frozenset[str]
    #: "I want my data deleted".
    done: frozenset[str] = frozenset()


def _phrases(text: str) -> tuple[tuple[str, ...], ...]:
    """The longest first, so that the longest one that fits is taken."""
    return tuple(sorted((tuple(phrase.split()) for phrase in text.split("|")), key=len, reverse=True))


_ENGLISH = _Language(
    code="en",
    beginnings=_phrases(
        "i want to|i want you to|i'd like to|i'd like you to|i would like to|i would like you to|i wanna|i need you to|"
        "can you|can u|could you|could u|would you|will you|go ahead and"
    ),
    verb=re.compile(r"delete|erase|remove|wipe|forget|clear|destroy"),
    meant=frozenset(
        "data info information details message messages chat chats conversation conversations history record records "
        "account everything me number name email e-mail".split()
    ),
    besides=frozenset(
        "all of the my this our these whole entire personal own full every any and from your system server servers "
        "database files that you u have hold keep kept saved stored got know on about i wrote said typed sent told "
        "gave written shared in here out phone right now today completely permanently forever everywhere it's too also "
        "medical contact".split()
    ),
    polite=frozenset("please pls plz kindly now hi hello hey ok okay so thanks thank you and just".split()),
    done=frozenset("deleted erased removed wiped cleared destroyed forgotten gone".split()),
)
_SPANISH = _Language(
    code="es",
    beginnings=_phrases(
        "quiero|quiero que|quisiera|quisiera que|necesito|necesito que|deseo|deseo que|me gustaría|puedes|puede|"
        "pueden|podría|podrían|podrías"
    ),
    verb=re.compile(r"(?:borr|elimin|suprim|olvid)(?:a|e|en|an|ar|ir|ad|as|es|ame|enme|eme)"),
    meant=frozenset(
        "datos información informacion mensaje mensajes chat chats conversación conversacion conversaciones "
        "historial todo nombre teléfono telefono correo cuenta".split()
    ),
    besides=frozenset(
        "todos todas toda los las el la lo mi mis este esta estos tus sus de del sobre mí mi que tiene tienen "
        "tienes guardan guarda guardaste escribí escribi dije mandé mande envié personales personal aquí aqui su "
        "sistema y ahora ya ustedes número numero".split()
    ),
    polite=frozenset("por favor porfa porfavor hola buenas ahora ya gracias sí si ok".split()),
)
_YES = frozenset(
    "yes|yeah|yep|y|sure|ok|okay|confirm|do it|go ahead|please do|delete|delete it|delete them|delete everything|"
    "delete all|erase|erase it|erase everything|yes please|yes delete|yes delete it|yes delete everything|yes do it|"
    "yes erase it|sí|si|sí por favor|si por favor|claro|borrar|borrar todo|borra todo|sí borrar todo|sí borra todo|"
    "si borra todo|bórralo|borralo|sí bórralo|confirmo|adelante".split("|")
)
_NO = frozenset(
    "no|nope|n|nah|don't|do not|cancel|stop|keep|keep it|keep them|keep everything|no thanks|no thank you|no keep it|"
    "never mind|nevermind|no gracias|mejor no|déjalo|dejalo|cancelar|cancela|conservar|no borres".split("|")
)


def language_of(text: str) -> str | None:
    """`en` or `es` when the message orders that the visitor's data be deleted; None when it does not."""
    words = _words(text)
    if not words or len(words) > _MOST_WORDS:
        return None
    is_question = text.rstrip().endswith("?")
    return next((one.code for one in (_ENGLISH, _SPANISH) if _is_order(words, one, is_question=is_question)), None)


def _words(text: str) -> list[str]:
    if len(text) > 20 * _MOST_WORDS:
        return []
    return [word.lower().replace("\u2019", "'") for word in _WORD.findall(text)]


def _is_order(words: list[str], language: _Language, *, is_question: bool) -> bool:
    is_polite = any(word in ("please", "pls", "plz", "porfa", "favor") for word in words)
    if is_question and not is_polite:
        # "Can you delete my messages?" may want to know, or want it done: the answer tells how.
        return False
    rest = _without_polite(words, language)
    for beginning in language.beginnings:
        if tuple(rest[: len(beginning)]) == beginning:
            rest = _without_polite(rest[len(beginning) :], language)
            break
    else:
        rest = rest[: 1 + max((place for place, word in enumerate(rest) if word not in language.polite), default=-1)]
        is_passive = rest[:2] in (["i", "want"], ["i", "need"], ["i'd", "like"]) and bool(
            language.done & set(rest[-1:])
        )
        if is_passive:
            return _is_all_meant([word for word in rest[2:-1] if word not in ("to", "be")], language)
    return bool(rest) and language.verb.fullmatch(rest[0]) is not None and _is_all_meant(rest[1:], language)


def _without_polite(words: list[str], language: _Language) -> list[str]:
    start = next((place for place, word in enumerate(words) if word not in language.polite), len(words))
    return words[start:]


def _is_all_meant(words: list[str], language: _Language) -> bool:
    said = [word for word in words if word not in language.polite]
    return bool(language.meant & set(said)) and all(word in language.meant | language.besides for word in said)


def answer(message: Message, text: str, choice: str) -> Reply | None:
    """What is said to a message that is about deleting the visitor's data; None when it is about something else.

    Once it is confirmed, the erasure is written down: call it where a second call does no harm.
    """
    if is_paused(message.conversation):
        return None
    said = "" if choice else _said(text)
    is_yes, is_no = choice == YES or said in _YES, choice == NO or said in _NO
    if is_yes or is_no:
        asked = _language_asked(message)
        if asked is not None:
            return _begin(message, asked) if is_yes else Reply(text=_KEPT[asked], kind="notice", contact=contact())
        if choice in (YES, NO):
            # A button of long ago: ask again.
            return _ask("en") if is_yes else Reply(text=_KEPT["en"], kind="notice", contact=contact())
        return None
    language = language_of(text) if not choice else None
    return _ask(language) if language else None


def _said(text: str) -> str:
    return " ".join(_words(text))


def _language_asked(message: Message) -> str | None:
    """In which language the visitor was asked, with the last reply, whether to delete; None when they were not."""
    last = (
        StoredReply.objects.filter(message__conversation=message.conversation_id, message__lt=message.pk)
        .order_by("-message_id", "-position")
        .first()
    )
    offered = {one.get("id") for one in last.body.get("choices", [])} if last else set()
    if last is None or YES not in offered:
        return None
    return "es" if last.body.get("text") == _SURE["es"] else "en"


def _ask(language: str) -> Reply:
    yes, no = _BUTTONS[language]
    choices = [Choice(id=YES, title=yes), Choice(id=NO, title=no)]
    return Reply(text=_SURE[language], kind="notice", choices=choices)


def _begin(message: Message, language: str) -> Reply:
    from web.privacy import erasure  # it works on turns, which ask this module

    receipt = erasure.ask(message.conversation_id, Erasure.Via(message.channel))
    return Reply(text=erasure.receipt_text(receipt, language), kind="notice", contact=contact())


_SURE = {
    "en": (
        "I can delete everything this assistant keeps of this conversation: your messages, the answers, and any "
        "call-back request you left. The clinic then can't call you back about it. This can't be undone. Delete it?"
    ),
    "es": (
        "Puedo borrar todo lo que este asistente guarda de esta conversación: sus mensajes, las respuestas y las "
        "solicitudes de llamada. La clínica ya no podrá llamarle por ello. No se puede deshacer. ¿Lo borro?"
    ),
}
_KEPT = {
    "en": "Nothing was deleted. You can write “delete my data” at any time.",
    "es": "No se borró nada. Puede escribir «borrar mis datos» cuando quiera.",
}
_BUTTONS = {"en": ("Delete everything", "Keep it"), "es": ("Borrar todo", "Conservar")}
