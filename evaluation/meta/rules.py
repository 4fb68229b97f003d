"""What the simulated Meta accepts of a message: the limits of its documentation."""

from __future__ import annotations

from typing import Any

Body = dict[str, Any]


def _size(value: object) -> int:
    return len(value.encode("utf-16-le", "surrogatepass")) // 2 if isinstance(value, str) else -1


def _fits(value: object, most: int) -> bool:
    return 1 <= _size(value) <= most


def whatsapp_problem(body: Body) -> int:
    """Why a message of WhatsApp is refused, as its error code; 0: it is fine."""
    if body.get("messaging_product") != "whatsapp" or not (body.get("to") or body.get("recipient")):
        return 100
    if len(body.get("biz_opaque_callback_data") or "") > 512:
        return 131009
    if body.get("type") == "text":
        return 0 if _fits((body.get("text") or {}).get("body"), 4096) else 131009
    if body.get("type") != "interactive":
        return 131051
    of = body.get("interactive") or {}
    if not _fits((of.get("body") or {}).get("text"), 1024):
        return 131009
    action = of.get("action") or {}
    match of.get("type"):
        case "button":
            replies = [each.get("reply") or {} for each in action.get("buttons") or []]
            titles, ids = [each.get("title") for each in replies], [each.get("id") for each in replies]
            is_fine = 1 <= len(replies) <= 3 and all(_fits(each, 20) for each in titles)
            is_fine = (
                is_fine and all(_fits(each, 256) for each in ids) and len(set(titles)) == len(set(ids)) == len(ids)
            )
        case "list":
            rows = [row for section in action.get("sections") or [] for row in section.get("rows") or []]
            is_fine = _fits(action.get("button"), 20) and 1 <= len(rows) <= 10
            is_fine = is_fine and all(_fits(row.get("title"), 24) and _fits(row.get("id"), 200) for row in rows)
            is_fine = is_fine and all(_size(row.get("description") or "") <= 72 for row in rows)
        case "cta_url":
            of_link = action.get("parameters") or {}
            is_fine = _fits(of_link.get("display_text"), 20) and str(of_link.get("url", "")).startswith("http")
        case _:
            return 131051
    return 0 if is_fine else 131009


def messenger_problem(body: Body) -> int:
    """Why a message of Messenger is refused, as its error code; 0: it is fine."""
    if not (body.get("recipient") or {}).get("id") or body.get("messaging_type") != "RESPONSE":
        return 100
    message = body.get("message") or {}
    if _size(message.get("metadata") or "") > 1000:
        return 100
    replies = message.get("quick_replies") or []
    is_fine = len(replies) <= 13 and all(
        _fits(each.get("title"), 20) and _fits(each.get("payload"), 1000) for each in replies
    )
    if "attachment" not in message:
        return 0 if is_fine and _fits(message.get("text"), 2000) else 100
    payload = (message["attachment"] or {}).get("payload") or {}
    buttons = payload.get("buttons") or []
    is_fine = is_fine and payload.get("template_type") == "button" and _fits(payload.get("text"), 640)
    is_fine = is_fine and 1 <= len(buttons) <= 3 and all(_fits(each.get("title"), 20) for each in buttons)
    for each in buttons:
        is_call = each.get("type") == "phone_number" and str(each.get("payload", "")).startswith("+")
        is_link = each.get("type") == "web_url" and str(each.get("url", "")).startswith("http")
        is_fine = is_fine and (is_call or is_link)
    return 0 if is_fine else 100
