"""What must hold on each channel, tried on the real processes."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
import time
from collections.abc import Callable

import httpx

from evaluation.faults.product import wait_until
from evaluation.meta import payloads
from evaluation.meta.case import Case, expect, holds, texts
from evaluation.meta.payloads import Body, Someone
from evaluation.meta.simulator import VERIFY_TOKEN, Seen, signature

EMERGENCY = "I can't breathe and my throat is closing up"


def _verification(at: Case) -> None:
    url = f"{at.meta.web}/webhooks/{at.channel}"
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": VERIFY_TOKEN}
    answer = httpx.get(url, params=asked, trust_env=False)
    expect((200, "1158201444"), (answer.status_code, answer.text), "right token")
    for wrong in ({"hub.verify_token": "wrong"}, {"hub.mode": "unsubscribe"}, {"hub.verify_token": ""}):
        expect(403, httpx.get(url, params=asked | wrong, trust_env=False).status_code, str(wrong))


def _signatures(at: Case) -> None:
    content = json.dumps(payloads.text(at.who, "hello")).encode()
    other = json.dumps(payloads.text(at.who, "hello"), indent=1).encode()
    before = at.count("conversations_message")
    expect(401, at.post(content), "missing")
    expect(401, at.post(content, **{"X-Hub-Signature-256": "sha256=" + "0" * 64}), "wrong")
    expect(401, at.post(content, **{"X-Hub-Signature-256": "ü"}), "not even letters")
    expect(401, at.post(content, **{"X-Hub-Signature-256": signature(other)}), "of the same JSON in other bytes")
    expect(401, at.post(content, **{"X-Hub-Signature": signature(content)}), "in the old header")
    at.settle()
    expect(before, at.count("conversations_message"), "messages taken")


def _malformed(at: Case) -> None:
    for content in (b"", b"{", b"[]", b'{"object": "user", "entry": []}', b"\xff\xfe", b"[" * 100_000):
        expect(400, at.post(content, **{"X-Hub-Signature-256": signature(content)}), repr(content[:20]))
    strange: list[Body] = [
        {"entry": []}, {"entry": [None, 1, "x", {"changes": 5, "messaging": {"a": 1}, "id": payloads.PAGE_ID}]},
    ]  # fmt: skip
    for of in strange:
        at.send({"object": payloads.text(at.who, "x")["object"], **of})
    at.settle()
    expect(0, at.count("channels_webhook"), "webhooks left unread")


def _huge(at: Case) -> None:
    body = payloads.text(at.who, "does it hurt? " + "x" * 60_000)
    holds(texts(at.ask(body)), "automated assistant")
    expect(10_000, len(at.messages()[0][0]), "characters kept")
    content = b"x" * (4 * 1024 * 1024 + 1)
    expect(413, at.post(content, **{"X-Hub-Signature-256": signature(content)}), "more than 4 MB")


def _batch(at: Case) -> None:
    people = [at.other(number) for number in range(3)]
    bodies = [payloads.text(person, f"does it hurt? {word}") for person in people for word in ("one", "two")]
    at.send(payloads.joined(*bodies))
    at.settle()
    for person in people:
        expect(["does it hurt? one", "does it hurt? two"], [each[0] for each in at.messages(person)], "taken")


def _duplicates(at: Case) -> None:
    body = payloads.text(at.who, "does it hurt?")
    first = at.ask(body)
    expect([], at.ask(body), "answers to the second delivery")
    other = payloads.text(at.who, "is it safe?")
    before = len(at.meta.seen)
    threads = [threading.Thread(target=at.send, args=(other,)) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    at.settle()
    expect(2, len(at.messages()), "messages in the log after fifty deliveries at once")
    expect(True, len(first) >= 2 and len(at.meta.seen) - before >= 1, "answered")
    keys = [seen.key for seen in at.meta.seen]
    expect(len(keys), len(set(keys)), "parts, each sent once")


def _crash(at: Case) -> None:
    body = payloads.text(at.who, "does it hurt?")
    at.send(body)
    at.product.kill("web")
    at.product.kill("worker")
    at.product.start("web", "worker")
    at.product.wait_for("database", "worker")
    at.ask(body)
    expect(["does it hurt?"], [each[0] for each in at.messages()], "taken")
    keys = [seen.key for seen in at.meta.seen]
    expect(len(keys), len(set(keys)), "parts, each sent once")


def _disclosure(at: Case) -> None:
    first, second = at.say("hello"), at.say("does it hurt?")
    holds(first, "automated assistant of the clinic, not a person", "911")
    expect(False, "not a person" in second, "said again at once")
    other = at.other(1)
    parts = at.ask(payloads.text(other, EMERGENCY), who=other)
    holds(parts[0].text, "911")
    holds(parts[-1].text, "automated assistant of the clinic, not a person")


def _signals(at: Case) -> None:
    before = len(at.meta.signals)
    at.say("hello")
    found = [name for channel, name in at.meta.signals[before:] if channel == at.channel]
    expect(["typing"] if at.channel == "whatsapp" else ["mark_seen", "typing_on"], found, "read and typing signals")


def _contact(at: Case) -> None:
    parts = at.ask(payloads.text(at.who, "I want to speak to a person"))
    last = parts[-1].message
    if at.channel == "whatsapp":
        expect("cta_url", (last.get("interactive") or {}).get("type"), "interactive part")
    else:
        kinds = [each["type"] for each in last["attachment"]["payload"]["buttons"]]
        expect(["phone_number", "web_url"], kinds, "buttons")
    holds(parts[-1].text, "(310) 425-4975")


def _sources(at: Case) -> None:
    text = at.say("is there mercury in the ink?")
    lines = text.partition("Sources:")[2].split("\n")
    expect(2, sum(": https://" in line for line in lines), "sources")


def _echo_of_ours(at: Case) -> None:
    parts = at.ask(payloads.text(at.who, "hello"))
    states = {state for (state,) in at.product.rows("SELECT state FROM channels_delivery ORDER BY id DESC LIMIT 1")}
    expect({"delivered"}, states, "state after the reports")
    expect([], at.ask(payloads.returned(at.who, parts[0].id, parts[0].key, "sent")), "answers to our own echo")
    expect(True, bool(at.say("does it hurt?")), "answered after our own echo")


def _person_answers(at: Case) -> None:
    at.say("hello")
    at.send(payloads.echo(at.who, "Hi, this is Ann from the clinic."))
    at.settle()
    expect("", at.say("does it hurt?"), "said while a person answers")
    holds(at.say(EMERGENCY), "911")
    expect("left", next(state for text, state, _ in at.messages() if text == "does it hurt?"), "state of the message")


def _standby(at: Case) -> None:
    at.say("hello")
    aside = payloads.text(at.who, "does it hurt?")
    if at.channel == "whatsapp":
        aside["entry"][0]["changes"][0]["field"] = "standby"
    else:
        aside["entry"][0]["standby"] = aside["entry"][0].pop("messaging")
    expect([], at.ask(aside), "said while another app holds the conversation")
    expect(
        [], at.ask(payloads.echo(at.who, "We will see.", key="standby", app_id=payloads.OTHER_APP)), "said to its echo"
    )
    holds(at.say("is it safe?"), "not a person")


def _kind(kind: str, *words: str, caption: str = "") -> Callable[[Case], None]:
    def run(at: Case) -> None:
        names = {"whatsapp": {"voice": "audio", "file": "document"}, "messenger": {"voice": "audio"}}
        parts = at.ask(payloads.attached(at.who, names[at.channel].get(kind, kind), caption))
        holds(texts(parts), *words)

    return run


def _photo_of_an_emergency(at: Case) -> None:
    parts = at.ask(payloads.attached(at.who, "image", EMERGENCY))
    holds(parts[0].text, "911")
    expect(False, "photo" in texts(parts).lower(), "talk of the photo in an emergency")


def _reaction(at: Case) -> None:
    parts = at.ask(payloads.text(at.who, "does it hurt?"))
    before = at.count("conversations_feedback")
    holds(texts(at.ask(payloads.reacted(at.who, parts[-1].id, "👍"))), "thank you")
    expect(before + 1, at.count("conversations_feedback"), "ratings")
    holds(texts(at.ask(payloads.reacted(at.who, parts[-1].id, "👎"))), "sorry")
    expect([], at.ask(payloads.reacted(at.who, parts[-1].id, "")), "said to a reaction that was taken back")
    expect(before, at.count("conversations_feedback"), "ratings after it was taken back")


def _reply_to(at: Case) -> None:
    parts = at.ask(payloads.text(at.who, "hello"))
    expect(True, len(at.say("does it hurt?", answers=parts[-1].id)) > 40, "answered")


def _edited(at: Case) -> None:
    id_ = payloads.new_id(at.channel)
    at.ask(payloads.text(at.who, "my name is Ann Example and does it hurt?", id_=id_))
    body = payloads.edited(at.who, id_, "is there mercury in the ink?")
    holds(texts(at.ask(body)), "metals")
    expect([], at.ask(body), "said to the same change again")
    expect(["", "is there mercury in the ink?"], [each[0] for each in at.messages()], "log")


def _deleted(at: Case) -> None:
    id_ = payloads.new_id(at.channel)
    at.ask(payloads.text(at.who, "my name is Ann Example and does it hurt?", id_=id_))
    body = payloads.deleted(at.who, id_)
    holds(texts(at.ask(body)), "removed it from our records")
    expect([], at.ask(body), "said to the same deletion again")
    expect([("", "handled", "deleted")], at.messages(), "log")
    wait_until(lambda: at.count("channels_redaction") == 0, 20, "Rasa to forget it")
    with contextlib.closing(sqlite3.connect(at.product.tracker_database, timeout=30)) as database:
        remembered = "".join(row[0] for row in database.execute("SELECT events FROM conversations"))
    expect(0, remembered.count("Ann Example and does it hurt"), "times the text is in Rasa's memory")


def _deleted_before_it_came(at: Case) -> None:
    id_ = payloads.new_id(at.channel)
    at.ask(payloads.deleted(at.who, id_))
    expect([], at.ask(payloads.text(at.who, "does it hurt?", id_=id_)), "answers to a message that was taken back")


def _button(at: Case) -> None:
    """A choice of long ago, or of no one's: its words are answered."""
    kind = "button_reply"
    at.say("hello")
    holds(texts(at.ask(payloads.chosen(at.who, "safety/unknown", "Does it hurt?", kind))), "pain")
    if at.channel == "whatsapp":
        template = payloads.whatsapp_message(at.who, "button", {"payload": "x", "text": "Does it hurt?"})
        expect(True, len(at.ask(template)) > 0, "answered")


