"""The queue of calls and its campaigns, as Postgres and pgqueuer keep them."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

import asyncpg

from services.customers.campaigns import (
    MAX_CUSTOMERS,
    Answer,
    CallsAsked,
    Campaign,
    CampaignState,
    Outcome,
    Queued,
    from_json,
    to_json,
)
from services.customers.jobs import JOBS_WITHIN, enqueue
from services.customers.may_dial import Facts
from services.customers.postgres import Database
from services.customers.postgres_customers import matching_ids
from services.customers.postgres_facts import read_facts
from services.customers.postgres_steps import drop_cancelled
from voicekit.clock import Now
from voicekit.errors import AlreadyExists, NotFound, WrongState

if TYPE_CHECKING:
    from services.customers.postgres import Connection

_SELECT_CAMPAIGN: Final = """
    SELECT
        c.id,
        CASE WHEN c.state <> 'cancelled' AND n.waiting + n.calling = 0 THEN 'finished' ELSE c.state END AS state,
        c.requested_by, c.created_at, n.total,
        CASE c.state WHEN 'cancelled' THEN 0 ELSE n.waiting END AS waiting, -- some may yet have to be taken out
        n.calling, n.done,
        n.dropped + CASE c.state WHEN 'cancelled' THEN n.waiting ELSE 0 END AS dropped
    FROM campaigns AS c
    CROSS JOIN LATERAL (
        SELECT
            count(*) AS total,
            count(*) FILTER (WHERE e.state = 'waiting') AS waiting,
            count(*) FILTER (WHERE e.state = 'calling') AS calling,
            count(*) FILTER (WHERE e.state = 'done') AS done,
            count(*) FILTER (WHERE e.state = 'dropped') AS dropped
        FROM dial_entries AS e WHERE e.campaign_id = c.id
    ) AS n
