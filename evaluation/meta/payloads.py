"""Webhooks in the form that Meta's documentation shows, for a made-up clinic and made-up visitors."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass
from typing import Any

PHONE_NUMBER_ID, BUSINESS_ACCOUNT_ID, DISPLAY_NUMBER = "106540352242922", "102290129340398", "13105550100"
PAGE_ID, APP_ID, PAGE_INBOX, OTHER_APP = "174653981001", "670843887433847", "263902037430900", "999000111"

_numbers = itertools.count(1)
Body = dict[str, Any]


def new_id(channel: str) -> str:
    """An id as the channel's messages have it, new each time."""
    number = f"{time.time_ns()}{next(_numbers)}"
    return f"wamid.HBgL{number}AA==" if channel == "whatsapp" else f"m_{number}"


@dataclass(frozen=True)
class Someone:
    """A made-up visitor. WhatsApp: `user` is business-scoped and `phone` may be empty. Messenger: page-scoped."""

    channel: str
    user: str
    phone: str = ""

    @staticmethod
    def number(channel: str, number: int) -> Someone:
        """The visitor of a number."""
        if channel == "whatsapp":
            return Someone(channel, f"US.{13_491_208_655_302_000_000 + number}", f"1310555{number:04d}")
        return Someone(channel, f"{7_000_000_000_000_000 + number}")


def now() -> int:
    """Seconds of Meta's clock."""
    return int(time.time())


def whatsapp(field: str = "messages", phone_number_id: str = PHONE_NUMBER_ID, **value: Any) -> Body:
    """A webhook of one change."""
    metadata = {"display_phone_number": DISPLAY_NUMBER, "phone_number_id": phone_number_id}
    change = {"value": {"messaging_product": "whatsapp", "metadata": metadata, **value}, "field": field}
    return {"object": "whatsapp_business_account", "entry": [{"id": BUSINESS_ACCOUNT_ID, "changes": [change]}]}


def messenger(*events: Body, key: str = "messaging") -> Body:
    """A webhook of one entry."""
    return {"object": "page", "entry": [{"id": PAGE_ID, "time": now() * 1000, key: list(events)}]}


def joined(*bodies: Body) -> Body:
    """One webhook with every entry of several."""
    return {"object": bodies[0]["object"], "entry": [entry for body in bodies for entry in body["entry"]]}


def whatsapp_message(who: Someone, kind: str, of: Any, *, id_: str = "", at: int | None = None, **more: Any) -> Body:
    """A visitor's message of some type; `of` is what stands under the type's name."""
    contact: Body = {"profile": {"name": "Sheena"}, "user_id": who.user}
    message: Body = {"id": id_ or new_id("whatsapp"), "timestamp": str(at or now()), "type": kind, kind: of, **more}
    if who.phone:
        contact["wa_id"], message["from"] = who.phone, who.phone
    message["from_user_id"] = who.user
    field = message.pop("field", "messages")
    return whatsapp(field, contacts=[contact], messages=[message])


def messenger_event(who: Someone, *, at: int | None = None, key: str = "messaging", **of: Any) -> Body:
    """An event of a visitor: `message`, `postback`, `reaction` ..."""
    base = {"sender": {"id": who.user}, "recipient": {"id": PAGE_ID}, "timestamp": (at or now()) * 1000}
    return messenger({**base, **of}, key=key)


def text(who: Someone, said: str, *, id_: str = "", at: int | None = None, answers: str = "") -> Body:
    """A typed message."""
    if who.channel == "whatsapp":
        context = {"context": {"from": DISPLAY_NUMBER, "id": answers}} if answers else {}
        return whatsapp_message(who, "text", {"body": said}, id_=id_, at=at, **context)
    reply_to = {"reply_to": {"mid": answers}} if answers else {}
    return messenger_event(who, at=at, message={"mid": id_ or new_id("messenger"), "text": said, **reply_to})


