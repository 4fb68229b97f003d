"""A pytest plugin: with `REQUIRE_ALL=1`, a skipped browser or service test is a failed one.

Such a test skips itself where a browser or a server is missing. On a developer's machine that is fine; in CI it would
be a check that can't fail.
"""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

REQUIRED_MARKERS = ("browser", "service")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the skip of a required test into a failure that says why it was skipped."""
    report = yield
    is_required = any(item.get_closest_marker(marker) for marker in REQUIRED_MARKERS)
    is_expected_failure = hasattr(report, "wasxfail")
    if os.environ.get("REQUIRE_ALL") == "1" and is_required and report.skipped and not is_expected_failure:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"REQUIRE_ALL=1, and this test did not run. {reason}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly which kinds of tests did not run and what brings what they need."""
    reasons: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        if any(marker in report.keywords for marker in REQUIRED_MARKERS) and isinstance(report.longrepr, tuple):
            reason = report.longrepr[2].removeprefix("Skipped: ")
            reasons[reason] = reasons.get(reason, 0) + 1
    for reason, count in reasons.items():
        terminalreporter.section("NOT RUN", sep="!", red=True, bold=True)
        terminalreporter.line(f"{count} tests: {reason}", red=True)
