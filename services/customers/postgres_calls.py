"""Calls, as Postgres keeps them. What may happen to a call stands in `migrations/0003_call_functions.sql`."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

import asyncpg

from services.customers.jobs import enqueue
from services.customers.may_dial import MayNotDial, Policy, may_dial
from services.customers.model import (
    FINAL,
    Call,
    CallFilter,
    CallRecord,
    CallStatus,
    Direction,
    Event,
    FactsTold,
    Speaker,
    StatusTold,
    StatusUpdate,
    Turn,
    Verdict,
)
from services.customers.ports import Begun
from services.customers.postgres import Database
from services.customers.postgres_customers import to_customer
from services.customers.postgres_facts import read_facts
from services.customers.postgres_lists import SELECT_CUSTOMER
from services.customers.postgres_steps import drop_cancelled
from voicekit.clock import Now
from voicekit.errors import AlreadyExists, InvalidInput, NotFound, VoiceError
from voicekit.telemetry import meter

if TYPE_CHECKING:
    from services.customers.postgres import Connection

SELECT_CALL: Final = """
    SELECT
        s.id, s.call_sid, s.customer_id, s.direction, s.phone_number, s.status, s.reason, s.disposition,
        s.language_used, s.verified, s.start_time, s.answer_time, s.end_time, s.callback_at
    FROM call_sessions AS s
"""
_conflicts = meter().create_counter("status_conflict_total", description="Events that contradict the record.")
SELECT_TURN: Final = """
    SELECT
        t.call_session_id, s.customer_id, t.seq, t.speaker, t.state, t.text, t.language, t.intent, t.decided_by,
        t.started_ms, t.ended_ms, t.interrupted
    FROM call_turns AS t JOIN call_sessions AS s ON s.id = t.call_session_id