def chosen(who: Someone, id_: str, title: str, kind: str = "button_reply") -> Body:
    """A tapped choice: `button_reply` or `list_reply` of WhatsApp, a quick reply of Messenger."""
    if who.channel == "whatsapp":
        return whatsapp_message(who, "interactive", {"type": kind, kind: {"id": id_, "title": title}})
    return messenger_event(who, message={"mid": new_id("messenger"), "text": title, "quick_reply": {"payload": id_}})


def attached(who: Someone, kind: str, caption: str = "") -> Body:
    """A photo, video, voice message, file, sticker, location or contact."""
    if who.channel == "whatsapp":
        of: Any = {"id": "1003383421387256", "mime_type": "image/jpeg", "sha256": "xyz"}
        if kind == "location":
            of = {"latitude": 34.05, "longitude": -118.24, "name": "Home"}
        if kind == "contacts":
            of = [{"name": {"formatted_name": "Ann"}, "phones": [{"phone": "+1 310 555 0199"}]}]
        if caption:
            of["caption"] = caption
        return whatsapp_message(who, kind, of)
    payload = {
        "url": "https://scontent.example/photo.jpg",
        **({"sticker_id": 369239263222822} if kind == "sticker" else {}),
    }
    said = {"text": caption} if caption else {}
    attachment = {"type": "image" if kind == "sticker" else kind, "payload": payload}
    return messenger_event(who, message={"mid": new_id("messenger"), "attachments": [attachment], **said})


def reacted(who: Someone, to: str, emoji: str) -> Body:
    """A reaction; without an emoji it is taken back."""
    if who.channel == "whatsapp":
        of = {"message_id": to, **({"emoji": emoji} if emoji else {})}
        return whatsapp_message(who, "reaction", of)
    of = {"mid": to, "action": "react" if emoji else "unreact", "emoji": emoji, "reaction": "other"}
    return messenger_event(who, reaction=of)


def edited(who: Someone, original: str, said: str, version: int = 1) -> Body:
    """A changed message."""
    if who.channel == "whatsapp":
        inner = {"type": "text", "text": {"body": said}}
        return whatsapp_message(who, "edit", {"original_message_id": original, "message": inner})
    return messenger_event(who, message_edit={"mid": original, "text": said, "num_edit": version})


def deleted(who: Someone, original: str) -> Body:
    """A message taken back."""
    if who.channel == "whatsapp":
        return whatsapp_message(who, "revoke", {"original_message_id": original})
    return messenger_event(who, message={"mid": original, "is_deleted": True})


def returned(who: Someone, id_: str, key: str, state: str = "sent", code: int = 0) -> Body:
    """What Meta says of a part we sent: a status of WhatsApp, an echo or a delivery of Messenger."""
    if who.channel == "whatsapp":
        status: Body = {"id": id_, "status": state, "timestamp": str(now()), "recipient_user_id": who.user}
        if who.phone:
            status["recipient_id"] = who.phone
        if key:
            status["biz_opaque_callback_data"] = key
        if code:
            status["errors"] = [{"code": code, "title": "Failed", "message": "Failed"}]
        return whatsapp(statuses=[status])
    if state == "sent":
        return echo(who, "", id_, metadata=key, app_id=APP_ID)
    return messenger_event(who, delivery={"mids": [id_], "watermark": now() * 1000})


def echo(
    who: Someone, said: str, id_: str = "", *, metadata: str = "", app_id: str = PAGE_INBOX, key: str = "messaging"
) -> Body:
    """What someone of the page, or of the WhatsApp Business app, wrote to the visitor."""
    if who.channel == "whatsapp":
        of: Body = {
            "from": DISPLAY_NUMBER,
            "to_user_id": who.user,
            "id": id_ or new_id("whatsapp"),
            "timestamp": str(now()),
        }
        of |= {"type": "text", "text": {"body": said}, **({"to": who.phone} if who.phone else {})}
        return whatsapp("standby" if key == "standby" else "smb_message_echoes", message_echoes=[of])
    message = {"mid": id_ or new_id("messenger"), "is_echo": True, "app_id": int(app_id), "text": said}
    if metadata:
        message["metadata"] = metadata
    event = {"sender": {"id": PAGE_ID}, "recipient": {"id": who.user}, "timestamp": now() * 1000, "message": message}
    return messenger(event, key=key)
