"""Suppressions, as Postgres keeps them."""

from typing import TYPE_CHECKING, Final

import asyncpg

from services.customers.postgres import Database
from services.customers.suppressions import Hold, Scope, Suppression
from voicekit.clock import Now
from voicekit.errors import NotFound, WrongState

if TYPE_CHECKING:
    from services.customers.postgres import Connection

_SELECT: Final = """
    SELECT
        s.id, s.kind, s.customer_id, s.phone_number, s.set_by, COALESCE(s.call_session_id::text, '') AS call_id,
        s.since, NULLIF(s.until, 'infinity') AS until, s.note,
        s.lifted_at IS NULL AND s.until > $1 AS active,
        COALESCE(s.lifted_by, '') AS lifted_by, s.lifted_at, s.lift_note
    FROM suppressions AS s
"""


class PostgresSuppressions:
    """The suppressions on record."""

    def __init__(self, database: Database, now: Now) -> None:
        """Prepare; `now` is the clock that the rules of calling go by."""
        self._database, self._now = database, now

    async def set(self, hold: Hold) -> list[Suppression]:
        """Hold a borrower's calls, or lengthen what holds; `NotFound`, `WrongState` when it would be shortened."""
        async with self._database.transaction() as connection:
            # Two who set the same take turns here.
            query = "SELECT phone_number FROM customers WHERE id = $1 FOR UPDATE"
            phone: str | None = await connection.fetchval(query, hold.customer_id)
            if phone is None:
                raise NotFound("there is no such customer")
            ids = [await self._hold(connection, hold, *whom) for whom in _whom(hold, phone)]
            await _note(connection, hold.requested_by, "suppression_set", hold.customer_id, f"{hold.kind} {hold.note}")
            rows = await connection.fetch(f"{_SELECT} WHERE s.id = ANY ($2) ORDER BY s.id", self._now(), ids)
        return [_to_suppression(row) for row in rows]

    async def lift(self, suppression_id: int, note: str, requested_by: str) -> Suppression:
        """Lift one; `NotFound`, `WrongState` when it no longer holds."""
        lifted = """
            UPDATE suppressions SET lifted_at = $2, lifted_by = $3, lift_note = $4
            WHERE id = $1 AND lifted_at IS NULL AND until > $2
            RETURNING kind, customer_id
        """
        async with self._database.transaction() as connection:
            now = self._now()
            held = await connection.fetchrow(lifted, suppression_id, now, requested_by, note)
            row = await connection.fetchrow(f"{_SELECT} WHERE s.id = $2", now, suppression_id)
            if row is None:
                raise NotFound("there is no such suppression")
            if held is None:
                raise WrongState("the suppression holds no longer")
            what = f"{held['kind']} {suppression_id}: {note}"
            await _note(connection, requested_by, "suppression_lifted", held["customer_id"], what)
        return _to_suppression(row)

    async def list(self, customer_id: int, *, ended: bool, before: int | None, limit: int) -> list[Suppression]:
        """Return those of a borrower, by loan or by phone, with ids below `before`, newest first; `NotFound`."""
        query = f"""
            {_SELECT} JOIN customers AS c ON c.id = $2
            WHERE (s.customer_id = c.id OR s.customer_id IS NULL AND s.phone_number = c.phone_number)
                AND ($3 OR s.lifted_at IS NULL AND s.until > $1)
                AND ($4::bigint IS NULL OR s.id < $4)
            ORDER BY s.id DESC LIMIT $5
        """
        if not await self._database.fetchrow("SELECT id FROM customers WHERE id = $1", customer_id):
            raise NotFound("there is no such customer")
        rows = await self._database.fetch(query, self._now(), customer_id, ended, before, limit)
        return [_to_suppression(row) for row in rows]

    async def _hold(self, connection: "Connection", hold: Hold, customer_id: int | None, phone: str | None) -> int:
        """Set or lengthen one, and return its id."""
        now = self._now()
        query = """
            SELECT id, until > COALESCE($5::timestamptz, 'infinity') AS longer FROM suppressions
            WHERE kind = $1 AND customer_id IS NOT DISTINCT FROM $2 AND phone_number IS NOT DISTINCT FROM $3
                AND call_session_id IS NULL AND lifted_at IS NULL AND until > $4
        """
        held = await connection.fetchrow(query, hold.kind, customer_id, phone, now, hold.until)
        if held and held["longer"]:
            raise WrongState("it holds for longer: lift it first")
        if held:
            query = """
                UPDATE suppressions SET until = COALESCE($2::timestamptz, 'infinity'), note = $3, set_by = $4
                WHERE id = $1 RETURNING id
            """
            arguments: tuple[object, ...] = (held["id"], hold.until, hold.note, hold.requested_by)
        else:
            query = """
                INSERT INTO suppressions (kind, customer_id, phone_number, since, until, note, set_by)
                VALUES ($1, $2, $3, $4, COALESCE($5::timestamptz, 'infinity'), $6, $7) RETURNING id
            """
            arguments = (hold.kind, customer_id, phone, now, hold.until, hold.note, hold.requested_by)
        suppression_id: int = await connection.fetchval(query, *arguments)
        return suppression_id


def _whom(hold: Hold, phone: str) -> list[tuple[int | None, str | None]]:
    """Return the loans and phones to hold; None is any."""
    match hold.scope:
        case Scope.LOAN:
            return [(hold.customer_id, None)]
        case Scope.PHONE:
            return [(None, phone)]
        case Scope.LOAN_ON_PHONE:
            return [(hold.customer_id, phone)]
        case Scope.PERSON:
            return [(hold.customer_id, None), (None, phone)]


async def _note(connection: "Connection", who: str, action: str, customer_id: int | None, note: str) -> None:
    query = "INSERT INTO operator_actions (requested_by, action, customer_id, note) VALUES ($1, $2, $3, $4)"
    await connection.execute(query, who, action, customer_id, note.strip())


def _to_suppression(row: asyncpg.Record) -> Suppression:
    fields = dict(row)
    customer_id, phone = fields.pop("customer_id"), fields.pop("phone_number")
    scope = Scope.PHONE if customer_id is None else Scope.LOAN if phone is None else Scope.LOAN_ON_PHONE
    return Suppression(scope=scope, **fields)
