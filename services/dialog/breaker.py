"""Spares callers the wait for somebody who does not answer."""

from collections.abc import Callable
from typing import Final

from voicekit.errors import ProviderDown

TRIES: Final = 5
"""Failures in a row after which nobody is asked for a while."""
REST_S: Final = 15.0
"""That while; then one is let through to try."""


class Breaker:
    """Opens after failures in a row, and lets one attempt through after a rest; success closes it."""

    def __init__(self, now: Callable[[], float], *, tries: int = TRIES, rest_s: float = REST_S) -> None:
        """Take the clock, in seconds, and when to open and for how long."""
        self._now = now
        self._tries, self._rest_s = tries, rest_s
        self._failures = 0
        self._closed_again_at = 0.0

    @property
    def open(self) -> bool:
        """Tell whether the last attempts failed."""
        return self._failures >= self._tries

    def pass_through(self) -> None:
        """Return when an attempt may be made; raise `ProviderDown` otherwise."""
        if not self.open:
            return
        if self._now() < self._closed_again_at:
            raise ProviderDown("it failed too often just now")
        self._closed_again_at = self._now() + self._rest_s  # this one tries; the next waits for what becomes of it

    def succeeded(self) -> None:
        """Count an attempt that was answered."""
        self._failures = 0

    def failed(self) -> None:
        """Count an attempt that was not."""
        self._failures += 1
        if self.open:
            self._closed_again_at = self._now() + self._rest_s
