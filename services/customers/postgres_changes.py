"""The feed of changes, as Postgres keeps it. Why its numbers are safe: `migrations/0004_changes.sql`."""

from __future__ import annotations  # asyncpg's classes take their type parameters in stubs alone

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg
import structlog

from services.customers.model import Call, Change, Customer, TurnChange
from services.customers.postgres import Database
from services.customers.postgres_calls import SELECT_CALL, SELECT_TURN, to_call, to_turn
from services.customers.postgres_customers import to_customer
from services.customers.postgres_lists import SELECT_CUSTOMER
from services.customers.watch import ChangesForgotten
from voicekit.errors import VoiceError

log = structlog.get_logger(__name__)

RECONNECT_SECONDS: Final = 1.0
TEND_SECONDS: Final = 5.0


class Key(NamedTuple):
    """What a change is about."""

    kind: str
    customer_id: int | None
    call_id: UUID | None
    seq: int | None


class PostgresChanges:
    """What has changed on record, in an order that stays."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._bell = asyncio.Event()
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether this process is about to end."""
        return self._closed

    def bell(self) -> asyncio.Event:
        """Return what is set when there may be news. Take it before reading, so that no news falls in between."""
        return self._bell

    def ring(self) -> None:
        """Wake all who wait for news."""
        self._bell.set()
        self._bell = asyncio.Event()

    def close(self) -> None:
        """Tell all who follow that this process is about to end."""
        self._closed = True
        self.ring()

    async def last_number(self) -> int:
        """Return the number of the latest change."""
        row = await self._database.fetchrow("SELECT number_changes() AS number")
        return int(row["number"]) if row else 0

    async def read(self, after: int, limit: int) -> list[Change]:
        """Return changes with higher numbers, each thing once, as it now is; `ChangesForgotten`."""
        await self._database.fetch("SELECT number_changes()")
        rows = await self._database.fetch(
            """
            SELECT number, kind, customer_id, call_session_id, seq
            FROM changes WHERE number > $1 ORDER BY number LIMIT $2
            """,
            after,
            limit,
        )
        # Asked after reading: what was not forgotten by now was there to be read.
        feed = await self._database.fetchrow("SELECT forgotten, last_number FROM change_feed")
        if feed is None or not feed["forgotten"] <= after <= feed["last_number"]:
            raise ChangesForgotten("these changes are no longer kept")
        latest = {_key(row): row["number"] for row in rows}
        present = await self._as_they_are(list(latest))
        return sorted((Change(latest[key], what) for key, what in present.items()), key=lambda change: change.number)

    async def listen(self, url: str) -> None:
        """Ring whenever the database gives notice, until cancelled. Without it, readers still poll."""
        while True:
            lost = asyncio.Event()
            try:
                connection = await asyncpg.connect(url, timeout=10)
                try:
                    connection.add_termination_listener(lambda _connection, lost=lost: lost.set())
                    await connection.add_listener("changes", lambda *_notice: self.ring())
                    self.ring()  # for what was missed while nobody listened
                    await lost.wait()
                finally:
                    await connection.close(timeout=RECONNECT_SECONDS)
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                log.warning("Nobody hears the database's notices; polling until they are back.")
            await asyncio.sleep(RECONNECT_SECONDS)

    async def tend(self) -> None:
        """Number what nobody reads, until cancelled, so that the feed stays bounded without readers."""
        while True:
            await asyncio.sleep(TEND_SECONDS)
            with contextlib.suppress(VoiceError):  # the next round tries again
                await self.last_number()

    async def _as_they_are(self, keys: Sequence[Key]) -> dict[Key, Customer | Call | TurnChange]:
        present: dict[Key, Customer | Call | TurnChange] = {}
        if customer_ids := [key.customer_id for key in keys if key.kind == "customer"]:
            for row in await self._database.fetch(f"{SELECT_CUSTOMER} WHERE c.id = ANY($1)", customer_ids):
                present[Key("customer", row["id"], None, None)] = to_customer(row)
        if call_ids := [key.call_id for key in keys if key.kind == "call"]:
            for row in await self._database.fetch(f"{SELECT_CALL} WHERE s.id = ANY($1)", call_ids):
                present[Key("call", row["customer_id"], row["id"], None)] = to_call(row)
        if turns := [(key.call_id, key.seq) for key in keys if key.kind == "turn"]:
            query = f"""
                {SELECT_TURN}
                JOIN unnest($1::uuid[], $2::integer[]) AS wanted (call_id, seq)
                    ON t.call_session_id = wanted.call_id AND t.seq = wanted.seq
            """
            for row in await self._database.fetch(query, *map(list, zip(*turns, strict=True))):
                call_id, turn = row["call_session_id"], to_turn(row)
                present[Key("turn", None, call_id, turn.sequence)] = TurnChange(str(call_id), row["customer_id"], turn)
        return present


def _key(row: asyncpg.Record) -> Key:
    return Key(row["kind"], row["customer_id"], row["call_session_id"], row["seq"])