def _choice(at: Case) -> None:
    """A choice that was offered: as a button, a row or a quick reply, whichever it was."""
    offered = [each for each in at.ask(payloads.text(at.who, "how long")) if _ids(each)]
    if not offered:
        offered = [each for each in at.ask(payloads.text(at.who, "ink")) if _ids(each)]
    if not offered:
        raise AssertionError("no choices were offered")
    id_, title = _ids(offered[0])[0]
    kind = "list_reply" if offered[0].message.get("interactive", {}).get("type") == "list" else "button_reply"
    expect(True, len(texts(at.ask(payloads.chosen(at.who, id_, title, kind)))) > 40, "answered")


def _ids(seen: Seen) -> list[tuple[str, str]]:
    """Id and title of what may be tapped."""
    replies = seen.message.get("quick_replies") or []
    if replies:
        return [(each["payload"], each["title"]) for each in replies]
    action = (seen.message.get("interactive") or {}).get("action") or {}
    buttons = [(each["reply"]["id"], each["reply"]["title"]) for each in action.get("buttons") or []]
    rows = [(row["id"], row["title"]) for section in action.get("sections") or [] for row in section["rows"]]
    return [*buttons, *rows]


def _ice_breaker(at: Case) -> None:
    if at.channel == "messenger":
        body = payloads.messenger_event(at.who, postback={"title": "Does it hurt?", "payload": "ICE_1", "mid": "m_ice"})
        start = payloads.messenger_event(at.who, postback={"title": "Get Started", "payload": "GET_STARTED"})
    else:
        body = payloads.text(at.who, "Does it hurt?")
        start = payloads.whatsapp_message(at.who, "request_welcome", {})
    holds(texts(at.ask(start)), "welcome")
    holds(texts(at.ask(body)), "pain")


