"""What a page of `GET /customers` costs with a million borrowers: each filter in each order, against plain SQL.

Asks the service over gRPC for first pages and for pages in the middle, one after another. The plain statement is the
same page, asked of Postgres with nothing else in between. Prints a table in milliseconds; the goal is p99 under 100.
"""

import argparse
import asyncio
import itertools
import statistics
import time
from collections.abc import Mapping
from typing import Any, Final, cast

from bench.borrowers import borrowers, quiet
from bench.lines import table
from local.postgres import EmbeddedPostgres
from services.customers.model import CustomerFilter, CustomerOrder, Sorting
from services.customers.postgres import Database
from services.customers.postgres_customers import PostgresCustomers
from services.customers.servicer import CustomersServicer
from voice.customers import v1 as pb
from voicekit.rpc import RpcServer, channel

SERVICE: Final = "voice.customers.v1.CustomersService"
STATUSES: Final = (*(["ready"] * 666), *(["completed"] * 333), "failed")
_UPLOADS: Final = """
    WITH big AS (
        INSERT INTO file_uploads (filename, lender_name, sha256, status, total_rows, processed_count)
        VALUES ('b.csv', '', 'b', 'processing', 1, 1), ('s.csv', '', 's', 'processing', 1, 1) RETURNING id
    )
    INSERT INTO upload_customers (upload_id, customer_id, row_number)
    SELECT big.id, c.id, 1 FROM big, customers AS c WHERE hashint8(c.id) % CASE big.id WHEN 1 THEN 10 ELSE 1000 END = 7
"""
FILTERS: Final[Mapping[str, CustomerFilter]] = {
    "none": CustomerFilter(),
    "status: most": CustomerFilter(call_status="ready"),
    "status: few": CustomerFilter(call_status="failed"),
    "status: nobody": CustomerFilter(call_status="not_picked"),
    "state": CustomerFilter(state="Odisha"),
    "state: nobody": CustomerFilter(state="Goa"),
    "language": CustomerFilter(language_code="ta-IN"),
    "text: a name": CustomerFilter(text="asha"),
    "text: a phone": CustomerFilter(text=f"+91{6_000_000_000 + 12_345 * 2_654_435_761 % 4_000_000_000}"),
    "text: a phone's end": CustomerFilter(text=str(6_000_000_000 + 123 * 2_654_435_761 % 4_000_000_000)[-6:]),
    "text: a loan": CustomerFilter(text="af000012345"),
    "text: nobody": CustomerFilter(text="zzyzx"),
    "upload: a tenth": CustomerFilter(upload_id=1),
    "upload: few": CustomerFilter(upload_id=2),
    "status and state": CustomerFilter(call_status="failed", state="Punjab"),
}


async def measure(server: EmbeddedPostgres, rows: int, rounds: int) -> str:
    """Turn pages, and return the table."""
    async with borrowers(server, "lists", rows, STATUSES) as database:
        await _prepare(database)
        nothing = cast(Any, None)  # a list asks neither the importer nor the desk
        rpc = RpcServer("customers", "127.0.0.1:0")
        customers = PostgresCustomers(database)
        servicer = CustomersServicer(customers, nothing, nothing)
        rpc.add(pb.add_CustomersServiceServicer_to_server, servicer, SERVICE)
        port = await rpc.start()
        lines: list[tuple[object, ...]] = []
        all_taken: list[float] = []
        async with channel(f"127.0.0.1:{port}", SERVICE) as there:
            stub = pb.CustomersServiceStub(there)
            for (name, which), by in itertools.product(FILTERS.items(), CustomerOrder):
                taken, plain = await _pages(stub, customers, which, Sorting(by), rounds)
                all_taken += taken
                lines.append((name, by.name.lower(), *_figures(taken), f"{statistics.median(taken) / plain:.1f}"))
        await rpc.drain(1)
    lines.append(("all", "all", *_figures(all_taken), ""))
    heads = ("filter", "order", "p50 ms", "p99 ms", "times plain SQL")
    return f"{rows} borrowers, pages of 50, {rounds} rounds of three pages\n{table(heads, lines)}"


async def _prepare(database: Database) -> None:
    async with database.connection() as connection:
        await connection.execute(_UPLOADS, timeout=900)
        await connection.execute("TRUNCATE changes")
        await connection.execute("VACUUM ANALYZE", timeout=900)


async def _pages(
    stub: Any, customers: PostgresCustomers, which: CustomerFilter, sorting: Sorting, rounds: int
) -> tuple[list[float], float]:
    """Ask for the first pages again and again; return the seconds of each, and those of plain SQL for the first."""
    taken, plain = [], []
    for _ in range(rounds):
        token = ""
        for _ in range(3):
            request = pb.ListCustomersRequest(
                page_token=token,
                call_status=pb.CallStatus.Value(f"CALL_STATUS_{which.call_status.upper() or 'UNSPECIFIED'}"),
                state=which.state,
                language_code=which.language_code,
                text=which.text,
                upload_id=which.upload_id,
                order=pb.CustomerOrder.Value(f"CUSTOMER_ORDER_{sorting.by.name}"),
            )
            began = time.perf_counter()
            page = await stub.ListCustomers(request, timeout=60)
            taken.append(time.perf_counter() - began)
            token = page.next_page_token
        began = time.perf_counter()
        await customers.list(which, sorting, after=None, limit=51)
        plain.append(time.perf_counter() - began)
    return taken, statistics.median(plain)


def _figures(seconds: list[float]) -> tuple[str, str]:
    ordered = sorted(seconds)
    return f"{1000 * statistics.median(ordered):.1f}", f"{1000 * ordered[int(0.99 * (len(ordered) - 1))]:.1f}"


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench lists", description=main.__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="borrowers on record")
    parser.add_argument("--rounds", type=int, default=10, help="of each filter in each order")
    options = parser.parse_args()
    quiet()
    with EmbeddedPostgres() as server:
        print(asyncio.run(measure(server, options.rows, options.rounds)))


if __name__ == "__main__":
    main()
