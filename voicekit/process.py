"""The life of a service's process: it starts, serves until it is told to stop, drains, and ends."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable

import structlog
import uvloop

from voicekit.logs import set_up_logs
from voicekit.settings import ServiceSettings
from voicekit.telemetry import set_up_telemetry, watching_the_loop

log = structlog.get_logger(__name__)

Main = Callable[[asyncio.Event], Awaitable[None]]
"""A service: it gets an event, serves until that is set, then drains and returns."""


def run(service: str, settings: ServiceSettings, main: Main) -> None:
    """Run `main` on uvloop until SIGTERM or SIGINT; the second signal ends the process at once.

    Exits with 1 when `main` fails, so that whoever supervises the process sees it.
    """
    set_up_logs(service, level=settings.log_level, log_format=settings.log_format, directory=settings.log_dir)
    set_up_telemetry(
        service,
        metrics_host=settings.metrics_host,
        metrics_port=settings.metrics_port,
        otlp_endpoint=settings.otel_exporter_otlp_endpoint,
    )
    try:
        uvloop.run(_live(main))
    except (Exception, ExceptionGroup):
        log.exception("The service failed.")
        sys.exit(1)


async def _live(main: Main) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        if stop.is_set():
            log.warning("Told to stop again: ending at once.")
            os._exit(1)
        log.info("Told to stop: draining.")
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    async with watching_the_loop():
        await main(stop)
    log.info("The service has stopped.")