def _referral(at: Case) -> None:
    referral = {"source_url": "https://fb.me/x", "source_type": "ad", "source_id": "1", "headline": "SMP"}
    if at.channel == "whatsapp":
        body = payloads.whatsapp_message(at.who, "text", {"body": "Does it hurt?"}, referral=referral)
    else:
        body = payloads.messenger_event(at.who, referral={"ref": "AD", "source": "ADS", "type": "OPEN_THREAD"})
    expect(True, len(texts(at.ask(body))) > 100, "answered")


def _unknown(at: Case) -> None:
    if at.channel == "whatsapp":
        strange = payloads.whatsapp_message(at.who, "hologram", {"x": [1, {"y": None}]}, surprise={"a": 1})
        other = payloads.whatsapp("telepathy", thoughts=[{"x": 1}])
        unsupported = payloads.whatsapp_message(at.who, "unsupported", {}, errors=[{"code": 131051}])
    else:
        message = {"mid": payloads.new_id("messenger"), "attachments": [{"type": "hologram", "payload": None}]}
        strange = payloads.messenger_event(at.who, message={**message, "surprise": [1]})
        other = payloads.messenger_event(at.who, telepathy={"x": 1})
        unsupported = payloads.messenger_event(at.who, message={"mid": payloads.new_id("messenger")})
    for body in (strange, unsupported):
        holds(texts(at.ask(body)), "can't read this kind of message")
    expect([], at.ask(other), "said to an unknown event")