"""
_REFUSALS: Final[Mapping[str, tuple[type[VoiceError], str]]] = {
    "no_customer": (NotFound, "there is no such customer"),
    "other_request": (AlreadyExists, "this request_id began a call with another customer"),
    "other_call": (AlreadyExists, "this call_sid belongs to another call"),
}


class PostgresCalls:
    """The calls on record."""

    def __init__(self, database: Database, policy: Policy, now: Now) -> None:
        """Prepare; `now` is the clock that the rules of calling go by."""
        self._database, self._policy, self._now = database, policy, now

    async def begin(self, request_id: str, customer_id: int) -> Begun:
        """Begin an outbound attempt, once for each `request_id`.

        `MayNotDial` when a rule refuses it; `NotFound`, `AlreadyExists`.
        """
        async with self._database.transaction() as connection:
            return await self.begin_within(connection, request_id, customer_id)

    async def begin_within(self, connection: "Connection", request_id: str, customer_id: int) -> Begun:
        """Begin as `begin` does, in the caller's transaction, which must be rolled back when this raises."""
        query = "SELECT verdict, call_id FROM lock_for_call($1, $2)"
        row = await self._ask(connection, query, request_id, customer_id)
        if row["verdict"] == "free":
            # Borrower and phone are locked by now: two who ask at once cannot both have the last attempt of a day.
            return await self._begun(connection, await self._write(connection, request_id, customer_id))
        return await self._begun(connection, self._agreed(row))

    async def begin_inbound(self, call_sid: str, customer_id: int) -> Begun:
        """Begin an attempt of a borrower who rings us, once for each `call_sid`; `NotFound`, `AlreadyExists`."""
        query = "SELECT verdict, call_id FROM begin_inbound_call($1, $2)"
        async with self._database.connection() as connection:
            row = await self._ask(connection, query, call_sid, customer_id)
            return await self._begun(connection, self._agreed(row))

    async def _ask(self, connection: "Connection", query: str, key: str, customer_id: int) -> asyncpg.Record:
        try:
            row = await connection.fetchrow(query, key, customer_id)
        except asyncpg.UniqueViolationError as error:  # the same key for two customers in the same moment
            raise AlreadyExists("another call has just been begun with this id") from error
        assert row is not None  # noqa: S101  a function returns a row
        return row

    async def _write(self, connection: "Connection", request_id: str, customer_id: int) -> UUID:
        """Write an attempt when the rules allow it now; `MayNotDial` when not."""
        now = self._now()
        facts = await read_facts(connection, [customer_id], now)
        decision = may_dial(now, facts[customer_id], self._policy)
        if not decision.allowed:
            raise MayNotDial(decision)
        try:
            call_id: UUID = await connection.fetchval("SELECT write_attempt($1, $2, $3)", request_id, customer_id, now)
        except asyncpg.UniqueViolationError as error:  # the same key for two customers in the same moment
            raise AlreadyExists("another call has just been begun with this id") from error
        return call_id

    def _agreed(self, row: asyncpg.Record) -> UUID:
        if refusal := _REFUSALS.get(row["verdict"]):
            kind, why = refusal
            raise kind(why)
        call_id: UUID = row["call_id"]
        return call_id

    async def _begun(self, connection: "Connection", call_id: UUID) -> Begun:
        call = await connection.fetchrow(f"{SELECT_CALL} WHERE s.id = $1", call_id)
        assert call is not None  # noqa: S101  it has just been begun, and calls are not deleted
        customer = await connection.fetchrow(f"{SELECT_CUSTOMER} WHERE c.id = $1", call["customer_id"])
        assert customer is not None  # noqa: S101  a call refers to it
        return Begun(to_call(call), to_customer(customer))

    async def record(self, call_id: str, events: Sequence[Event]) -> list[Verdict]:
        """Write down what happened, all of it or nothing; `NotFound`, `InvalidInput`."""
        session_id = _to_uuid(call_id)
        async with self._database.transaction() as connection:
            verdicts = [await self._record(connection, session_id, event) for event in events]
            _conflicts.add(verdicts.count(Verdict.CONFLICT))
            if Verdict.NO_CALL in verdicts:
                raise NotFound("there is no such call")
            if any(map(_may_ask_for_another, events, verdicts)):
                await self._call_back(connection, session_id)
        return verdicts

    async def _call_back(self, connection: "Connection", call_id: UUID) -> None:
        """Queue the next call of a borrower who asked for it, once all that is needed for it has been told."""
        query = """
            SELECT customer_id, callback_time FROM call_sessions
            WHERE id = $1 AND disposition = 'CB' AND callback_at IS NULL AND is_final(status)
        """
        if asked := await connection.fetchrow(query, call_id):
            now = self._now()
            at = self._policy.callback_at(asked["callback_time"], now)
            await drop_cancelled(connection, [asked["customer_id"]])
            entry: int | None = await connection.fetchval("SELECT queue_callback($1, $2)", call_id, at)
            if entry is not None:
                await enqueue(connection, [(entry, at - now)])

    async def _record(self, connection: "Connection", call_id: UUID, event: Event) -> Verdict:
        told = (call_id, event.key, event.source)
        match event.what:
            case StatusTold() as s:
                query = "SELECT apply_call_event($1, $2, $3, $4, $5, $6, $7)"
                details = json.dumps(dict(s.details))
                verdict = await connection.fetchval(query, *told, s.status, event.timestamp, s.reason, details)
            case FactsTold() as f:
                query = "SELECT apply_call_facts($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
                facts = (f.call_sid, f.language_used, f.verified, f.disposition, f.callback_words, f.callback_time)
                verdict = await self._fetch_fact_verdict(connection, query, *told, event.timestamp, *facts)
            case Turn() as t:
                query = "SELECT record_call_turn($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
                words = (t.sequence, t.speaker, t.state, t.text, t.language, t.intent, t.decided_by)
                times = (t.started_ms, t.ended_ms, t.interrupted)
                verdict = await connection.fetchval(query, call_id, event.key, *words, *times)
        return Verdict(verdict)

    async def _fetch_fact_verdict(self, connection: "Connection", query: str, *arguments: object) -> str:
        try:
            async with connection.transaction():
                verdict: str = await connection.fetchval(query, *arguments)
        except asyncpg.ForeignKeyViolationError as error:
            raise InvalidInput("not a code of the table of dispositions", "disposition") from error
        except asyncpg.UniqueViolationError:  # another call got this call_sid in the same moment
            return Verdict.CONFLICT
        return verdict

    async def get(self, call_id: str) -> CallRecord:
        """Return a call by our id or the carrier's; `NotFound`."""
        query = f"{SELECT_CALL} WHERE s.id = $1 OR s.call_sid = $2"
        row = await self._database.fetchrow(query, _as_uuid(call_id), call_id)
        if row is None:
            raise NotFound("there is no such call")
        turns = await self._database.fetch(f"{SELECT_TURN} WHERE t.call_session_id = $1 ORDER BY t.seq", row["id"])
        history = await self._database.fetch(
            """
            SELECT u.status, u.source, u.timestamp, u.reason, u.applied, u.refusal
            FROM call_status_updates AS u
            WHERE u.call_session_id = $1
            ORDER BY u.id
            """,
            row["id"],
        )
        updates = [StatusUpdate(**{**update, "status": CallStatus(update["status"])}) for update in history]
        return CallRecord(to_call(row), [to_turn(turn) for turn in turns], updates)

    async def list(self, which: CallFilter, *, before: tuple[str, str] | None, limit: int) -> list[Call]:
        """Return calls older than the one whose start time (ISO) and id `before` holds, newest first."""
        query = f"""
            {SELECT_CALL}
            WHERE ($1::timestamptz IS NULL OR (s.start_time, s.id) < ($1, $2::uuid))
                AND ($3::bigint = 0 OR s.customer_id = $3)
                AND ($4 = '' OR s.status = $4)
            ORDER BY s.start_time DESC, s.id DESC
            LIMIT $5
        """
        key = (datetime.fromisoformat(before[0]), UUID(before[1])) if before else (None, None)
        rows = await self._database.fetch(query, *key, which.customer_id, which.status, limit)
        return [to_call(row) for row in rows]


def _may_ask_for_another(event: Event, verdict: Verdict) -> bool:
    match event.what:
        case FactsTold(disposition=told):
            return told == "CB" and verdict is Verdict.APPLIED
        case StatusTold(status):
            return status in FINAL and verdict is Verdict.APPLIED
    return False


def to_call(row: asyncpg.Record) -> Call:
    """Make a call of a row of `SELECT_CALL`."""
    changed = {
        "id": str(row["id"]),
        "call_sid": row["call_sid"] or "",
        "disposition": row["disposition"] or "",
        "direction": Direction(row["direction"]),
        "status": CallStatus(row["status"]),
    }
    return Call(**{**row, **changed})


def to_turn(row: asyncpg.Record) -> Turn:
    """Make a turn of a row of `SELECT_TURN`."""
    return Turn(
        sequence=row["seq"],
        speaker=Speaker(row["speaker"]),
        state=row["state"],
        text=row["text"],
        language=row["language"],
        intent=row["intent"],
        decided_by=row["decided_by"],
        started_ms=row["started_ms"],
        ended_ms=row["ended_ms"],
        interrupted=row["interrupted"],
    )


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _to_uuid(call_id: str) -> UUID:
    found = _as_uuid(call_id)
    if found is None:
        raise NotFound("there is no such call")
    return found
