"""What follows when a campaign has been steered: its entries and jobs, moved step by step."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from services.customers.campaigns import CampaignState
from services.customers.jobs import JOBS_WITHIN, drop_jobs, hold_jobs, wake_jobs
from services.customers.postgres import Database
from voicekit.clock import Now

if TYPE_CHECKING:
    from services.customers.postgres import Connection

AT_ONCE: Final = 2_000
"""Entries of one step: no other statement waits longer than that takes."""


class PostgresSteps:
    """Moves what waits of the campaigns that were steered; any worker may go on where another has stopped."""

    def __init__(self, database: Database, now: Now) -> None:
        """Prepare; `now` is the clock that the rules of calling go by."""
        self._database, self._now = database, now

    async def step(self) -> bool:
        """Move some entries of each steered campaign; return whether there may be more to move."""
        steered = await self._database.fetch("SELECT campaign_id FROM campaign_steps ORDER BY campaign_id")
        more = [await self._move_some(row["campaign_id"]) for row in steered]
        return any(more)

    async def _move_some(self, campaign_id: int) -> bool:
        async with self._database.transaction() as connection:
            # Whoever steers locks the campaign first, too, and waits for the end of this step.
            query = "SELECT state FROM campaigns WHERE id = $1 FOR SHARE"
            state = await connection.fetchval(query, campaign_id)
            query = """
                SELECT after_customer_id FROM campaign_steps WHERE campaign_id = $1 FOR UPDATE SKIP LOCKED
            """
            after = await connection.fetchval(query, campaign_id)
            if after is None:  # another worker is at it
                return False
            query = """
                SELECT id, customer_id FROM dial_entries
                WHERE campaign_id = $1 AND customer_id > $2
                    AND state IN ('waiting', 'dropped') -- a borrower who was queued anew has left a job behind
                ORDER BY customer_id LIMIT $3
            """
            found = await connection.fetch(query, campaign_id, after, AT_ONCE)
            if not found:
                await connection.execute("DELETE FROM campaign_steps WHERE campaign_id = $1", campaign_id)
                return False
            await self._move(connection, CampaignState(state), [row["id"] for row in found])
            query = "UPDATE campaign_steps SET after_customer_id = $2 WHERE campaign_id = $1"
            await connection.execute(query, campaign_id, found[-1]["customer_id"])
        return True

    async def _move(self, connection: "Connection", state: CampaignState, entries: Sequence[int]) -> None:
        match state:
            case CampaignState.RUNNING:
                await wake_jobs(connection, entries, self._now())
            case CampaignState.PAUSED:
                await hold_jobs(connection, entries)
            case CampaignState.CANCELLED:
                await _drop(connection, entries)
                await drop_jobs(connection, entries)


async def drop_cancelled(connection: "Connection", customer_ids: Sequence[int]) -> None:
    """Take these borrowers out of cancelled campaigns, in which they may still wait to be taken out."""
    query = """
        SELECT e.id FROM dial_entries AS e JOIN campaigns AS c ON c.id = e.campaign_id
        WHERE e.customer_id = ANY ($1) AND e.state = 'waiting' AND c.state = 'cancelled'
    """
    if waiting := await connection.fetch(query, customer_ids, timeout=JOBS_WITHIN):
        await _drop(connection, [row["id"] for row in waiting])


async def _drop(connection: "Connection", entries: Sequence[int]) -> None:
    query = """
        UPDATE dial_entries SET state = 'dropped', code = 'CANCELLED', updated_at = calling_now()
        WHERE id = ANY ($1) AND state = 'waiting'
    """
    await connection.execute(query, entries, timeout=JOBS_WITHIN)
