"""Opening the console's pages as a person of the staff does, and how each query of theirs finds its rows."""

from __future__ import annotations

import html
import re
import statistics
import sys
import time
import uuid
from dataclasses import dataclass

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from evaluation.console import TARGET_MS, YEAR_TARGET_MS
from evaluation.console.fill import NAME, PASSWORD
from web.review.models import Facet, Review, Tag

RUNS = 40
_NEXT = re.compile(r'rel="next" href="([^"]+)"')
#: Tables that have as many rows as there are messages, or conversations.
LARGE = (
    "conversations_message", "conversations_reply", "conversations_conversation", "review_review", "review_facet",
    "review_searchtext", "conversations_feedback", "channels_delivery",
)  # fmt: skip
_PG_SCAN = re.compile(
    r"((?:Parallel )?Seq Scan|Index (?:Only )?Scan(?: Backward)?|Bitmap Heap Scan)(?: using (\w+))? on (\w+)"
)
_SQLITE_SCAN = re.compile(r"(SCAN|SEARCH) (\w+)(?: .*?USING (?:COVERING )?(?:INDEX (\w+)|INTEGER PRIMARY KEY))?")


@dataclass
class Case:
    """One kind of page: its addresses are opened in turn. `target` is what it may take, in milliseconds."""

    name: str
    addresses: list[str]
    target: float = TARGET_MS
    p50: float = 0
    p95: float = 0
    most: float = 0
    queries: int = 0
    indexes: list[str] | None = None
    scans: list[str] | None = None


def measure() -> list[Case]:
    """Every case, each page `RUNS` times, in milliseconds from the request to the whole page."""
    client = Client(SERVER_NAME="localhost")
    answer = client.post("/console/login", {"username": NAME, "password": PASSWORD})
    if answer.status_code != 302:
        raise SystemExit("The bench's account can't log in.")
    cases = _cases(client)
    for case in cases:
        _judge(client, case)
        print(f"{case.name}: p95 {case.p95:.0f} ms", file=sys.stderr, flush=True)
    return cases


def _cases(client: Client) -> list[Case]:
    deep = _deep(client, "/console/conversations", 20)
    pks = list(Review.objects.order_by("-place").values_list("pk", flat=True)[:2000:50])
    longest = list(Review.objects.order_by("-messages").values_list("pk", flat=True)[:5])
    tag = Tag.objects.order_by("pk").values_list("pk", flat=True).first()
    listed = "/console/conversations?"
    return [
        Case("queue, first page", ["/console/queue"]),
        Case("queue, 20 pages on", [_deep(client, "/console/queue", 20)]),
        Case("queue, filtered", ["/console/queue?kind=clarify", "/console/queue?channel=whatsapp&confidence=60"]),
        Case("list, first page", ["/console/conversations"]),
        Case("list, 20 pages on", [deep]),
        Case(
            "list, one filter",
            [f"{listed}{one}" for one in ("kind=emergency", "topic=mri", "state=needs_engineer", "feedback=bad")],
        ),
        Case(
            "list, several filters",
            [
                f"{listed}kind=emergency&channel=messenger&state=new",
                f"{listed}topic=pain&confidence=75&length=2-5&since=2025-03-01&until=2025-06-30",
                f"{listed}tag={tag}&assignee=none&kind=answer",
                # Nothing can be both.
                f"{listed}length=1&kind=emergency&topic=mri",
            ],
        ),
        Case("search, a rare word", [f"{listed}q={word}" for word in ("shunt", "airport", "radiographer", "zebra")]),
        Case("search, a common word", [f"{listed}q={word}" for word in ("scalp", "pain", "the", "can")]),
        Case("search, several words", [f"{listed}q={word}" for word in ("scalp+mri", '"how+long"', "ink+-mri")]),
        Case(
            "search, with filters",
            [
                f"{listed}q=scalp&kind=emergency",
                f"{listed}q=ink&state=new&channel=whatsapp",
                f"{listed}q=mri&tag={tag}",
            ],
        ),
        Case("messages to mark", ["/console/messages", "/console/messages?show=unsure"]),
        Case(
            "messages to mark, with words", ["/console/messages?q=scalp", "/console/messages?show=answered&q=airport"]
        ),
        Case("conversation", [f"/console/conversations/{pk}?list=queue&in=&at={_cursor(pk)}" for pk in pks]),
        Case("conversation, the longest", [f"/console/conversations/{pk}" for pk in longest]),
        Case(
            "requests", ["/console/requests/", "/console/requests/?show=done", "/console/requests/?show=done&from=500"]
        ),
        Case("content", ["/console/content/", "/console/content/?show=worst", "/console/content/topics/mri"]),
        Case("overview, a month", ["/console/overview/?from=2025-12-01&to=2025-12-31"]),
        Case("overview, a year", ["/console/overview/?from=2025-01-01&to=2025-12-31"], YEAR_TARGET_MS),
        Case("what changed since", [f"/console/changes?since={round(time.time() * 1000)}"]),
    ]


def _cursor(pk: uuid.UUID) -> str:
    facet = Facet.objects.filter(review=pk, name="all").get()
    return f"{facet.place}.{facet.review_id.hex}"


def _deep(client: Client, address: str, pages: int) -> str:
    """The address of a later page, found as a person would."""
    at = address
    for _ in range(pages):
        more = _NEXT.search(client.get(at).content.decode())
        if more is None:
            break
        at = f"{address}{html.unescape(more[1])}"
    return at


def _judge(client: Client, case: Case) -> None:
    times = []
    for run in range(max(RUNS, len(case.addresses))):
        address = case.addresses[run % len(case.addresses)]
        began = time.perf_counter()
        answer = client.get(address)
        times.append((time.perf_counter() - began) * 1000)
        if answer.status_code != 200:
            raise SystemExit(f"{address}: {answer.status_code}")
    times.sort()
    case.p50, case.p95 = statistics.median(times), times[int(len(times) * 0.95) - 1]
    case.most = times[-1]
    indexes: set[str] = set()
    scans: set[str] = set()
    for address in case.addresses[:5]:
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        case.queries = max(case.queries, len(captured))
        for query in captured.captured_queries:
            if query["sql"].startswith("SELECT"):
                _read_plan(query["sql"], indexes, scans)
    case.indexes, case.scans = sorted(indexes), sorted(scans)


def _read_plan(statement: str, indexes: set[str], scans: set[str]) -> None:
    """Note by which indexes a query reads the large tables, and which of them it reads as a whole."""
    with connection.cursor() as cursor:
        prefix = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
        cursor.execute(f"{prefix} {statement.replace('%', '%%')}", [])
        lines = [str(row[-1]) for row in cursor.fetchall()]
    if connection.vendor == "postgresql":
        for how, index, table in _PG_SCAN.findall("\n".join(lines)):
            if table in LARGE and "Seq" in how:
                scans.add(table)
            elif table in LARGE and index:
                indexes.add(index)
        return
    for line in lines:
        found = _SQLITE_SCAN.match(line)
        if found is not None and found[2] in LARGE:
            # A walk down an index is bounded by the page's limit; one down the table would not be.
            if found[1] == "SCAN" and not found[3] and "PRIMARY KEY" not in line:
                scans.add(found[2])
            elif found[3]:
                indexes.add(found[3])
