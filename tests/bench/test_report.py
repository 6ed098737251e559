"""What is made of the load bench's figures, and of the soak's counts."""

from dataclasses import replace
from typing import Any

import pytest

from bench.load.report import BEGIN, END, capacity, fill, table
from bench.soak import Count, differences, growth

SERVED = {"gaps_60": 0, "drops": 0, "unanswered": 0, "counted": 3, "turn_short_p99": 500.0, "cpu_ms": 8.0,
          "tts_after_answer": 0, "providers_per_turn": 1.0, "core": 0.1, "memory_mb": 200.0}  # fmt: skip
HELD = Count(
    memory_mb={"telephony": 80.0},
    tasks={"telephony": {"Pacer.run": 1}},
    threads={"telephony": 9},
    files={"telephony": 40},
    lasting_keys={"call:slots": 1},
    expiring_keys={"prompt:audio": 30},
)


def row(calls: int, **changed: float) -> dict[str, float]:
    return {**SERVED, "calls": calls, **changed}


@pytest.mark.parametrize(
    "trouble", [{"gaps_60": 1}, {"drops": 1}, {"unanswered": 1}, {"turn_short_p99": 801.0}, {"counted": 0}]
)
def test_capacity_is_the_last_load_before_a_borrower_notices(trouble: dict[str, float]) -> None:
    rows = [row(1), row(10, turn_short_p99=799.0), row(50, **trouble), row(75)]

    assert capacity(rows)["calls"] == 10


def test_a_page_keeps_what_stands_around_the_tables() -> None:
    result: dict[str, Any] = {
        "machine": {"processor": "X", "cores": 2, "system": "Linux", "python": "3.11", "packages": {"grpcio": "1"}},
        "idle": {"speech": 0.001},
        "rows": [{"calls": 1, "median": row(1), "counted": 3, "runs": [row(1)]}],
    }

    filled = fill(f"# Before\n{BEGIN}\nold\n{END}\nafter\n", result)
    assert filled.startswith(f"# Before\n{BEGIN}\n\n| what |")
    assert filled.endswith(f"{END}\nafter\n")
    assert "old" not in filled
    assert fill(filled, result) == filled
    assert "8.00" in table(result)


@pytest.mark.parametrize(
    ("left", "told"),
    [
        ({"tasks": {"telephony": {"Pacer.run": 1, "Line.watch": 5}}}, "Line.watch"),
        ({"threads": {"telephony": 20}}, "20 threads"),
        ({"files": {"telephony": 60}}, "60 files"),
        ({"lasting_keys": {"call:slots": 1, "call:live": 7}}, "call:live has 7"),
    ],
)
def test_a_soak_names_what_was_left(left: dict[str, Any], told: str) -> None:
    assert differences(HELD, HELD) == []
    assert any(told in line for line in differences(HELD, replace(HELD, **left)))


def test_keys_that_expire_are_no_leak() -> None:
    assert differences(HELD, replace(HELD, expiring_keys={"call:session": 500})) == []


@pytest.mark.parametrize(
    ("memory", "grows"),
    [
        ([80.0] * 40, False),
        ([80.0 + min(at, 20) for at in range(40)], False),  # a store that fills up
        ([80.0 + at / 2 for at in range(40)], True),
        ([80.0] * 20 + [80.0, 95.0] * 10, False),  # comes and goes
    ],
)
def test_memory_may_grow_at_first_but_not_for_ever(memory: list[float], grows: bool) -> None:
    assert bool(growth([{"speech": mb} for mb in memory])) is grows
