import asyncio
import contextlib

import pytest

from voicekit.cancellation import heeding_cancellation


async def _swallow(then: Exception | None) -> None:
    """Wait until cancelled; then end as if nothing had been, or fail, as a connection that breaks just then."""
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.Event().wait()
    if then:
        raise then


@pytest.mark.parametrize("then", [None, ConnectionError("reset"), TimeoutError()])
async def test_who_is_cancelled_ends_whatever_becomes_of_what_was_awaited(then: Exception | None) -> None:
    started = asyncio.Event()

    async def keep_at_it() -> None:
        started.set()
        with contextlib.suppress(OSError), heeding_cancellation():
            await _swallow(then)

    task = asyncio.create_task(keep_at_it())
    await started.wait()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def test_a_timeout_that_was_swallowed_is_a_timeout_still() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            with heeding_cancellation():
                await _swallow(ConnectionError("reset"))


async def test_who_is_not_cancelled_sees_what_was_raised() -> None:
    with pytest.raises(ConnectionError, match="reset"), heeding_cancellation():
        raise ConnectionError("reset")
