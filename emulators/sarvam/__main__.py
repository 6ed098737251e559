"""Run the Sarvam emulator as a program."""

import argparse
import asyncio
import logging
from pathlib import Path

from emulators.sarvam.app import SarvamEmulator
from emulators.sarvam.limits import PLANS
from emulators.sarvam.phrasebook import DEFAULT_BOOK
from emulators.sarvam.provider import Latency
from emulators.voices import BOT_VOICE, VOICES

log = logging.getLogger("emulators.sarvam")


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m emulators.sarvam",
        description="Sarvam's speech API on this machine: it speaks through eSpeak NG and hears what really arrives.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8102, help="0 picks a free one")
    parser.add_argument("--phrasebook", type=Path, default=DEFAULT_BOOK, help='JSON list of {"text", "language"}')
    parser.add_argument("--key", action="append", default=[], help="subscription key let in; any, when none is given")
    parser.add_argument("--plan", choices=list(PLANS), default="unlimited", help="limits of each key")
    parser.add_argument("--voice", choices=list(VOICES), default=BOT_VOICE, help="voice that it speaks with")
    parser.add_argument("--caller-voice", action="append", choices=list(VOICES), help="voices it expects; all")
    parser.add_argument("--stt-final-ms", type=float, default=150, help="from the end of speech to the final")
    parser.add_argument("--tts-first-byte-ms", type=float, default=150)
    parser.add_argument("--handshake-ms", type=float, default=0)
    parser.add_argument("--rest-ms", type=float, default=100)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(arguments)


async def serve(options: argparse.Namespace) -> None:
    """Render the phrase book, some seconds for a long one, then serve until cancelled."""
    emulator = SarvamEmulator(
        host=options.host,
        port=options.port,
        phrases=options.phrasebook,
        keys=options.key,
        plan=options.plan,
        voice=options.voice,
        caller_voices=tuple(options.caller_voice or VOICES),
        latency=Latency(
            handshake_s=options.handshake_ms / 1000,
            stt_final_s=options.stt_final_ms / 1000,
            tts_first_byte_s=options.tts_first_byte_ms / 1000,
            rest_s=options.rest_ms / 1000,
        ),
        seed=options.seed,
    )
    await asyncio.to_thread(emulator.provider.recogniser.prepare)  # or the first caller would wait for it
    async with emulator:
        log.info("Sarvam emulator listens on %s", emulator.http_base)
        await asyncio.Event().wait()


def main() -> None:
    """Run until interrupted."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        asyncio.run(serve(parse_arguments()))
    except KeyboardInterrupt:
        log.info("Sarvam emulator stops")


if __name__ == "__main__":
    main()