def _not_ours(at: Case) -> None:
    body = payloads.text(at.who, "does it hurt?")
    if at.channel == "whatsapp":
        body["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "1"
    else:
        body["entry"][0]["id"] = "1"
    expect([], at.ask(body), "said for another number or page")


def _out_of_order(at: Case) -> None:
    moment = payloads.now() - 60
    at.say("hello")
    late = payloads.text(at.who, "second", at=moment + 30)
    early = payloads.text(at.who, "first", at=moment)
    at.ask(payloads.joined(late, early))
    expect(["hello", "first", "second"], [each[0] for each in at.messages()], "order in the log")


def _clock_skew(at: Case) -> None:
    for moment in (1, payloads.now() + 10 * 365 * 86_400, payloads.now() - 30 * 86_400):
        body = payloads.text(at.who, "does it hurt?", at=moment)
        expect(True, len(at.ask(body)) > 0, f"answered with the time {moment}")


def _unknown_outcome(at: Case) -> None:
    for fault in ("crash", "unreadable"):
        parts = at.with_fault(fault, payloads.text(at.who, f"does it hurt? {fault}"))
        keys = [seen.key for seen in parts]
        expect(True, len(keys) > 0 and len(keys) == len(set(keys)), f"{fault}: each part once, its id came back")


def _refused_content(at: Case) -> None:
    at.say("hello")
    parts = at.with_fault("reject", payloads.text(at.who, "I want to speak to a person"), times=1)
    holds(texts(parts), "(310) 425-4975", "/contact/")
    expect(True, all("attachment" not in each.message and "interactive" not in each.message for each in parts), "plain")


def _window(at: Case) -> None:
    before = at.count("conversations_stafftask")
    expect([], at.with_fault("window", payloads.text(at.who, "does it hurt?"), times=9), "sent")
    expect(before + 1, at.count("conversations_stafftask"), "tasks for staff")


def _gone(at: Case) -> None:
    before = at.count("conversations_stafftask")
    expect([], at.with_fault("gone", payloads.text(at.who, "does it hurt?"), times=9), "sent")
    expect(before, at.count("conversations_stafftask"), "tasks for staff")
    expect(True, at.count("channels_delivery", "problem LIKE 'visitor can%'") > 0, "noted with the delivery")


def _rate_limit(at: Case) -> None:
    started = time.monotonic()
    parts = at.with_fault("429", payloads.text(at.who, "does it hurt?"), times=1)
    expect(True, len(parts) > 0 and time.monotonic() - started > 3, "sent after a pause")


def _no_raw_ids(at: Case) -> None:
    at.say("hello")
    for name in ("web", "worker"):
        log = (at.product.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")
        for secret in filter(None, (at.who.user, at.who.phone, "wamid.", "does it hurt")):
            expect(False, secret in log, f"{secret} in the log of {name}")
    rows = at.product.rows("SELECT user_hash, user_token, phone_hash, phone_token FROM channels_visitor")
    expect(
        False,
        any(at.who.user in str(row) or (at.who.phone or at.who.user) in str(row) for row in rows),
        "raw ids stored",
    )


def _identity(at: Case) -> None:
    """The number comes, goes, and changes: it stays one visitor."""
    before = at.count("channels_visitor")
    at.ask(payloads.text(at.who, "hello"))
    if at.channel == "whatsapp":
        hidden = Someone("whatsapp", at.who.user)
        at.ask(payloads.text(hidden, "does it hurt?"), who=hidden)
        old = Someone("whatsapp", "", f"1310999{at.number:04d}")
        at.ask(_by_phone(old, "how long does it last?"), who=old)
        at.ask(payloads.text(Someone("whatsapp", f"US.{at.number}77", old.phone), "is it safe?"))
        expect(before + 2, at.count("channels_visitor"), "visitors, one known by number first")
    else:
        at.ask(payloads.text(at.who, "does it hurt?"))
        expect(before + 1, at.count("channels_visitor"), "visitors")


def _by_phone(who: Someone, said: str) -> Body:
    """As it was before there were business-scoped ids."""
    body = payloads.text(who, said)
    value = body["entry"][0]["changes"][0]["value"]
    value["contacts"][0].pop("user_id")
    value["messages"][0].pop("from_user_id")
    return body


CASES: tuple[tuple[str, Callable[[Case], None]], ...] = (
    ("verification: right and wrong token", _verification),
    ("signature missing, wrong, of other bytes, in the old header", _signatures),
    ("malformed bodies, strange shapes", _malformed),
    ("huge message, too large body", _huge),
    ("batch of several entries and visitors", _batch),
    ("duplicate, also fifty at once", _duplicates),
    ("retry after web and worker were killed", _crash),
    ("bot disclosure; after the advice in an emergency", _disclosure),
    ("read and typing signals", _signals),
    ("phone, form link, call button", _contact),
    ("at most two sources", _sources),
    ("echo of our own message", _echo_of_ours),
    ("a person answers: silence, emergencies aside", _person_answers),
    ("standby: silence, and back", _standby),
    ("photo", _kind("image", "can't look at photos", "(310) 425-4975")),
    ("photo with a question", _kind("image", "photos", "metals", caption="is there mercury in the ink?")),
    ("photo with an emergency", _photo_of_an_emergency),
    ("voice message", _kind("voice", "voice messages")),
    ("video", _kind("video", "videos")),
    ("file", _kind("file", "open files")),
    ("location", _kind("location", "location")),
    ("sticker", _kind("sticker", "words")),
    ("reaction, its change and its end", _reaction),
    ("reply to a message", _reply_to),
    ("edited message", _edited),
    ("deleted message: gone from the log and from Rasa", _deleted),
    ("deletion before the message", _deleted_before_it_came),
    ("button of long ago", _button),
    ("choice that was offered", _choice),
    ("get started, ice breaker", _ice_breaker),
    ("referral from an ad", _referral),
    ("unknown type, unknown event", _unknown),
    ("another number or page of the same app", _not_ours),
    ("out of order within a batch", _out_of_order),
    ("clock skew: 1970, next decade, last month", _clock_skew),
    ("crash and 502 after accepting: sent once", _unknown_outcome),
    ("refused content: sent as plain text", _refused_content),
    ("window closed: a task for staff", _window),
    ("visitor gone: noted, no task", _gone),
    ("rate limit: waits", _rate_limit),
    ("identity: number comes, goes, joins", _identity),
    ("no ids and no texts in logs, no raw ids stored", _no_raw_ids),
)
#: Messenger has no such thing.
WHATSAPP_CASES: tuple[tuple[str, Callable[[Case], None]], ...] = (
    ("contact card", _kind("contacts", "contact cards", "call me back")),
)
