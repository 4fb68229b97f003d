"""With REQUIRE_ALL=1 a browser or service test that skips itself fails."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

TESTS = """\
import pytest

@pytest.mark.browser
def test_page():
    pytest.skip("no browser here")

@pytest.mark.service
@pytest.mark.skipif(True, reason="no server here")
def test_server():
    pass

@pytest.mark.browser
def test_that_runs():
    pass

@pytest.mark.browser
@pytest.mark.xfail(reason="known")
def test_known_failure():
    raise AssertionError

def test_of_something_else():
    pytest.skip("not here")
"""

#: The plugin, without those that want settings of their own.
OPTIONS = ("-p", "tests.plugins.require_all", "-p", "no:asyncio", "-p", "no:django")


@pytest.fixture
def run(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project of five tests."""
    pytester.makeini("[pytest]\nmarkers = browser\n    service\n")
    pytester.makepyfile(TESTS)
    return pytester


def test_required_tests_may_not_skip(run: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """The two required tests that did not run fail; the third skip and the known failure stay what they are."""
    monkeypatch.setenv("REQUIRE_ALL", "1")
    result = run.runpytest_inprocess(*OPTIONS)
    result.assert_outcomes(failed=1, errors=1, passed=1, xfailed=1, skipped=1)
    result.stdout.fnmatch_lines(["*REQUIRE_ALL=1, and this test did not run.*no browser here*"])


def test_without_the_variable_a_skip_is_a_skip(run: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a developer's machine nothing changes."""
    monkeypatch.delenv("REQUIRE_ALL", raising=False)
    result = run.runpytest_inprocess(*OPTIONS)
    result.assert_outcomes(skipped=3, passed=1, xfailed=1)


def test_what_did_not_run_is_said_loudly(run: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """With how many tests and why, so that no one takes the rest for all; other skips are no matter of a machine."""
    monkeypatch.delenv("REQUIRE_ALL", raising=False)
    result = run.runpytest_inprocess(*OPTIONS)
    result.stdout.fnmatch_lines(["*NOT RUN*", "1 tests: no browser here", "*NOT RUN*", "1 tests: no server here"])
    result.stdout.no_fnmatch_line("1 tests: not here")
