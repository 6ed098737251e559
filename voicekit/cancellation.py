"""Cancellation that is not lost on the way."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def heeding_cancellation() -> Iterator[None]:
    """End whoever is cancelled in this block, also where what is awaited there swallows that, and answers or fails.

    redis-py does so when a cancellation meets an answer or an error: Python 3.11's `wait_for` (python/cpython#86296).
    A loop that was cancelled would go on for ever.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    try:
        yield
    except Exception:
        if task and task.cancelling() > before:
            raise asyncio.CancelledError from None
        raise
    if task and task.cancelling() > before:
        raise asyncio.CancelledError
