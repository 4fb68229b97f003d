"""The collector of garbage, while a process starts and after it.

A start makes half a million objects that stay. Looking through them again and again is an eighth of the imports' time,
and later a part of every turn.
"""

from __future__ import annotations

import gc


def begin() -> None:
    """Collect nothing until the start is over."""
    gc.disable()


def end() -> None:
    """What is there now stays: from here on the collector looks through what came later."""
    gc.collect()
    gc.freeze()
    gc.enable()
