"""Leaves a server alone for a while that has not answered, so that not every call waits for it anew."""

import asyncio


class Breaker:
    """Whether a server is worth asking."""

    def __init__(self, rest_s: float = 3.0) -> None:
        """Leave it alone for `rest_s` seconds after each failure."""
        self._rest_s, self._until = rest_s, float("-inf")

    @property
    def open(self) -> bool:
        """True while it is left alone."""
        return asyncio.get_running_loop().time() < self._until

    def trip(self) -> None:
        """Take in that it has failed."""
        self._until = asyncio.get_running_loop().time() + self._rest_s
