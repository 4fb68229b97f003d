"""Alert rules speak of metrics that exist, and say what to do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

import assistant.metrics  # noqa: F401 (registers what Rasa counts)
from web import metrics

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "prometheus"
OPERATOR = (ROOT / "docs" / "operator.md").read_text(encoding="utf-8")
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((FOLDER / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]


def known() -> set[str]:
    """Every name of ours, as it is scraped."""
    families = {family.name: family.type for family in REGISTRY.collect() if family.name.startswith("smp_")}
    names = {name for name, _, _ in metrics.GAUGES} | {"smp_database_up"}
    for name, kind in families.items():
        names |= {"counter": {f"{name}_total"}, "histogram": {f"{name}_bucket", f"{name}_count"}}.get(kind, {name})
    return names


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_asks_for_what_is_counted(rule: dict[str, Any]) -> None:
    """A rule over a name that no one counts would never fire."""
    asked = set(re.findall(r"smp_\w+", rule["expr"]))
    assert asked or "up{" in rule["expr"]
    assert asked <= known()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_says_what_to_do(rule: dict[str, Any]) -> None:
    """How bad it is, what happened, and what whoever is woken does."""
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert rule["annotations"]["summary"]
    assert rule["annotations"]["action"]


def test_every_metric_is_explained() -> None:
    """docs/operator.md names each, and none that is gone."""
    plain = {re.sub(r"_(bucket|count)$", "", name) for name in known()}
    assert set(re.findall(r"`(smp_\w+)`", OPERATOR)) == plain


def test_every_process_is_scraped() -> None:
    """Four processes, four targets, and the rules beside."""
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
    targets = config["scrape_configs"][0]["static_configs"]
    assert [target["labels"]["process"] for target in targets] == ["web", "worker", "rasa", "actions"]
    assert all((FOLDER / name).is_file() for name in config["rule_files"])
