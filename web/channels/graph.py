"""What every call of the Graph API has in common: clients, and what their answers mean."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import weakref
from datetime import timedelta
from typing import Any

import httpx

from web.channels.events import NO_CODE, Problem, items, number, part
from web.config import config

#: A call that takes longer is given up; whether it had an effect is then not known.
TIMEOUT_SECONDS = 10.0
_LONGEST_WAIT_MINUTES = 60

_clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Any]] = weakref.WeakKeyDictionary()


class NotSent(Exception):
    """The provider did not take it. `wait` is how long it asked us to wait, if it did."""

    def __init__(self, problem: Problem, wait: timedelta | None = None) -> None:
        super().__init__(str(problem.code))
        self.problem, self.wait = problem, wait


class OutcomeUnknown(Exception):
    """No answer came, or none that says whether it was taken."""


def of_this_loop(name: str, make: Any) -> Any:
    """A client of this event loop, made on first use, so that connections stay open."""
    known = _clients.setdefault(asyncio.get_running_loop(), {})
    if name not in known:
        known[name] = make()
    return known[name]


def proof(token: str) -> dict[str, str]:
    """What shows that whoever calls also has the app's secret, for apps that demand it."""
    secret = config().meta_app_secret.get_secret_value()
    return {"appsecret_proof": hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()}


def new_client(token: str, **more: Any) -> httpx.AsyncClient:
    """A client that carries the proof with every call."""
    return httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False, params=proof(token), **more)


def base_url() -> str:
    """Where the Graph API is, with its version."""
    return f"{config().graph_url}/{config().graph_version}"


def page_scoped_ids(person: str) -> list[str]:
    """The ids by which our page knows someone whom the app knows by another one; none when Meta does not say.

    Raises:
        httpx.HTTPError: Meta can't be reached.
    """
    app, page = config().meta_app_id, config().messenger_page_id
    if not app or not page or not person.isdecimal():
        return []
    token = f"{app}|{config().meta_app_secret.get_secret_value()}"
    response = httpx.get(
        f"{base_url()}/{person}/ids_for_pages",
        params={"page": page, "access_token": token, **proof(token)},
        timeout=TIMEOUT_SECONDS,
        trust_env=False,
    )
    if response.status_code >= 500:
        response.raise_for_status()
    try:
        return [str(one["id"]) for one in items(response.json().get("data")) if "id" in one]
    except (ValueError, AttributeError):
        return []


def failure(response: httpx.Response) -> NotSent | OutcomeUnknown:
    """What an answer with an error status means. Only the provider's own error says that nothing was sent."""
    error = _error_of(response)
    if not error and response.status_code >= 500:
        return OutcomeUnknown(f"status {response.status_code}")
    code = number(error.get("code")) if "code" in error else NO_CODE
    problem = Problem(code, number(error.get("error_subcode")), response.status_code)
    return NotSent(problem, _asked_to_wait(response))


def _error_of(response: httpx.Response) -> dict[str, Any]:
    try:
        return dict(part(response.json(), "error"))
    except (ValueError, AttributeError):
        return {}


def _asked_to_wait(response: httpx.Response) -> timedelta | None:
    """From Retry-After in seconds, or from Meta's header on the use of its limits, in minutes."""
    seconds = number(response.headers.get("Retry-After"))
    if 0 < seconds <= _LONGEST_WAIT_MINUTES * 60:
        return timedelta(seconds=seconds)
    try:
        use = json.loads(response.headers.get("X-Business-Use-Case-Usage", "{}"))
        minutes = max(
            (number(each.get("estimated_time_to_regain_access")) for of in use.values() for each in items(of)),
            default=0,
        )
    except (ValueError, AttributeError):
        return None
    return timedelta(minutes=min(minutes, _LONGEST_WAIT_MINUTES)) if minutes > 0 else None