"""


class PostgresDialQueue:
    """The queue, within one transaction."""

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection

    async def answered(self, asked: CallsAsked) -> Answer | None:
        """Return what this request was answered before; `AlreadyExists` when its key was used for another."""
        if not asked.idempotency_key:
            return None
        # Whoever asks at the same time with the same key waits here for the first one's answer.
        lock = "SELECT pg_advisory_xact_lock(hashtextextended($1, 1))"
        await self._connection.execute(lock, asked.idempotency_key, timeout=JOBS_WITHIN)
        query = "SELECT request_sha256, answer FROM campaigns WHERE idempotency_key = $1"
        row = await self._connection.fetchrow(query, asked.idempotency_key)
        if row and row["request_sha256"] != asked.sha256:
            raise AlreadyExists("was used for another request", "idempotency_key")
        return from_json(row["answer"]) if row else None

    async def resolve(self, asked: CallsAsked) -> list[int]:
        """Return the borrowers that are asked for, in order."""
        if asked.matching is None:
            return sorted(set(asked.customer_ids))
        return await matching_ids(self._connection, asked.matching, limit=MAX_CUSTOMERS + 1)

    async def facts(self, customer_ids: Sequence[int], at: datetime) -> dict[int, Facts]:
        """Return what the rules look at; who is not on record is left out."""
        return await read_facts(self._connection, customer_ids, at)

    async def queued(self, phone_numbers: Sequence[str]) -> Queued:
        """Return which of these phones stand in the queue already, and for whose loans."""
        query = """
            SELECT c.id, c.phone_number
            FROM dial_entries AS e
            JOIN customers AS c ON c.id = e.customer_id
            JOIN campaigns AS k ON k.id = e.campaign_id
            WHERE e.state IN ('waiting', 'calling') AND c.phone_number = ANY ($1)
                AND (e.state = 'calling' OR k.state <> 'cancelled')
        """
        # Two who queue at once take turns, so that the second sees what the first has queued.
        lock = "SELECT pg_advisory_xact_lock(hashtextextended('queueing', 3))"
        await self._connection.execute(lock, timeout=JOBS_WITHIN)
        rows = await self._connection.fetch(query, phone_numbers, timeout=JOBS_WITHIN)
        return Queued({row["id"] for row in rows}, {row["phone_number"] for row in rows})

    async def queue(self, asked: CallsAsked, outcomes: Sequence[Outcome], now: datetime) -> Answer:
        """Put those that are to be queued into the queue as one campaign, and remember the answer."""
        query = """
            INSERT INTO campaigns (requested_by, idempotency_key, request_sha256, answer, created_at)
            VALUES ($1, NULLIF($2, ''), $3, '{}', $4) RETURNING id
        """
        key = asked.idempotency_key
        campaign_id: int = await self._connection.fetchval(query, asked.requested_by, key, asked.sha256, now)
        for one in outcomes:
            if one.queued:
                await self._enqueue(campaign_id, one, now)
        answer = Answer(campaign_id, outcomes)
        await self._connection.execute("UPDATE campaigns SET answer = $2 WHERE id = $1", campaign_id, to_json(answer))
        return answer

    async def _enqueue(self, campaign_id: int, one: Outcome, now: datetime) -> None:
        query = """
            INSERT INTO dial_entries (campaign_id, customer_id, code, not_before)
            SELECT $1, customer_id, $4, not_before
            FROM unnest($2::bigint[], $3::timestamptz[]) AS queued (customer_id, not_before)
            RETURNING id, not_before
        """
        await drop_cancelled(self._connection, one.customer_ids)
        asked = (campaign_id, one.customer_ids, one.begin_at, one.code)
        rows = await self._connection.fetch(query, *asked, timeout=JOBS_WITHIN)
        await enqueue(self._connection, [(row["id"], row["not_before"] - now) for row in rows])


class PostgresCampaigns:
    """Campaigns on record."""

    def __init__(self, database: Database, now: Now) -> None:
        """Prepare; `now` is the clock that the rules of calling go by."""
        self._database, self._now = database, now

    async def get(self, campaign_id: int) -> Campaign:
        """Return one campaign; `NotFound`."""
        row = await self._database.fetchrow(f"{_SELECT_CAMPAIGN} WHERE c.id = $1", campaign_id)
        if row is None:
            raise NotFound("there is no such campaign")
        return _to_campaign(row)

    async def list(self, *, before: int | None, limit: int) -> list[Campaign]:
        """Return campaigns with ids below `before`, newest first."""
        query = f"{_SELECT_CAMPAIGN} WHERE $1::bigint IS NULL OR c.id < $1 ORDER BY c.id DESC LIMIT $2"
        return [_to_campaign(row) for row in await self._database.fetch(query, before, limit)]

    async def steer(self, campaign_id: int, to: CampaignState, requested_by: str) -> Campaign:
        """Let a campaign run, pause it or cancel it; `NotFound`, `WrongState` when it has ended.

        No call of it begins once this has answered. Its entries and jobs are moved by the workers, see `PostgresSteps`.
        """
        open_ones = """
            SELECT c.state, EXISTS (
                SELECT FROM dial_entries AS e WHERE e.campaign_id = c.id AND e.state IN ('waiting', 'calling')
            ) AS is_open
            FROM campaigns AS c WHERE c.id = $1
            FOR NO KEY UPDATE OF c
        """
        step = """
            INSERT INTO campaign_steps (campaign_id) VALUES ($1)
            ON CONFLICT (campaign_id) DO UPDATE SET after_customer_id = 0
        """
        async with self._database.transaction() as connection:
            present = await connection.fetchrow(open_ones, campaign_id)
            if present is None:
                raise NotFound("there is no such campaign")
            if present["state"] == CampaignState.CANCELLED or not present["is_open"]:
                raise WrongState("the campaign has ended")
            await connection.execute("UPDATE campaigns SET state = $2 WHERE id = $1", campaign_id, to)
            await connection.execute(step, campaign_id)
            query = "INSERT INTO operator_actions (requested_by, action, campaign_id) VALUES ($1, $2, $3)"
            await connection.execute(query, requested_by, f"campaign_{to}", campaign_id)
        return await self.get(campaign_id)


def _to_campaign(row: asyncpg.Record) -> Campaign:
    return Campaign(**{**row, "state": CampaignState(row["state"])})
