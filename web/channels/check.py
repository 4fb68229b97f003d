"""Whether the channels are set up: asked of Meta, and tried on our own address as Meta would call it."""

from __future__ import annotations

import secrets
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.db import DatabaseError

from web import worker
from web.channels import graph
from web.channels.events import items, number, part, word
from web.config import config
from web.conversations.models import Channel

_TIMEOUT_SECONDS = 10
#: A certificate or a key that ends so soon is told.
_SOON_DAYS = 14

_NEEDED_FIELDS = {
    Channel.WHATSAPP: {"messages"},
    Channel.MESSENGER: {"messages", "messaging_postbacks", "message_echoes"},
}
_USEFUL_FIELDS = {
    Channel.WHATSAPP: {"smb_message_echoes", "standby", "messaging_handovers"},
    Channel.MESSENGER: {
        "message_edits", "message_reactions", "messaging_referrals", "message_deliveries", "standby",
        "messaging_handovers",
    },
}  # fmt: skip
_SCOPES = {Channel.WHATSAPP: "whatsapp_business_messaging", Channel.MESSENGER: "pages_messaging"}
_OBJECTS = {Channel.WHATSAPP: "whatsapp_business_account", Channel.MESSENGER: "page"}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `says` is what was found, or what to do."""

    what: str
    is_well: bool
    says: str


class _Refused(Exception):
    """A call of the Graph API was refused; the text says why, in Meta's words."""


def findings() -> Iterator[Finding]:
    """Look at everything, one after another."""
    on = {Channel.WHATSAPP: config().has_whatsapp, Channel.MESSENGER: config().has_messenger}
    for channel in (channel for channel, is_on in on.items() if is_on):
        yield from _of_meta(channel)
        yield from _webhook(channel)
    yield from _certificate()
    yield _worker()


def _token(channel: Channel) -> str:
    secret = config().whatsapp_token if channel == Channel.WHATSAPP else config().messenger_page_token
    return secret.get_secret_value()


def _get(path: str, token: str, **params: str) -> dict[str, Any]:
    """
    Raises:
        _Refused
    """
    try:
        response = httpx.get(
            f"{graph.base_url()}/{path}",
            params={**params, **(graph.proof(token) if "|" not in token else {})},
            headers={"Authorization": f"Bearer {token}"},
            timeout=_TIMEOUT_SECONDS,
            trust_env=False,
        )
        body = response.json()
    except (httpx.HTTPError, ValueError) as error:
        raise _Refused(f"no answer from {config().graph_url} ({type(error).__name__})") from error
    if response.status_code != 200 or not isinstance(body, dict):
        why = part(body, "error")
        raise _Refused(f"Meta says {number(why.get('code')) or response.status_code}: {word(why.get('message'))}")
    return body


def _of_meta(channel: Channel) -> Iterator[Finding]:
    yield _try(f"{channel.label} account", lambda: _account(channel))
    if not config().meta_app_id:
        yield Finding(
            f"{channel.label} key and subscription", False, "not looked at: set META_APP_ID to have them checked"
        )
        return
    yield _try(f"{channel.label} key", lambda: _key(channel))
    yield _try(f"{channel.label} webhook fields", lambda: _fields(channel))
    yield _try(f"{channel.label} subscription of the app", lambda: _subscribed(channel))


def _try(what: str, look: Callable[[], tuple[bool, str]]) -> Finding:
    try:
        return Finding(what, *look())
    except _Refused as error:
        return Finding(what, False, str(error))


def _account(channel: Channel) -> tuple[bool, str]:
    if channel == Channel.WHATSAPP:
        of = _get(config().whatsapp_phone_number_id, _token(channel), fields="display_phone_number,verified_name")
        return True, f"{word(of.get('verified_name'))}, {word(of.get('display_phone_number'))}"
    of = _get(config().messenger_page_id, _token(channel), fields="name")
    return True, word(of.get("name"))


def _app_token() -> str:
    return f"{config().meta_app_id}|{config().meta_app_secret.get_secret_value()}"


def _key(channel: Channel) -> tuple[bool, str]:
    of = part(_get("debug_token", _app_token(), input_token=_token(channel)), "data")
    setting = "WHATSAPP_TOKEN" if channel == Channel.WHATSAPP else "MESSENGER_PAGE_TOKEN"
    if not of.get("is_valid"):
        return False, f"{setting} is not valid (any more). Make a new one in Meta's console"
    if word(of.get("app_id")) != config().meta_app_id:
        return False, f"{setting} belongs to another app than META_APP_ID"
    scopes = of.get("scopes")
    if _SCOPES[channel] not in (scopes if isinstance(scopes, list) else []):
        return False, f"{setting} lacks the permission {_SCOPES[channel]}. Make a new one with it"
    ends = number(of.get("expires_at"))
    if not ends:
        return True, "valid, without an end"
    days = (datetime.fromtimestamp(ends, UTC) - datetime.now(UTC)).days
    says = f"valid for {days} days more"
    return days > _SOON_DAYS, says if days > _SOON_DAYS else f"{says}. Make one of a system user, which does not end"


