"""Runs the emulator: `python -m emulators.exotel --help`."""

import argparse
import asyncio
import logging
import signal
from pathlib import Path

import structlog

from emulators.exotel.app import running
from emulators.exotel.flow import load_flows, recommended
from emulators.exotel.numbers import normalise
from emulators.exotel.options import Options
from emulators.exotel.people import load_people
from emulators.exotel.persona import People
from emulators.exotel.variant import VARIANTS

log = structlog.get_logger(__name__)


def read_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    usual = Options(flows={})
    parser = argparse.ArgumentParser(prog="python -m emulators.exotel", description="An emulated Exotel account.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8400, help="0 takes a free one")
    parser.add_argument("--personas", type=Path, help="YAML file of the people who may be called")
    parser.add_argument("--account-sid", default=usual.account_sid)
    parser.add_argument("--api-key", default=usual.api_key)
    parser.add_argument("--api-token", default=usual.api_token)
    parser.add_argument("--exophone", action="append", help=f"may be repeated; default {usual.exophones[0]}")
    parser.add_argument("--flows", type=Path, help="YAML file of flows by app id, instead of the recommended flow")
    parser.add_argument("--resolver-url", default="http://127.0.0.1:8000/ws-url", help="or the socket itself: ws://...")
    parser.add_argument("--passthru-url", default="http://127.0.0.1:8000/passthru-handler")
    parser.add_argument("--connect-url", default="http://127.0.0.1:8000/connect-numbers")
    parser.add_argument("--after-agent-url", default="", help="async Passthru after the agent; none by default")
    parser.add_argument("--no-second-bot", action="store_true", help="hang up when no agent answers")
    parser.add_argument("--record-dir", type=Path, help="writes a stereo WAV and a JSON log for every call")
    parser.add_argument("--variant", choices=sorted(VARIANTS), default="default")
    parser.add_argument("--requests-per-minute", type=int, default=usual.requests_per_minute)
    parser.add_argument("--latency-s", type=float, default=usual.latency_s, help="until an accepted call is answered")
    parser.add_argument("--max-streams", type=int, default=usual.max_streams)
    parser.add_argument("--seed", type=int, default=0, help="decides sids and noise")
    return parser.parse_args(arguments)


def read_options(given: argparse.Namespace) -> Options:
    """Build the account that the command line describes."""
    flows = (
        load_flows(given.flows)
        if given.flows
        else {
            "default": recommended(
                resolver_url=given.resolver_url,
                passthru_url=given.passthru_url,
                connect_url=given.connect_url,
                after_agent_url=given.after_agent_url,
                second_bot=not given.no_second_bot,
            )
        }
    )
    usual = Options(flows=flows)
    return Options(
        flows=flows,
        account_sid=given.account_sid,
        api_key=given.api_key,
        api_token=given.api_token,
        exophones=tuple(normalise(number) for number in given.exophone) if given.exophone else usual.exophones,
        variant=VARIANTS[given.variant],
        people=load_people(given.personas) if given.personas else People(),
        requests_per_minute=given.requests_per_minute,
        latency_s=given.latency_s,
        max_streams=given.max_streams,
        record_dir=given.record_dir,
        seed=given.seed,
    )


async def run(given: argparse.Namespace) -> None:
    """Serve until SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with running(read_options(given), host=given.host, port=given.port) as exotel:
        log.info("The emulated Exotel listens.", url=exotel.url, variant=given.variant)
        await stopped.wait()


def main() -> None:
    """Read the command line and serve."""
    given = read_arguments()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S.%f", utc=False),
            structlog.dev.ConsoleRenderer(colors=False, pad_event_to=24),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    asyncio.run(run(given))


if __name__ == "__main__":
    main()
