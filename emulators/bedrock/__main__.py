"""Run the Bedrock emulator as a program."""

import argparse
import asyncio
import logging
from pathlib import Path

from emulators.bedrock.app import BedrockEmulator
from emulators.bedrock.mind import read_rules

log = logging.getLogger("emulators.bedrock")


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m emulators.bedrock",
        description="Amazon Bedrock's Converse on this machine, with a scripted model. "
        "Point AWS_ENDPOINT_URL_BEDROCK_RUNTIME at it.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8103, help="0 picks a free one")
    parser.add_argument("--script", type=Path, help='JSON list of {"match": regex, "input": {...}}')
    parser.add_argument("--region", default="ap-south-1", help="region that requests are signed for")
    parser.add_argument("--latency-ms", type=float, default=300, help="median")
    parser.add_argument("--latency-spread", type=float, default=0.0, help="0 is constant; 0.6 is like the service")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(arguments)


async def serve(options: argparse.Namespace) -> None:
    """Serve until cancelled."""
    emulator = BedrockEmulator(
        read_rules(options.script) if options.script else (),
        host=options.host,
        port=options.port,
        region=options.region,
        latency_s=options.latency_ms / 1000,
        latency_spread=options.latency_spread,
        seed=options.seed,
    )
    async with emulator:
        log.info("Bedrock emulator listens on %s", emulator.url)
        await asyncio.Event().wait()


def main() -> None:
    """Run until interrupted."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        asyncio.run(serve(parse_arguments()))
    except KeyboardInterrupt:
        log.info("Bedrock emulator stops")


if __name__ == "__main__":
    main()
