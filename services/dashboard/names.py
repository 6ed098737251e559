"""Borrowers' names, which calls on record do not carry."""

import asyncio
from collections.abc import Iterable
from typing import Final

from services.dashboard.board import Board
from services.dashboard.model import Call
from services.dashboard.ports import Customers
from voicekit.errors import VoiceError

AT_ONCE: Final = 16


class Names:
    """Looks names up, once each; a name that cannot be had stays empty."""

    def __init__(self, customers: Customers, board: Board) -> None:
        self._customers, self._board = customers, board
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def learn(self, customer_ids: Iterable[int]) -> None:
        """Look up the names that are not known yet."""
        unknown = {customer_id for customer_id in customer_ids if self._board.name(customer_id) is None}
        if unknown:
            await asyncio.gather(*map(self._look_up, unknown))

    async def put_into(self, calls: list[Call]) -> list[Call]:
        """Return the calls with their borrowers' names."""
        await self.learn(call.customer_id for call in calls)
        return [call.model_copy(update={"customer_name": self._board.name(call.customer_id) or ""}) for call in calls]

    async def _look_up(self, customer_id: int) -> None:
        try:
            async with self._slots:
                customer = await self._customers.get(customer_id)
        except VoiceError:
            return
        self._board.remember_name(customer_id, customer.name)
