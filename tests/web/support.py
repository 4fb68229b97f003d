"""A visitor at the website API, and a Rasa that does as it is told."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

import httpx

from shared.reply import Choice, Contact, Handoff, Reply, Source, Turn, Understood
from web import rasa

PHONE, PHONE_TEXT = "+13105550100", "(310) 555-0100"
EMERGENCY_LINE = "911"
FORM = "http://localhost:8000/contact/"
UNDERSTOOD = Understood(
    intent="safety", topics=["heavy_metals"], confidence=0.97, rules=["some_rule"], model="some-model"
)
NO_FORM_YET = Contact(phone=PHONE, phone_text=PHONE_TEXT, form_url=None)

Fault = Literal["down", "slow", "error", "garbage", "silent", "wrong format"]
FAULTS: tuple[Fault, ...] = ("down", "slow", "error", "garbage", "silent", "wrong format")


def an_answer(text: str = "An answer.") -> Reply:
    source = Source.model_validate({"title": "Tattoos", "publisher": "FDA", "url": "https://www.fda.gov/tattoos"})
    return Reply(text=text, kind="answer", topic="heavy_metals", sources=[source], contact=NO_FORM_YET)


def a_handoff(reason: str = "booking") -> Reply:
    handoff = Handoff.model_validate({"id": str(uuid.uuid4()), "reason": reason, "status": "offered"})
    return Reply(text="Please call us.", kind="handoff", contact=NO_FORM_YET, handoff=handoff)


def a_question() -> Reply:
    choices = [Choice(id="choice-ink", title="Ink"), Choice(id="choice-pain", title="Pain")]
    return Reply(text="Which one?", kind="clarify", choices=choices)


class FakeRasa:
    """Rasa's gateway: one result for each message id, faults on demand, and a list of all it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.forgotten: list[str] = []
        self.secrets: set[str | None] = set()
        self.fault: Fault | None = None
        self.says: list[Reply] = []
        self.knows_choices = True
        self.before_answer: Callable[[dict[str, Any]], Awaitable[None]] | None = None
        self._results: dict[str, httpx.Response] = {}

    @property
    def texts(self) -> list[str | None]:
        return [turn.get("text") for turn in self.asked]

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(503 if self.fault else 200)
        self.secrets.add(request.headers.get("Authorization"))
        if self.fault is not None:
            return await self._fail(request)
        if request.method == "DELETE":
            self.forgotten.append(request.url.path.rpartition("/")[2])
            return httpx.Response(200, json={"deleted": True})
        return await self._turn(request)

    async def _turn(self, request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        self.asked.append(asked)
        if self.before_answer is not None:
            await self.before_answer(asked)
        if "choice" in asked and not self.knows_choices:
            return httpx.Response(422, json={"error": {"code": "choice_not_offered", "message": "No."}})
        if asked["message_id"] not in self._results:
            replies = self.says or [an_answer(f"Answer {len(self._results) + 1}.")]
            turn = Turn(replies=replies, understood=UNDERSTOOD)
            self._results[asked["message_id"]] = httpx.Response(200, content=turn.model_dump_json())
        return self._results[asked["message_id"]]

    async def _fail(self, request: httpx.Request) -> httpx.Response:
        match self.fault:
            case "down":
                raise httpx.ConnectError("refused", request=request)
            case "slow":
                await asyncio.Event().wait()
            case "error":
                return httpx.Response(500, text=f"Traceback: {request.content.decode()}")
            case "garbage":
                return httpx.Response(200, content=b"<html>\xff" + request.content)
            case "silent":
                return httpx.Response(200, content=Turn(replies=[], understood=UNDERSTOOD).model_dump_json())
            case _:
                pass
        return httpx.Response(200, json={"replies": [{"text": request.content.decode(), "kind": "shout"}]})


def exchange_with(server: Callable[[httpx.Request], Awaitable[httpx.Response]]) -> Any:
    """What stands for a call on a socket: a server in this process, whose faults are those of httpx."""

    async def exchange(method: str, url: str, body: bytes, headers: Mapping[str, str], seconds: float) -> rasa._Answer:
        request = httpx.Request(method, url, content=body, headers=dict(headers))
        try:
            async with asyncio.timeout(seconds):
                response = await server(request)
        except httpx.ConnectError as error:
            raise rasa._NobodyListens from error
        except (TimeoutError, httpx.TimeoutException) as error:
            raise rasa.RasaUnavailable("slow") from error
        except httpx.HTTPError as error:
            raise rasa.RasaUnavailable("down") from error
        return rasa._Answer(response.status_code, response.content)

    return exchange


class Visitor:
    """One browser at the website API."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.token = ""

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def start(self, **body: Any) -> dict[str, Any]:
        response = await self.http.post("/api/chat/sessions", json=body, headers=self.headers)
        assert response.status_code == 200
        started: dict[str, Any] = response.json()
        self.token = started["token"]
        return started

    async def post(self, **body: Any) -> httpx.Response:
        return await self.http.post("/api/chat/messages", json=body, headers=self.headers)

    async def send(self, text: str, message_id: str | None = None) -> dict[str, Any]:
        response = await self.post(client_message_id=message_id or uuid.uuid4().hex, text=text)
        assert response.status_code == 200
        answer: dict[str, Any] = response.json()
        return answer

    async def log(self, after: str | None = None) -> list[dict[str, Any]]:
        params = {} if after is None else {"after": after}
        response = await self.http.get("/api/chat/messages", params=params, headers=self.headers)
        assert response.status_code == 200
        messages: list[dict[str, Any]] = response.json()["messages"]
        return messages

    async def rate(self, reply_id: str, helpful: object, **body: Any) -> httpx.Response:
        rating = {"reply_id": reply_id, "helpful": helpful, **body}
        return await self.http.post("/api/chat/feedback", json=rating, headers=self.headers)

    async def erase(self) -> httpx.Response:
        return await self.http.delete("/api/chat/session", headers=self.headers)


def assert_error(response: httpx.Response, status: int, code: str) -> None:
    """The one shape of an error, with a way to the clinic."""
    assert response.status_code == status
    body = response.json()
    assert set(body) == {"error", "contact"}
    assert set(body["error"]) == {"code", "message"}
    assert body["error"]["code"] == code
    assert body["error"]["message"]
    assert body["contact"] == {"phone": PHONE, "phone_text": PHONE_TEXT, "form_url": FORM}


def assert_notice(answer: dict[str, Any]) -> None:
    """What a visitor is told in an outage: phone, form, emergency line."""
    (reply,) = answer["replies"]
    assert reply["kind"] == "notice"
    assert EMERGENCY_LINE in reply["text"]
    assert PHONE_TEXT in reply["text"]
    assert reply["contact"] == {"phone": PHONE, "phone_text": PHONE_TEXT, "form_url": FORM}
