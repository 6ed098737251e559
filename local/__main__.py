"""Runs the whole system on this machine: `python -m local demo` or `python -m local up`."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from dotenv import dotenv_values
from rich.console import Console
from rich.text import Text

from local.cases import UnknownCase, load_cases
from local.demo import DemoFailed, run_demo
from local.processes import Sink
from local.providers import HalfConfigured, choose
from local.server_process import CannotStart
from local.system import System, running
from voicekit.clock import INDIA

RUNS: Final = Path("var")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    options = _parser().parse_args(arguments)
    for name, value in dotenv_values(".env").items():
        os.environ.setdefault(name, value or "")
    console = Console()
    if not console.is_terminal:
        console.width = 120  # a log has no width of its own
    folder = (options.folder or RUNS / f"{options.command}-{datetime.now(INDIA):%Y%m%d-%H%M%S}").absolute()
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    try:
        return asyncio.run(_run(options, console, folder))
    except (CannotStart, HalfConfigured, DemoFailed, UnknownCase) as error:
        console.print(str(error), style="red", soft_wrap=True, highlight=False)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local",
        description="The whole system on this machine: an embedded Postgres and Redis, the services, and emulators of "
        "Exotel, Sarvam and Bedrock. A provider whose keys are in the environment or in .env is used instead of its "
        "emulator; DATABASE_URL and REDIS_URL go before the embedded servers.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    demo = commands.add_parser("demo", help="call the emulated borrowers of local/cases.yaml and judge the calls")
    demo.add_argument("--keep", action="store_true", help="leave the system running afterwards, until Ctrl-C")
    up = commands.add_parser("up", help="run until Ctrl-C")
    demo.add_argument("--only", metavar="CASE", action="append", help="call only this borrower; may be repeated")
    for command in (demo, up):
        command.add_argument("--folder", type=Path, help="where logs and recordings go (default: a new one in var/)")
        command.add_argument("--logs", action="store_true", default=command is up, help="show the programs' logs")
    return parser


async def _run(options: argparse.Namespace, console: Console, folder: Path) -> int:
    providers = choose(os.environ)
    cases = load_cases(datetime.now(INDIA).date()).only(getattr(options, "only", None))
    if options.command == "demo" and providers.exotel:
        raise DemoFailed(
            "The demo's borrowers are invented, and so are their numbers: they are never rung through a real account. "
            "Use `make up` with your keys, and upload borrowers of your own."
        )
    console.print("Starting Postgres, Redis, the emulators and the services ...")
    sink = _printer(console) if options.logs else None
    async with running(folder, cases, providers, sink) as system:
        stop = _stop_on_signal()
        if options.command == "up":
            return await _stay(system, console, stop)
        demo = asyncio.create_task(run_demo(system, cases, console, folder), name="demo")
        await _first_of(demo, stop, system.processes.failed)
        if not demo.done():
            demo.cancel()
            await asyncio.wait([demo])
            return await _why_stopped(system, console)
        well = demo.result()
        if options.keep:
            await _stay(system, console, stop)
        return 0 if well else 1


async def _stay(system: System, console: Console, stop: "asyncio.Future[None]") -> int:
    console.print("Everything runs. Ctrl-C stops it.")
    for what, where in system.addresses():
        console.print(f"  {what:18} {where}", highlight=False, soft_wrap=True)
    console.print(f"  {'logs':18} {system.folder / 'logs'}", highlight=False, soft_wrap=True)
    console.print(f"  {'is it well?':18} python -m local.check", highlight=False, soft_wrap=True)
    await _first_of(stop, system.processes.failed)
    return await _why_stopped(system, console)


async def _why_stopped(system: System, console: Console) -> int:
    if system.processes.failed.done():
        console.print(f"{system.processes.failed.result()}; its log is in {system.folder / 'logs'}", style="red")
        return 1
    console.print("Stopping ...")
    return 0


async def _first_of(*futures: "asyncio.Future[Any]") -> None:
    await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)


def _stop_on_signal() -> "asyncio.Future[None]":
    loop = asyncio.get_running_loop()
    stop: asyncio.Future[None] = loop.create_future()

    def on_signal() -> None:
        if not stop.done():
            stop.set_result(None)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    return stop


def _printer(console: Console) -> Sink:
    return lambda name, line: console.print(Text.assemble((f"{name:10}| ", "dim"), line), soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
