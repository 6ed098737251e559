"""Time: the wall's, which is passed in, and the loop's, which rules every delay.

Delays and durations use `asyncio.get_running_loop().time()`, so that a test's virtual clock rules them too.
"""

import ipaddress
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Final
from urllib.parse import urlsplit

from voicekit.errors import InvalidInput

Now = Callable[[], datetime]
"""Answers the present, aware, in UTC."""

INDIA: Final = timezone(timedelta(hours=5, minutes=30), "IST")
"""India's one time zone, which knows no daylight saving."""


def utc_now() -> datetime:
    """Return the wall's present."""
    return datetime.now(UTC)


def clock_from(start: datetime) -> Now:
    """Return a clock that shows `start` now and goes on from there."""
    began = time.monotonic()
    return lambda: start.astimezone(UTC) + timedelta(seconds=time.monotonic() - began)


def calling_clock(simulated: datetime | None, provider_urls: Iterable[str]) -> Now:
    """Return the clock that the rules of calling go by: the wall's, or a simulated one.

    A simulated one lets calls be made at night, so it is refused unless every provider is on this machine:
    `InvalidInput` then names the address that is not.
    """
    if simulated is None:
        return utc_now
    if simulated.tzinfo is None:
        raise InvalidInput("needs an offset, such as 2026-11-23T11:00+05:30", "CALLING_CLOCK")
    for url in provider_urls:
        if not _is_loopback(url):
            raise InvalidInput("is refused: a provider's address is not on this machine", "CALLING_CLOCK")
    return clock_from(simulated)


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
