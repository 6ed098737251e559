"""The rows of the dial queue, as Postgres keeps them."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

import asyncpg

from services.customers.dialling import PAUSED, Entry
from services.customers.may_dial import Decision, MayNotDial, Policy
from services.customers.model import Call, CallStatus, Event, StatusTold
from services.customers.ports import Begun
from services.customers.postgres import Database
from services.customers.postgres_calls import SELECT_CALL, PostgresCalls, to_call
from voicekit.clock import Now
from voicekit.errors import NotFound

if TYPE_CHECKING:
    from services.customers.postgres import Connection

_GONE: Final = Decision("NOT_WAITING", "another worker took it, or it was cancelled")
_TAKEN: Final = """
    SELECT count(*) FILTER (WHERE direction = 'outbound') AS ours, count(*) AS live
    FROM call_sessions WHERE status NOT IN ('completed', 'failed', 'not_picked')
"""


class PostgresEntries:
    """The queue's rows."""

    def __init__(
        self, database: Database, calls: PostgresCalls, policy: Policy, now: Now, *, slots: int, per_minute: int
    ) -> None:
        """Prepare; `slots` is how many calls may live at once, over all workers and all who call."""
        self._database, self._calls, self._policy, self._now = database, calls, policy, now
        self._slots, self._seconds_apart = slots, 60 / per_minute

    async def get(self, entry_id: int) -> Entry:
        """Return one entry; `NotFound`."""
        query = """
            SELECT
                e.id, e.state, e.not_before, e.tries, COALESCE(e.call_session_id::text, '') AS call_id,
                c.state = 'paused' AS paused, c.state = 'cancelled' AS cancelled
            FROM dial_entries AS e JOIN campaigns AS c ON c.id = e.campaign_id
            WHERE e.id = $1
        """
        row = await self._database.fetchrow(query, entry_id)
        if row is None:
            raise NotFound("there is no such entry")
        return Entry(**row)

    async def turn(self) -> float:
        """Take the next turn of all workers; return how many seconds it is away."""
        query = """
            UPDATE dial_pace SET next_at = GREATEST(next_at, clock_timestamp()) + make_interval(secs => $1)
            RETURNING extract(epoch FROM next_at - clock_timestamp())::float8 - $1
        """
        async with self._database.connection() as connection:
            wait: float = await connection.fetchval(query, self._seconds_apart)
        return max(wait, 0.0)

    async def has_room(self, room: int) -> bool:
        """Tell whether a slot is free, of ours and of telephony's `room`, for as long as nobody takes it."""
        return self._is_free(await self._database.fetchrow(_TAKEN), room)

    async def begin(self, entry_id: int, room: int) -> Begun | Decision | None:
        """Begin an attempt: what the call must know, or why not, or None when all slots are taken.

        `room` is how many calls of either direction may live at once, over all pods of telephony.
        """
        async with self._database.transaction() as connection:
            await _lock_customer(connection, entry_id)
            # Whoever pauses or cancels waits for attempts that are being written, and none is written after.
            query = """
                SELECT e.state, e.customer_id, e.tries, c.state AS campaign
                FROM dial_entries AS e JOIN campaigns AS c ON c.id = e.campaign_id
                WHERE e.id = $1 FOR UPDATE OF e FOR SHARE OF c
            """
            entry = await connection.fetchrow(query, entry_id)
            if entry is None or entry["state"] != "waiting" or entry["campaign"] == "cancelled":
                return _GONE
            if entry["campaign"] == "paused":
                return Decision("PAUSED", "the campaign is paused", self._now() + PAUSED)
            # All workers take turns here, so that what is counted is still so when the attempt is written.
            await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('dial slots', 2))")
            if not self._is_free(await connection.fetchrow(_TAKEN), room):
                return None
            return await self._attempt(connection, entry_id, entry["customer_id"], entry["tries"])

    async def _attempt(self, connection: "Connection", entry_id: int, customer_id: int, tries: int) -> Begun | Decision:
        """Write an attempt for an entry, or why the rules refuse it."""
        called = """
            UPDATE dial_entries SET
                state = 'calling', code = '', call_session_id = $2::text::uuid, asked_at = NULL,
                updated_at = calling_now()
            WHERE id = $1
        """
        try:
            async with connection.transaction():
                begun = await self._calls.begin_within(connection, f"dial:{entry_id}:{tries}", customer_id)
        except MayNotDial as refused:
            decision = refused.decision
            if decision.not_before:
                decision = replace(decision, not_before=self._policy.spread(decision.not_before, entry_id))
            await self._refuse(connection, entry_id, decision)
            return decision
        await connection.execute(called, entry_id, begun.call.id)
        return begun

    async def call(self, call_id: str) -> Call:
        """Return an attempt as it now is."""
        row = await self._database.fetchrow(f"{SELECT_CALL} WHERE s.id = $1::text::uuid", call_id)
        if row is None:
            raise NotFound("there is no such call")
        return to_call(row)

    async def asking(self, entry_id: int, call_id: str) -> bool:
        """Note that telephony is about to be asked; False when somebody may have asked already: then do not."""
        query = """
            UPDATE dial_entries SET asked_at = $3
            WHERE id = $1 AND call_session_id = $2::text::uuid AND state = 'calling' AND asked_at IS NULL
            RETURNING id
        """
        async with self._database.connection() as connection:
            return await connection.fetchval(query, entry_id, call_id, self._now()) is not None

    async def fail(self, call_id: str, reason: str) -> None:
        """Note that an attempt has failed."""
        told = StatusTold(CallStatus.FAILED, reason)
        await self._calls.record(call_id, [Event(f"dialer:{reason}", "reaper", self._now(), told)])

    async def settle(self, entry_id: int, call: Call, again_at: datetime | None) -> None:
        """Note how an attempt ended, and when to call again; None for never."""
        settled = """
            UPDATE dial_entries AS e SET
                state = CASE WHEN $3::timestamptz IS NULL OR c.state = 'cancelled' THEN 'done' ELSE 'waiting' END,
                code = $4, not_before = COALESCE($3, e.not_before), tries = e.tries + 1, updated_at = calling_now()
            FROM campaigns AS c
            WHERE e.id = $1 AND c.id = e.campaign_id AND e.state = 'calling' AND e.call_session_id = $2::text::uuid
            RETURNING e.id
        """
        ready = """
            UPDATE customers SET call_status = 'ready'
            WHERE id = $1 AND latest_call_id = $2::text::uuid AND call_status IN ('failed', 'not_picked')
        """
        # Other loans of the same phone wait as this one does: it is one person who did not answer.
        others = """
            UPDATE dial_entries AS e SET not_before = $3, code = 'SAME_PHONE', updated_at = calling_now()
            FROM customers AS c
            WHERE c.phone_number = $2 AND e.customer_id = c.id AND e.state = 'waiting' AND e.id <> $1
                AND e.not_before < $3
        """
        async with self._database.transaction() as connection:
            await _lock_customer(connection, entry_id)
            done = await connection.fetchval(settled, entry_id, call.id, again_at, call.reason)
            if done and again_at:
                await connection.execute(ready, call.customer_id, call.id)
                await connection.execute(others, entry_id, call.phone_number, again_at)

    def _is_free(self, taken: asyncpg.Record | None, room: int) -> bool:
        return taken is not None and taken["ours"] < self._slots and taken["live"] < room

    async def _refuse(self, connection: "Connection", entry_id: int, decision: Decision) -> None:
        query = """
            UPDATE dial_entries SET
                state = CASE WHEN $3::timestamptz IS NULL THEN 'dropped' ELSE 'waiting' END,
                code = $2, not_before = COALESCE($3, not_before), updated_at = calling_now()
            WHERE id = $1
        """
        await connection.execute(query, entry_id, decision.code, decision.not_before)


async def _lock_customer(connection: "Connection", entry_id: int) -> None:
    """Lock the borrower before the entry: the order in which whatever ends a call does."""
    query = "SELECT id FROM customers WHERE id = (SELECT customer_id FROM dial_entries WHERE id = $1) FOR UPDATE"
    await connection.execute(query, entry_id)
