"""How many calls a core carries, and what the borrower hears meanwhile: the product's own processes under load.

Calls take the real way: PlaceCall, Calls/connect, /ws-url, socket. The generator stands in Exotel's place and knows
Exotel's protocol alone. Providers answer in constant time. Every figure is what the wire shows, or the kernel.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from bench.load.bare import floors
from bench.load.drive import Driver
from bench.load.figures import Figures, broken, counts, figures, medians
from bench.load.report import fill, machine, table
from bench.load.rig import Cores, Latencies, on_cores, punctual, running
from bench.load.speech import Stock
from local.server_process import CannotStart

CALLS: Final = (1, 10, 25, 50, 75, 100, 125)
IDLE_S: Final = 4.0
FLOOR_CALLS: Final = 50
FLOOR_S: Final = 8.0


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench load", description=__doc__)
    parser.add_argument(
        "--calls", type=_numbers, default=CALLS, help="live calls, until it breaks (1,10,25,50,75,100,125)"
    )
    parser.add_argument("--runs", type=int, default=3, help="runs of each (3)")
    parser.add_argument("--seconds", type=float, default=20.0, help="measured in each run (20)")
    parser.add_argument(
        "--frame-ms", type=int, default=20, choices=(20, 60, 100), help="length of an inbound frame (20)"
    )
    parser.add_argument("--telephony", type=int, default=1, help="telephony processes (1)")
    parser.add_argument("--product-cores", type=_cores, default=frozenset({0}), help="cores of the product (0)")
    parser.add_argument("--other-cores", type=_cores, default=None, help="cores of all else (all others)")
    parser.add_argument("--stt-final-ms", type=float, default=150.0)
    parser.add_argument("--tts-first-byte-ms", type=float, default=150.0)
    parser.add_argument("--model-ms", type=float, default=200.0)
    parser.add_argument("--nice", type=int, default=0, help="of all processes: under 0 to be left alone by others (0)")
    parser.add_argument("--no-floor", action="store_true", help="leave out the bare servers")
    parser.add_argument("--json", type=Path, help="write all figures here")
    parser.add_argument("--markdown", type=Path, help="write the tables here, between the marks of a page")
    parser.add_argument("--keep", type=Path, help="folder for logs; a temporary one otherwise")
    return parser.parse_args()


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


def _cores(text: str) -> frozenset[int]:
    return frozenset(_numbers(text))


async def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Make all runs, and return what came of them."""
    others = options.other_cores or frozenset(os.sched_getaffinity(0)) - options.product_cores or options.product_cores
    cores = Cores(options.product_cores, others)
    latencies = Latencies(options.stt_final_ms, options.tts_first_byte_ms, options.model_ms)
    stock, book = Stock(options.frame_ms), folder / "book.json"
    stock.write_book(book)
    rows: list[dict[str, Any]] = []
    async with running(folder, book, cores, latencies, telephonies=options.telephony) as rig:
        with on_cores(cores.rest), punctual():
            async with Driver.started(rig, stock) as driver:
                idle = await driver.idle(IDLE_S)
                for calls in options.calls:
                    rows.append(await _row(driver, calls, options))
                    if broken(rows[-1]["median"]):
                        break
            floor = [] if options.no_floor else await floors(FLOOR_CALLS, FLOOR_S, stock, cores, folder)
    return {"machine": machine(), "options": _plain(options), "idle": idle, "floor": floor, "rows": rows}


async def _row(driver: Driver, calls: int, options: argparse.Namespace) -> dict[str, Any]:
    runs: list[Figures] = []
    dropped: list[str] = []
    for index in range(options.runs):
        run = await driver.run(calls, options.seconds)
        found = figures(run)
        runs.append(found)
        dropped += [each.dropped for each in run.stories if each.dropped]
        print(_line(found, index), file=sys.stderr, flush=True)
    good = [each for each in runs if counts(each)]
    return {"calls": calls, "median": medians(good or runs), "counted": len(good), "runs": runs, "dropped": dropped}


def _line(found: Figures, index: int) -> str:
    shown = ("live", "cpu_ms", "others_core", "greeting_p50", "turn_short_p50", "turn_short_p99", "clear_p50",
             "gaps_60", "drops", "generator_late_p99_ms")  # fmt: skip
    values = "  ".join(f"{name} {found[name]:.4g}" for name in shown if name in found)
    return f"N={found['calls']:.0f} run {index + 1}: {values}"


def _plain(options: argparse.Namespace) -> dict[str, Any]:
    return {name: sorted(value) if isinstance(value, frozenset) else str(value) if isinstance(value, Path) else value
            for name, value in vars(options).items()}  # fmt: skip


def main() -> int:
    """Measure, print, write."""
    options = parse_arguments()
    os.setpriority(os.PRIO_PROCESS, 0, options.nice)
    with tempfile.TemporaryDirectory(prefix="bench-load-") as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            result = asyncio.run(measure(options, folder))
        except CannotStart as problem:
            print(problem, file=sys.stderr)
            return 1
    print(table(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if options.markdown:
        page = options.markdown.read_text(encoding="utf-8") if options.markdown.exists() else ""
        options.markdown.write_text(fill(page, result), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
