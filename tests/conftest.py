import asyncio
from collections import Counter
from collections.abc import Callable, Mapping

import pytest

from tests.support.programs import LEFT_OUT
from tests.support.virtual_time import VirtualTimeLoop

pytest_plugins = ["tests.support.databases"]


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    if item.get_closest_marker("virtual_time"):
        return {"virtual": VirtualTimeLoop}
    return {"real": asyncio.new_event_loop}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out, and how to have it: a skip must not pass for a test."""
    reasons = Counter(_reason(report) for report in terminalreporter.stats.get("skipped", ()))
    left_out = {reason: count for reason, count in reasons.items() if reason.startswith(LEFT_OUT)}
    if left_out:
        terminalreporter.section("left out")
    for reason, count in left_out.items():
        terminalreporter.write_line(f"{reason} ({count} tests)")


def _reason(report: pytest.TestReport) -> str:
    return report.longrepr[2].removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else ""
