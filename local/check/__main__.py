"""Checks one thing or all of them: `python -m local.check [language|tts|database|redis|audio|exotel ...]`."""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import structlog

from local.check.exotel import check_exotel
from local.check.language import check_language
from local.check.report import Report, Stop
from local.check.speech import check_audio, check_tts
from local.check.stores import check_database, check_redis
from local.running_now import newest, settings_of

CHECKS: Final[Mapping[str, Callable[[Report], Awaitable[None]]]] = {
    "language": check_language,
    "tts": check_tts,
    "database": check_database,
    "redis": check_redis,
    "audio": check_audio,
    "exotel": check_exotel,
}
_RUNS: Final = Path("var")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 0 when all is well, 1 when something is wrong, 2 for a run that is not there."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if unknown := set(options.what) - set(CHECKS):
        parser.error(f"there is no check {', '.join(sorted(unknown))}; there are {', '.join(CHECKS)}")
    # What is wrong is told in words; the services' own log lines would only stand between them.
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    run = options.run or (None if options.settings else newest(_RUNS))
    if run is None:
        print("Checking by the settings of the environment and of .env.")
    elif settings := settings_of(run):
        print(f"Checking the system that runs: {run}")
        os.environ.update(settings)
    else:
        print(f"No system runs in {run}.", file=sys.stderr)
        return 2
    names = options.what or list(CHECKS)
    bad = [name for name in names if not asyncio.run(_is_well(name))]
    print(f"Something is wrong: {', '.join(bad)}." if bad else "All is well.")
    return 1 if bad else 0


async def _is_well(name: str) -> bool:
    report = Report(name, print)
    try:
        await CHECKS[name](report)
    except Stop:
        report.left_out("the rest", "cannot be tried then")
    return not report.is_bad


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local.check",
        description="Says what it tries and what is wrong. Nobody is called, and nothing is changed. "
        "language: are languages told apart, does dialog change them, does the model answer? "
        "tts: does Sarvam speak? database: is it there, is its schema up to date? redis: is it there, does it keep? "
        "audio: is a line that our speech service speaks heard by it again? "
        "exotel: does the account answer, do our own addresses?",
        epilog="Checks the newest system of `make up` or `make demo -- --keep` that runs; else the settings of the "
        "environment and of .env, which the services read too. Exit codes: 0 well, 1 something is wrong, 2 usage.",
    )
    parser.add_argument("what", nargs="*", metavar="WHAT", help=f"{', '.join(CHECKS)} (default: all)")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--run", type=Path, metavar="FOLDER", help="the system of this folder, such as var/up-...")
    where.add_argument("--settings", action="store_true", help="the settings, also where a system runs")
    return parser


if __name__ == "__main__":
    sys.exit(main())
