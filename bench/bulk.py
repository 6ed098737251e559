"""What queueing calls for many borrowers costs, against plain SQL that writes as many rows.

Asks the service over gRPC, as `POST /trigger-bulk-calls` does: every rule is asked for every borrower, and each gets an
entry and a job. Then the campaign is paused, resumed and cancelled, and each time its jobs follow afterwards. The plain
statement writes the same rows as queueing into another database, asking nothing. Prints a table.
"""

import argparse
import asyncio
import statistics
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from bench.borrowers import borrowers, quiet, settings
from bench.lines import table
from local.postgres import EmbeddedPostgres
from services.customers.__main__ import make_dialing
from services.customers.dialing_servicer import SERVICE
from services.customers.postgres import Database
from services.customers.postgres_steps import PostgresSteps
from voice.customers import v1 as pb
from voicekit.rpc import RpcServer, channel

WITHIN: Final = 120.0
_PLAIN: Final = """
    WITH campaign AS (
        INSERT INTO campaigns (requested_by, request_sha256, answer) VALUES ('bench', '', '{}') RETURNING id
    ), entries AS (
        INSERT INTO dial_entries (campaign_id, customer_id, code, not_before)
        SELECT campaign.id, customers.id, 'ALLOWED', now() FROM campaign, customers RETURNING id
    ), jobs AS (
        INSERT INTO pgqueuer (priority, entrypoint, payload, dedupe_key, status)
        SELECT 0, 'dial', convert_to(id::text, 'UTF8'), 'dial:' || id, 'queued' FROM entries
        RETURNING id
    )
    INSERT INTO pgqueuer_log (job_id, status, entrypoint, priority) SELECT id, 'queued', 'dial', 0 FROM jobs
"""
_STEERED: Final = {
    "pause": pb.CAMPAIGN_ACTION_PAUSE,
    "resume": pb.CAMPAIGN_ACTION_RESUME,
    "cancel": pb.CAMPAIGN_ACTION_CANCEL,
}
_EMPTY: Final = "TRUNCATE dial_entries, campaigns, pgqueuer, pgqueuer_log CASCADE"


async def measure(server: EmbeddedPostgres, rows: int, rounds: int) -> str:
    """Queue and insert by turns, and return the table."""
    told = settings(server)
    async with borrowers(server, "bulk", rows) as database, borrowers(server, "plain", rows) as other:
        rpc = RpcServer("customers", "127.0.0.1:0")
        rpc.add(pb.add_DialingServiceServicer_to_server, make_dialing(database, told), SERVICE)
        port = await rpc.start()
        taken: defaultdict[str, list[float]] = defaultdict(list)
        steps = PostgresSteps(database, told.clock)
        async with channel(f"127.0.0.1:{port}", SERVICE) as there:
            # Typed as Any: the generated stub is one class for blocking and asyncio channels.
            stub: Any = pb.DialingServiceStub(there)
            ids = [row["id"] for row in await database.fetch("SELECT id FROM customers ORDER BY id")]
            for turn in range(rounds):
                await _run(database, _EMPTY)
                await _run(other, _EMPTY)
                taken["plain SQL"].append(await _timed(lambda: _run(other, _PLAIN)))
                taken["dry run"].append(await _timed(lambda: _ask(stub, ids, "ALLOWED", dry_run=True)))
                queueing = partial(_ask, stub, ids, "ALLOWED", key=f"round-{turn}")
                taken["queue"].append(await _timed(queueing))
                taken["queue again"].append(await _timed(queueing))
                for name, action in _STEERED.items():
                    taken[name].append(await _timed(partial(_steer, database, stub, action)))
                    taken[f"{name}: the jobs follow"].append(await _timed(partial(_follow, steps)))
        await rpc.drain(1)
    least = statistics.median(taken["plain SQL"])
    lines = [(what, f"{statistics.median(s):.2f}", f"{statistics.median(s) / least:.1f}") for what, s in taken.items()]
    return f"{rows} borrowers, median of {rounds}\n{table(('what', 's', 'times'), lines)}"


async def _ask(stub: Any, ids: list[int], code: str, *, key: str = "", dry_run: bool = False) -> None:
    request = pb.QueueCallsRequest(customer_ids=ids, requested_by="bench", idempotency_key=key, dry_run=dry_run)
    answer = await stub.QueueCalls(request, timeout=WITHIN)
    told = [(outcome.code, outcome.count) for outcome in answer.outcomes]
    if told != [(code, len(ids))]:
        raise RuntimeError(f"not all were queued: {told}")


async def _steer(database: Database, stub: Any, action: "pb.CampaignAction.ValueType") -> None:
    campaign = await database.fetchrow("SELECT max(id) AS id FROM campaigns")
    request = pb.ControlCampaignRequest(
        campaign_id=campaign["id"] if campaign else 0, action=action, requested_by="bench"
    )
    await stub.ControlCampaign(request, timeout=WITHIN)


async def _follow(steps: PostgresSteps) -> None:
    """Do what workers do once a campaign has been steered."""
    while await steps.step():
        pass


async def _run(database: Database, statement: str) -> None:
    async with database.connection() as connection:
        await connection.execute(statement, timeout=WITHIN)


async def _timed(work: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench bulk", description=main.__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="borrowers to queue; at most 100000")
    parser.add_argument("--rounds", type=int, default=3, help="of which the median counts")
    options = parser.parse_args()
    quiet()
    with EmbeddedPostgres() as server:
        print(asyncio.run(measure(server, options.rows, options.rounds)))


if __name__ == "__main__":
    main()