def _address(channel: Channel) -> str:
    return f"{config().public_url}/webhooks/{channel.value}"


def _fields(channel: Channel) -> tuple[bool, str]:
    subscriptions = items(_get(f"{config().meta_app_id}/subscriptions", _app_token()).get("data"))
    ours = next((each for each in subscriptions if each.get("object") == _OBJECTS[channel]), None)
    if ours is None:
        return False, f"the app has no webhook. In Meta's console set {_address(channel)} as the callback URL"
    if word(ours.get("callback_url")) != _address(channel):
        return False, f"the callback URL is {word(ours.get('callback_url'))}. Set it to {_address(channel)}"
    names = {word(each.get("name")) for each in items(ours.get("fields"))}
    if missing := _NEEDED_FIELDS[channel] - names:
        return False, f"subscribe to {', '.join(sorted(missing))}"
    unused = _USEFUL_FIELDS[channel] - names
    return True, f"subscribed; {', '.join(sorted(unused))} would be of use too" if unused else "subscribed to all"


def _subscribed(channel: Channel) -> tuple[bool, str]:
    if channel == Channel.WHATSAPP:
        account = config().whatsapp_business_account_id
        if not account:
            return False, "not looked at: set WHATSAPP_BUSINESS_ACCOUNT_ID to have it checked"
        apps = items(_get(f"{account}/subscribed_apps", _token(channel)).get("data"))
        ids = {word(part(app, "whatsapp_business_api_data").get("id")) for app in apps}
    else:
        apps = items(_get(f"{config().messenger_page_id}/subscribed_apps", _token(channel)).get("data"))
        ids = {word(app.get("id")) for app in apps}
    if config().meta_app_id in ids:
        return True, "the app gets what visitors send"
    return False, "the app is not subscribed to this account. Add it there in Meta's console"


def _webhook(channel: Channel) -> Iterator[Finding]:
    what, address = f"{channel.label} webhook address", _address(channel)
    if urlsplit(address).scheme != "https":
        yield Finding(what, not config().is_production, f"{address} is not https://: Meta will not call it")
    challenge = secrets.token_hex(8)
    asked = {"hub.mode": "subscribe", "hub.challenge": challenge}
    right = {"hub.verify_token": config().meta_verify_token.get_secret_value()}
    try:
        known = httpx.get(address, params=asked | right, timeout=_TIMEOUT_SECONDS, trust_env=False)
        unknown = httpx.get(
            address, params=asked | {"hub.verify_token": "wrong"}, timeout=_TIMEOUT_SECONDS, trust_env=False
        )
        unsigned = httpx.post(address, content=b"{}", timeout=_TIMEOUT_SECONDS, trust_env=False)
    except httpx.HTTPError as error:
        says = f"{address} can't be reached ({type(error).__name__}). Is web running, and PUBLIC_URL right?"
        yield Finding(what, False, says)
        return
    if known.status_code != 200 or known.text != challenge:
        says = f"{address} answered {known.status_code}. It has to be this web process, with the same settings"
    elif unknown.status_code != 403 or unsigned.status_code != 401:
        says = f"{address} takes calls that no one signed. Something before web answers for it"
    else:
        yield Finding(what, True, f"{address} answers, and refuses what is not signed")
        return
    yield Finding(what, False, says)


def _certificate() -> Iterator[Finding]:
    parts = urlsplit(config().public_url)
    if parts.scheme != "https" or parts.hostname is None:
        return
    try:
        with (
            socket.create_connection((parts.hostname, parts.port or 443), _TIMEOUT_SECONDS) as connection,
            ssl.create_default_context().wrap_socket(connection, server_hostname=parts.hostname) as secured,
        ):
            certificate = secured.getpeercert() or {}
    except ssl.SSLError as error:
        says = f"not valid ({error.reason}). Meta wants one of a known authority, with its whole chain"
        yield Finding("Certificate", False, says)
        return
    except OSError as error:
        yield Finding("Certificate", False, f"{parts.hostname} can't be reached ({type(error).__name__})")
        return
    ends = ssl.cert_time_to_seconds(str(certificate.get("notAfter", "")))
    days = (datetime.fromtimestamp(ends, UTC) - datetime.now(UTC)).days
    yield Finding("Certificate", days > _SOON_DAYS, f"valid for {days} days more")


def _worker() -> Finding:
    try:
        is_alive = worker.is_alive()
    except DatabaseError:
        return Finding("Worker", False, "the database can't be read, or has no tables: python -m web migrate")
    says = "running" if is_alive else "not running, so nothing is answered here: python -m web worker"
    return Finding("Worker", is_alive, says)
