"""Server-sent events: what a browser's EventSource reads, and anybody else line by line."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final, NamedTuple

from aiohttp import web

BEAT_S: Final = 15.0
"""After so long without an event a sign of life is sent, so that nobody between us cuts the line."""
RETRY_MS: Final = 2000
"""After how long a browser that was cut off comes again."""


class Event(NamedTuple):
    """One thing that is told."""

    kind: str
    data: str
    """One line."""


async def send_events(request: web.Request, events: AsyncGenerator[Event, None]) -> web.StreamResponse:
    """Send events until there are no more."""
    response = web.StreamResponse(headers={"X-Accel-Buffering": "no"})
    response.content_type = "text/event-stream"
    await response.prepare(request)
    await response.write(f"retry: {RETRY_MS}\n\n".encode())
    async with aclosing(events):
        step = asyncio.ensure_future(anext(events, None))
        try:
            while True:
                done, _ = await asyncio.wait([step], timeout=BEAT_S)
                if not done:
                    await response.write(b": alive\n\n")
                    continue
                event = step.result()
                if event is None:
                    break
                await response.write(f"event: {event.kind}\ndata: {event.data}\n\n".encode())
                step = asyncio.ensure_future(anext(events, None))
        finally:
            step.cancel()
            await asyncio.wait([step])
    await response.write_eof()
    return response
