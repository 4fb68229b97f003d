"""Charts as SVG, drawn here: they need no script, print well, and follow the colours of the page.

A chart is a picture of the table that stands beside it: the picture has one sentence for who does not see it, the table
has every number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

#: Units of the picture. It is as wide as its place, so that letters of 12 units can be read on a phone too.
_WIDTH, _HEIGHT = 440, 210
_LEFT, _RIGHT, _TOP, _BOTTOM = 42, 6, 10, 24
_ROW = 25
_LABEL, _LABEL_LETTERS = 158, 24
_LEAST_LABEL_ROOM = 50


@dataclass(frozen=True)
class Series:
    """One colour of a chart."""

    name: str
    values: Sequence[float]


def bars(title: str, labels: Sequence[str], series: Sequence[Series], *, unit: str = "") -> SafeString:
    """Upright bars, one for each label; several series are stacked in their order.

    Args:
        title: what the picture shows, in one sentence.
        labels: below the bars; some are left out when there are many.
        series: as many values as labels in each, none below 0.
        unit: after the numbers of the axis, such as "%".
    """
    stacks = [sum(one.values[place] for one in series) for place in range(len(labels))]
    top = nice_top(max(stacks, default=0))
    inner_width, inner_height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    slot = inner_width / max(len(labels), 1)
    thick = max(min(slot * 0.72, 40), 1.0)
    rects = []
    for place, label in enumerate(labels):
        base = 0.0
        for number, one in enumerate(series, start=1):
            value = one.values[place]
            if not value:
                continue
            height = value / top * inner_height
            base += height
            rects.append(
                (
                    number, _px(_LEFT + slot * place + (slot - thick) / 2), _px(_TOP + inner_height - base), _px(thick),
                    _px(max(height, 1)), f"{label}, {one.name}: {number_text(value)}{unit}",
                )
            )  # fmt: skip
    drawn = format_html_join(
        "",
        '<rect class="s{}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>',
        rects,
    )
    return _svg(title, _HEIGHT, format_html("{}{}{}", _grid(top, unit), drawn, _under(labels, slot)))


def rows(title: str, pairs: Sequence[tuple[str, float]], *, unit: str = "") -> SafeString:
    """Lying bars with their names before them, for things that have no order in time."""
    top = max((value for _, value in pairs), default=0) or 1
    height = _ROW * max(len(pairs), 1) + 4
    room = _WIDTH - _LABEL - _LEAST_LABEL_ROOM
    drawn = format_html_join(
        "",
        '<text class="name" x="{}" y="{}" text-anchor="end">{}</text>'
        '<rect class="s1" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>'
        '<text x="{}" y="{}">{}</text>',
        (
            (
                _LABEL - 8, _px(_ROW * place + 17), _short(name), _LABEL, _px(_ROW * place + 4),
                _px(max(value / top * room, 1)), _ROW - 8, f"{name}: {number_text(value)}{unit}",
                _px(_LABEL + max(value / top * room, 1) + 6), _px(_ROW * place + 17), f"{number_text(value)}{unit}",
            )
            for place, (name, value) in enumerate(pairs)
        ),
    )  # fmt: skip
    return _svg(title, height, drawn)


def nice_top(value: float) -> float:
    """The end of an axis that is easy to read: 1, 2 or 5 times a power of ten, and 4 at the least."""
    if value <= 4:
        return 4
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 4, 5, 10) if step * power >= value)


def number_text(value: float) -> str:
    """A number with blanks between its thousands, whole where it is one."""
    return f"{value:,.0f}".replace(",", "\u202f") if float(value).is_integer() or value >= 100 else f"{value:.3g}"


def _grid(top: float, unit: str) -> SafeString:
    inner_height = _HEIGHT - _TOP - _BOTTOM
    heights = [(top * part / 4, _TOP + inner_height * (1 - part / 4)) for part in range(5)]
    return format_html_join(
        "",
        '<path class="grid" d="M{} {}H{}"/><text x="{}" y="{}" text-anchor="end">{}</text>',
        (
            (_LEFT, _px(y), _WIDTH - _RIGHT, _LEFT - 6, _px(y + 4), f"{number_text(value)}{unit}")
            for value, y in heights
        ),
    )


def _under(labels: Sequence[str], slot: float) -> SafeString:
    """Labels below the axis; only so many that they don't touch."""
    every = max(1, math.ceil(_LEAST_LABEL_ROOM / slot)) if slot else 1
    return format_html_join(
        "",
        '<text x="{}" y="{}" text-anchor="middle">{}</text>',
        (
            (_px(_LEFT + slot * (place + 0.5)), _HEIGHT - 8, label)
            for place, label in enumerate(labels)
            if place % every == 0
        ),
    )


def _svg(title: str, height: float, drawn: SafeString) -> SafeString:
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>', _WIDTH, _px(height), title, drawn
    )


def _px(value: float) -> str:
    return f"{value:.1f}"


def _short(name: str) -> str:
    return name if len(name) <= _LABEL_LETTERS else f"{name[: _LABEL_LETTERS - 1]}…"
