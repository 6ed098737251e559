"""Follows the record as it changes."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Final

from services.customers.model import Change
from services.customers.ports import ChangeFeed
from voicekit.errors import ProviderDown, VoiceError

BATCH: Final = 500
POLL_SECONDS: Final = 1.0
"""How late a change may be told when the notice of it was lost."""
HEARTBEAT_SECONDS: Final = 10.0


class ChangesForgotten(VoiceError):
    """The changes asked for are no longer kept; read the present with the lists, and follow it from now on."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """Nothing has changed for a while; all changes up to `number` have been told."""

    number: int


async def follow(feed: ChangeFeed, after: int) -> AsyncGenerator[Change | Quiet, None]:
    """Tell every change with a number above `after`, in order, then those to come, until cancelled.

    Args:
        feed: where changes come from.
        after: the last number seen; 0 for what happens from now on.

    A `Quiet` comes first, and again after a while without changes. Raises `ChangesForgotten`, and `ProviderDown`
    when this process is about to end: the follower then asks another one.
    """
    loop = asyncio.get_running_loop()
    number = after or await feed.last_number()
    quiet_at = loop.time()
    while not feed.closed:
        bell = feed.bell()
        changes = await feed.read(number, BATCH)
        for change in changes:
            number = change.number
            quiet_at = loop.time() + HEARTBEAT_SECONDS
            yield change
        if loop.time() >= quiet_at:
            quiet_at = loop.time() + HEARTBEAT_SECONDS
            yield Quiet(number)
        if not changes:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await bell.wait()
    raise ProviderDown("this server is about to end")
