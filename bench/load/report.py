"""Figures as tables."""

import platform
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench.lines import table as aligned
from bench.load.figures import broken

_PACKAGES: Final = ("grpcio", "aiohttp", "orjson", "numpy", "onnxruntime", "redis", "uvloop")


class Column(NamedTuple):
    """One column of the table."""

    head: str
    cell: Callable[[Mapping[str, float]], str]


def _plain(name: str, digits: int = 0) -> Callable[[Mapping[str, float]], str]:
    return lambda row: f"{row[name]:.{digits}f}" if name in row else "-"


def _pair(first: str, second: str, digits: int = 0) -> Callable[[Mapping[str, float]], str]:
    return lambda row: f"{row[first]:.{digits}f}/{row[second]:.{digits}f}" if first in row and second in row else "-"


HEARD: Final = (
    Column("calls", _plain("calls")),
    Column("live", _plain("live", 1)),
    Column("greeting ms p50/p95", _pair("greeting_p50", "greeting_p95")),
    Column("short turn ms p50/p95", _pair("turn_short_p50", "turn_short_p95")),
    Column("p99", _plain("turn_short_p99")),
    Column("less providers p50/p95", _pair("over_short_p50", "over_short_p95")),
    Column("long turn", _pair("turn_long_p50", "turn_long_p95")),
    Column("onset to clear", _pair("clear_p50", "clear_p95")),
    Column("to silence", _pair("silence_p50", "silence_p95")),
    Column("gaps >40/>60 ms", _pair("gaps_40", "gaps_60")),
    Column("longest gap", _plain("gap_max_ms")),
    Column("lead ms p1/p99", _pair("lead_p1", "lead_p99")),
    Column("drops", _plain("drops")),
    Column("cut off/false clears", _pair("cut_off", "false_clears")),
    Column("barge-ins missed", _plain("not_cleared")),
    Column("turns", _plain("turns")),
)
COST: Final = (
    Column("calls", _plain("calls")),
    Column("core %", lambda row: f"{100 * row['core']:.0f}"),
    Column("taken by others %", lambda row: f"{100 * row['others_core']:.0f}" if "others_core" in row else "-"),
    Column("CPU-ms per call-second", _plain("cpu_ms", 2)),
    Column("telephony", _plain("cpu_ms_telephony", 2)),
    Column("speech", _plain("cpu_ms_speech", 2)),
    Column("dialog", _plain("cpu_ms_dialog", 2)),
    Column("(customers)", _plain("cpu_ms_customers", 2)),
    Column("(emulators)", _plain("cpu_ms_sarvam", 2)),
    Column("placing, CPU-ms a call", _plain("placing_cpu_ms")),
    Column("memory MB", _plain("memory_mb")),
    Column("MB a further call", _plain("mb_per_call", 2)),
    Column("loop lag p99: telephony", _plain("lag_telephony_p99", 1)),
    Column("speech", _plain("lag_speech_p99", 1)),
    Column("dialog", _plain("lag_dialog_p99", 1)),
    Column("TTS after answer", _plain("tts_after_answer")),
    Column("asked a turn", _plain("providers_per_turn", 2)),
    Column("generator late p99 ms", _plain("generator_late_p99_ms", 1)),
    Column("its core %", lambda row: f"{100 * row['generator_core']:.0f}" if "generator_core" in row else "-"),
    Column("runs", lambda row: f"{row['counted']:.0f}"),
)


class Spread(NamedTuple):
    """A figure of which the least and the most are told."""

    head: str
    cell: str
    digits: int


SPREAD: Final = (
    Spread("share of the product's core taken by others", "others_core", 2),
    Spread("CPU-ms per call-second", "cpu_ms", 2),
    Spread("greeting p50", "greeting_p50", 0),
    Spread("short turn p50", "turn_short_p50", 0),
    Spread("short turn p99", "turn_short_p99", 0),
    Spread("onset to clear p50", "clear_p50", 0),
    Spread("telephony's loop lag p99", "lag_telephony_p99", 1),
    Spread("generator late p99", "generator_late_p99_ms", 1),
)
SLOWER_MS: Final = 300
"""How much longer than one call's the 99th percentile of turns may be."""
BEGIN: Final = "<!-- python -m bench load --markdown fills what follows -->"
END: Final = "<!-- and ends here -->"


def rows_of(result: Mapping[str, Any]) -> list[dict[str, float]]:
    """Return the medians, with what follows from several rows."""
    rows = [{**row["median"], "counted": float(row["counted"])} for row in result["rows"]]
    for row in rows[1:]:
        further = row["calls"] - rows[0]["calls"]
        if further > 0:
            row["mb_per_call"] = (row["memory_mb"] - rows[0]["memory_mb"]) / further
    return rows


