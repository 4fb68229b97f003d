"""The widget as a visitor meets it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.widget.support import Widget


@pytest.fixture
def widget(page: Page, site: str) -> Widget:
    """The widget on the demo page, not opened yet."""
    page.goto(site)
    return Widget(page)


@pytest.fixture
def chat(widget: Widget) -> Widget:
    """The widget on the demo page, opened."""
    widget.open()
    return widget
