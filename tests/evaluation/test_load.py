"""The load and the plan made of it: to this machine only, counted right, and honest about goals that are missed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import yaml

from evaluation import scale
from evaluation.load import __main__ as load
from evaluation.load import cost, generator, stock
from evaluation.load.generator import Task
from evaluation.load.side import Side
from evaluation.scale import Point


@pytest.mark.parametrize("url", ["http://203.0.113.1", "http://clinic.example", "http://10.0.0.1:8000"])
def test_no_load_on_another_machine(url: str) -> None:
    """An address that is not of this machine is refused before anything is sent."""
    with pytest.raises(ValueError, match="not on this machine"):
        asyncio.run(generator.run(Task("website", [url], ["hello"], 1, 1)))


def figures(throughput: float, p95: float, memory: dict[str, float], start: float) -> load.Figures:
    return load.Figures(start, throughput, p95 / 2, p95, p95 / 4, p95 / 3, memory, 0)


def test_a_goal_that_is_missed_is_called_so() -> None:
    """Each figure is the median of its visits; the ratio is ours to theirs."""
    mine = [figures(n, 100, {"rasa": 400, "web": 100}, 10) for n in (50, 61, 70)]
    theirs = [figures(20, 250, {"stock": 1000}, 40)]
    table = load.table(load.rows({"this assistant": mine, "stock Rasa": theirs}))
    assert "| messages a second, 8 clients | 61.0 | 20.0 | 3.05 | ≥ 3.00: met |" in table
    assert "| p95, 8 clients | 100 ms | 250 ms | 0.40 | ≤ 0.33: missed |" in table
    assert "| memory of the Rasa server (PSS) | 400 MB | 1000 MB | 0.40 | ≤ 0.40: met |" in table
    assert "| memory of all processes (PSS) | 500 MB | 1000 MB | 0.50 |  |" in table
    assert "| start | 10.0 s | 40.0 s | 0.25 | ≤ 0.33: met |" in table


def test_stock_rasa_has_the_same_topics() -> None:
    """Every topic of the product is an intent with its answer there, and no reply has a hole."""
    files = stock.project()
    topics = {path.stem for path in (Path(stock.ROOT) / "data" / "topics").glob("*.yml")}
    intents = {entry["intent"].rpartition("/")[2] for entry in files["data/nlu.yml"]["nlu"]}
    assert {topic.removeprefix("emergency_") for topic in topics} <= intents
    texts = [variant["text"] for variants in files["domain.yml"]["responses"].values() for variant in variants]
    assert all(texts)
    assert not any("{" in text for text in texts)
    assert yaml.safe_dump(files)


def test_the_plan_follows_from_processor_time() -> None:
    """A million messages a day is 58 a second at a peak of five times the mean."""
    point = Point(1, 30, 100, 200, web=12, rasa=24, worker=1, postgres=6, failed=0)
    cells = [cell.strip() for cell in scale.plan([point], 1_000_000).strip("|").split("|")]
    assert cells[:5] == ["1,000,000", "11.6", "58", "2", "3"]
    assert scale.plan([point], 100_000).split("|")[4:6] == [" 2 ", " 2 "]


def test_what_a_message_costs_is_told_by_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The time of the messages that are measured, without the start and the first ones; none when one failed."""
    outcome = generator.Outcome(1.0, [1.0], 0)
    spent = iter([{"web": 5.0, "rasa": 9.0}, {"web": 6.0, "rasa": 11.0}])
    monkeypatch.setattr(Side, "ask", lambda *_, **__: outcome)
    monkeypatch.setattr(Side, "processor", lambda _: next(spent))
    side = Side("website", "http://127.0.0.1", {}, 0.0)
    found = cost.of_a_message(side, ["hello"], clients=8, messages=100, folder=tmp_path)
    assert found == {"web": 10.0, "rasa": 20.0}