def table(result: Mapping[str, Any]) -> str:
    """Write what was measured as text."""
    rows = rows_of(result)
    parts = [_cells(columns, rows) for columns in (HEARD, COST)]
    return "\n\n".join([*(aligned(*part) for part in parts), _beside(result)])


def markdown(result: Mapping[str, Any]) -> str:
    """Write what was measured as Markdown."""
    rows = rows_of(result)
    judged = judge(rows)
    parts = [
        _grid(("what", "best peer", "target", "ours"), judged),
        *(_grid(*_cells(columns, rows)) for columns in (HEARD, COST)),
        _grid(("calls", *(each.head for each in SPREAD)), _spread(result)),
        _beside(result),
    ]
    return "\n\n".join(parts) + "\n"


def _grid(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join("| " + " | ".join(line) + " |" for line in (heads, ["---"] * len(heads), *rows))


def judge(rows: Sequence[Mapping[str, float]]) -> list[tuple[str, str, str, str]]:
    """Set the targets beside what was reached: what, the best peer's, the target, ours."""
    most = capacity(rows)
    at = f" at {most['calls']:.0f} calls"

    def tell(name: str, digits: int) -> str:
        return _plain(name, digits)(most) + at

    return [
        ("calls on a core, 20 ms frames, no gap > 60 ms, p99 turn within 300 ms of one call's",
         "56 measured, 75 by its CPU", "100", f"{most['calls']:.0f} measured, {1000 / most['cpu_ms']:.0f} by its CPU"),
        ("CPU-ms per call-second", "11-13", "9", tell("cpu_ms", 2)),
        ("MB per further call, all services", "0.5", "1", tell("mb_per_call", 2)),
        ("greeting p50, ms", "5", "15", tell("greeting_p50", 0)),
        ("short turn over the providers' time p50 / p95, ms", "287", "200 / 300",
         _pair("over_short_p50", "over_short_p95")(most) + at),
        ("onset to clear p50, ms", "288", "150", tell("clear_p50", 0)),
        ("TTS requests after the answer", "every line", "0", f"{sum(row['tts_after_answer'] for row in rows):.0f}"),
        ("providers asked a turn", "STT, model, TTS", "STT", f"{max(row['providers_per_turn'] for row in rows):.2f}"),
    ]  # fmt: skip


def capacity(rows: Sequence[Mapping[str, float]]) -> Mapping[str, float]:
    """Return the last row up to which every call was served as a single one is."""
    held = rows[0]
    for row in rows:
        slow = row.get("turn_short_p99", 0.0) > rows[0].get("turn_short_p99", 0.0) + SLOWER_MS
        if broken(dict(row)) or slow or not row["counted"]:
            break
        held = row
    return held


def _spread(result: Mapping[str, Any]) -> list[list[str]]:
    """Return the least and the most of some figures over the runs."""
    rows = []
    for row in result["rows"]:
        cells = []
        for each in SPREAD:
            values = [run[each.cell] for run in row["runs"] if each.cell in run]
            cells.append(f"{min(values):.{each.digits}f}-{max(values):.{each.digits}f}" if values else "-")
        rows.append([str(row["calls"]), *cells])
    return rows


def fill(page: str, result: Mapping[str, Any]) -> str:
    """Put what was measured between the marks of a page; a page without marks is replaced."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        return markdown(result)
    return f"{before}{BEGIN}\n\n{markdown(result)}\n{END}{after}"


def _cells(columns: Sequence[Column], rows: Sequence[Mapping[str, float]]) -> tuple[list[str], list[list[str]]]:
    return [column.head for column in columns], [[column.cell(row) for column in columns] for row in rows]


def _beside(result: Mapping[str, Any]) -> str:
    idle = ", ".join(f"{name} {1000 * spent:.1f}" for name, spent in result["idle"].items())
    lines = [f"Without a call, CPU-ms a second: {idle}."]
    lines += [f"Floor, {each['name']}: {each['cpu_ms']:.2f} CPU-ms per call-second at {each['calls']} calls."
              for each in result.get("floor", ())]  # fmt: skip
    said = result["machine"]
    lines.append(f"{said['processor']}, {said['cores']} cores, {said['system']}; Python {said['python']}, "
                 + ", ".join(f"{name} {number}" for name, number in said["packages"].items()) + ".")  # fmt: skip
    return "\n".join(lines)


def machine() -> dict[str, Any]:
    """Return on what it was measured."""
    return {
        "processor": _processor(),
        "cores": _cores(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in _PACKAGES},
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _cores() -> int:
    return sum(line.startswith("processor") for line in Path("/proc/cpuinfo").read_text().splitlines())
