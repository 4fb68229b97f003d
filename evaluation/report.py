"""The evaluation as one page a person likes to read: figures, plots, and the misses that matter."""

from __future__ import annotations

import io
from collections.abc import Sequence
from html import escape
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from evaluation.figures import Share, by_tag, by_topic, calibration, confusions, headline, risk_coverage, worst
from evaluation.judge import Judged

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c2430; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid #d9d5cb; vertical-align: top; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.bar { display: inline-block; height: .7rem; background: #0b5d66; border-radius: .2rem; }
.plots { display: flex; flex-wrap: wrap; gap: 1rem; } .plots svg { width: 27rem; max-width: 100%; height: auto; }
"""


def write_page(rows: Sequence[Judged], path: Path, title: str) -> None:
    """Write the page. It holds the messages of the worst turns: keep it where the questions may be read."""
    parts = [
        f"<h1>{escape(title)}</h1><p>{len(rows)} messages.</p>",
        _table("What it is judged by", headline(rows)),
        f'<h2>Sure and right</h2><div class="plots">{_reliability(rows)}{_risk(rows)}</div>',
        _confusions(rows),
        _table("By style of the message", by_tag(rows)),
        _table("By topic or reason", by_topic(rows)),
        _worst(rows),
    ]
    head = f"<meta charset=utf-8><title>{escape(title)}</title><style>{_STYLE}</style>"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"<!doctype html><html lang=en><head>{head}</head><body>{''.join(parts)}</body></html>", "utf-8")


def _table(title: str, shares: dict[str, Share]) -> str:
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td class=number>{share.value:.1%}</td>"
        f"<td class=number>{share.count} of {share.of}</td><td class=number>{share.low:.1%} to {share.high:.1%}</td>"
        f'<td><span class=bar style="width:{share.value * 8:.2f}rem"></span></td></tr>'
        for name, share in shares.items()
    )
    return (
        f"<h2>{escape(title)}</h2><table><tr><th></th><th>share</th><th>count</th><th>95 % bounds</th><th></th></tr>"
        f"{rows}</table>"
    )


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", bbox_inches="tight")
    plt.close(figure)
    return buffer.getvalue()[buffer.getvalue().index("<svg") :]


def _reliability(rows: Sequence[Judged]) -> str:
    measured = calibration(rows)
    figure, axes = plt.subplots(figsize=(5, 4))
    axes.plot([0, 1], [0, 1], color="#999", linewidth=1)
    axes.plot(measured.confidence, measured.right, marker="o", color="#0b5d66")
    for x, y, count in zip(measured.confidence, measured.right, measured.count, strict=True):
        axes.annotate(str(count), (x, y), textcoords="offset points", xytext=(4, -12))
    axes.set(
        title=f"Reliability of answers (ECE {measured.error:.3f})",
        xlabel="mean confidence",
        ylabel="share right",
        xlim=(0, 1.02),
        ylim=(0, 1.02),
    )
    return _svg(figure)


def _risk(rows: Sequence[Judged]) -> str:
    coverage, risk = risk_coverage(rows)
    figure, axes = plt.subplots(figsize=(5, 4))
    axes.plot(coverage, risk, color="#0b5d66")
    axes.axhline(0.015, color="#a3140e", linewidth=1, linestyle="--")
    axes.set(title="Risk and coverage", xlabel="share of messages answered", ylabel="share answered wrongly")
    axes.set_ylim(bottom=0)
    return _svg(figure)


def _confusions(rows: Sequence[Judged]) -> str:
    found = "".join(
        f"<tr><td>{escape(asked)}</td><td>{escape(answered)}</td><td class=number>{count}</td></tr>"
        for asked, answered, count in confusions(rows)
    )
    return (
        f"<h2>Answered with another topic</h2><table><tr><th>asked</th><th>answered</th><th></th></tr>{found}</table>"
    )


def _worst(rows: Sequence[Judged]) -> str:
    found = "".join(
        f"<tr><td>{escape(row.outcome.value)}</td><td>{escape(row.question.text)}</td>"
        f"<td>{escape(row.question.topic or row.question.behaviour)}</td>"
        f"<td>{escape(row.kind)} {escape(', '.join(row.prediction['topics']))}</td>"
        f"<td class=number>{row.confidence:.2f}</td></tr>"
        for row in worst(rows)
    )
    return (
        "<h2>The misses that matter most</h2><table><tr><th></th><th>message</th><th>asked</th><th>got</th>"
        f"<th>confidence</th></tr>{found}</table>"
    )
