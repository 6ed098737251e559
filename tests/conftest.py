import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

import pytest

from tests.support.programs import LEFT_OUT
from tests.support.virtual_time import VirtualTimeLoop

MEASURED: Final = "measured"
"""Name of a property by which a test tells a figure that it does not judge: `record_property("measured", "...")`."""

pytest_plugins = ["tests.support.databases", "tests.support.leftovers"]


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    if item.get_closest_marker("virtual_time"):
        return {"virtual": VirtualTimeLoop}
    return {"real": asyncio.new_event_loop}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out, and how to have it, since a skip must not pass for a test; and what was measured."""
    reasons = Counter(_reason(report) for report in terminalreporter.stats.get("skipped", ()))
    left_out = [f"{reason} ({count} tests)" for reason, count in reasons.items() if reason.startswith(LEFT_OUT)]
    passed = terminalreporter.stats.get("passed", ())
    measured = [str(value) for report in passed for name, value in report.user_properties if name == MEASURED]
    for title, lines in (("left out", left_out), ("measured", measured)):
        if lines:
            terminalreporter.section(title)
        for line in lines:
            terminalreporter.write_line(line)


def _reason(report: pytest.TestReport) -> str:
    return report.longrepr[2].removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else ""
