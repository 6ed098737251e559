"""What a page of `GET /customers` costs with a million borrowers: every filter in every order, either way round.

Asks the service over gRPC, one page after another: first pages, and pages from the middle of the order. The borrowers
are those of `bench.book`, whose filters and orders hang together. Also asks for the counts that stand above the list.
Prints a line for each combination and one for all; a p99 over 100 ms is a miss, and with a miss it ends with 1.
"""

import argparse
import asyncio
import itertools
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from bench.book import book
from bench.borrowers import quiet
from bench.lines import table
from local.postgres import EmbeddedPostgres
from services.customers.model import CallStatus, CustomerFilter, CustomerOrder, Sorting
from services.customers.paging import to_token
from services.customers.postgres import Database
from services.customers.postgres_customers import PostgresCustomers
from services.customers.postgres_desk import PostgresDesk
from services.customers.servicer import CustomersServicer
from voice.customers import v1 as pb
from voicekit.rpc import RpcServer, channel

SERVICE: Final = "voice.customers.v1.CustomersService"
GOAL_MS: Final = 100.0
FILTERS: Final[Mapping[str, CustomerFilter]] = {
    "none": CustomerFilter(),
    "status: most": CustomerFilter(call_status=CallStatus.READY),
    "status: a third, changed last": CustomerFilter(call_status=CallStatus.COMPLETED),
    "status: few": CustomerFilter(call_status=CallStatus.FAILED),
    "status: nobody": CustomerFilter(call_status=CallStatus.IN_PROGRESS),
    "state: a twentieth": CustomerFilter(state="Odisha"),
    "state: of the last file": CustomerFilter(state="Mizoram"),
    "state: few": CustomerFilter(state="Goa"),
    "state: nobody": CustomerFilter(state="Sikkim"),
    "language: a fifth": CustomerFilter(language_code="hi-IN"),
    "language: some": CustomerFilter(language_code="pa-IN"),
    "status, state": CustomerFilter(call_status=CallStatus.FAILED, state="Punjab"),
    "status, state of the last file": CustomerFilter(call_status=CallStatus.READY, state="Mizoram"),
    "status, state, language": CustomerFilter(call_status=CallStatus.COMPLETED, state="Kerala", language_code="ml-IN"),
    "text: a letter": CustomerFilter(text="a"),
    "text: a usual name": CustomerFilter(text="asha"),
    "text: a name": CustomerFilter(text="yamuna"),
    "text: a whole name": CustomerFilter(text="Zubin Naidu"),
    "text: a phone": CustomerFilter(text=f"+91{6_000_000_000 + 12_345 * 2_654_435_761 % 4_000_000_000}"),
    "text: a phone's end": CustomerFilter(text=str(6_000_000_000 + 123 * 2_654_435_761 % 4_000_000_000)[-6:]),
    "text: a loan": CustomerFilter(text="af000012345"),
    "text: beginning of late loans": CustomerFilter(text="AF00099"),
    "text: nobody": CustomerFilter(text="zzyzx"),
    "text, status": CustomerFilter(text="rao", call_status=CallStatus.FAILED),
    "text, state": CustomerFilter(text="kumar", state="Mizoram"),
    "upload: the first file": CustomerFilter(upload_id=1),
    "upload: the large loans": CustomerFilter(upload_id=9),
    "upload: the last file": CustomerFilter(upload_id=10),
    "upload: scattered": CustomerFilter(upload_id=11),
    "upload: few": CustomerFilter(upload_id=12),
    "upload: nobody": CustomerFilter(upload_id=99),
    "upload, status": CustomerFilter(upload_id=10, call_status=CallStatus.FAILED),
    "upload, state, text": CustomerFilter(upload_id=10, state="Mizoram", text="rao"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """What one combination cost, in seconds."""

    name: str
    order: str
    taken: list[float]

    @property
    def p99_ms(self) -> float:
        """The 99th percentile."""
        return 1000 * sorted(self.taken)[round(0.99 * (len(self.taken) - 1))]

    def cells(self) -> tuple[str, ...]:
        """Return the line of the table."""
        verdict = "ok" if self.p99_ms <= GOAL_MS else "MISS"
        return self.name, self.order, f"{1000 * statistics.median(self.taken):.1f}", f"{self.p99_ms:.1f}", verdict


async def measure(server: EmbeddedPostgres, rows: int, rounds: int) -> list[Line]:
    """Turn pages, and return what they cost."""
    async with book(server, "lists", rows) as database:
        return await turn_pages(database, rounds)


async def turn_pages(database: Database, rounds: int) -> list[Line]:
    """Turn the pages of a book that is there."""
    nobody = cast(Any, None)  # a list asks no importer
    customers = PostgresCustomers(database)
    rpc = RpcServer("customers", "127.0.0.1:0")
    servicer = CustomersServicer(customers, nobody, PostgresDesk(database))
    rpc.add(pb.add_CustomersServiceServicer_to_server, servicer, SERVICE)
    port = await rpc.start()
    middles = {sorting: await _middle(database, customers, sorting) for sorting in _sortings()}
    lines = []
    async with channel(f"127.0.0.1:{port}", SERVICE) as there:
        stub = pb.CustomersServiceStub(there)
        for (name, which), sorting in itertools.product(FILTERS.items(), _sortings()):
            taken: list[float] = []
            for _ in range(rounds):
                taken += await _pages(stub, which, sorting, middles[sorting])
            lines.append(Line(name, f"{'-' if sorting.descending else ''}{sorting.by.name.lower()}", taken))
        counts = [await _timed(lambda: stub.CountCustomers(pb.CountCustomersRequest(), timeout=60)) for _ in range(20)]
        lines.append(Line("counts by status", "", counts))
    await rpc.drain(1)
    return [*lines, Line("all", "all", [seconds for line in lines for seconds in line.taken])]


def _sortings() -> Iterator[Sorting]:
    return (Sorting(by, descending) for by, descending in itertools.product(CustomerOrder, (False, True)))


async def _middle(database: Database, customers: PostgresCustomers, sorting: Sorting) -> tuple[str, int]:
    """Return the key of a borrower in the middle of an order."""
    query = f"SELECT id FROM customers ORDER BY {sorting.by}, id OFFSET (SELECT count(*) / 2 FROM customers) LIMIT 1"
    async with database.connection() as connection:
        return sorting.key(await customers.get(await connection.fetchval(query, timeout=60)))


async def _pages(stub: Any, which: CustomerFilter, sorting: Sorting, middle: tuple[str, int]) -> list[float]:
    """Ask for the first page, the one after it, and one in the middle; return the seconds of each."""
    taken, token = [], ""
    for step in range(3):
        request = pb.ListCustomersRequest(
            page_token=to_token(middle, (which, sorting)) if step == 2 else token,
            call_status=pb.CallStatus.Value(f"CALL_STATUS_{which.call_status.upper() or 'UNSPECIFIED'}"),
            state=which.state,
            language_code=which.language_code,
            text=which.text,
            upload_id=which.upload_id,
            order=pb.CustomerOrder.Value(f"CUSTOMER_ORDER_{sorting.by.name}"),
            descending=sorting.descending,
        )
        began = time.perf_counter()
        token = (await stub.ListCustomers(request, timeout=60)).next_page_token
        taken.append(time.perf_counter() - began)
    return taken


async def _timed(work: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


def report(lines: list[Line]) -> tuple[str, int]:
    """Return the table, and how many combinations missed the goal."""
    misses = sum(line.p99_ms > GOAL_MS for line in lines[:-1])
    heads = ("filter", "order", "p50 ms", "p99 ms", f"p99 <= {GOAL_MS:.0f}")
    return f"{table(heads, [line.cells() for line in lines])}\n{misses} of {len(lines) - 1} missed", misses


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench lists", description=main.__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="borrowers on record")
    parser.add_argument("--rounds", type=int, default=5, help="of three pages for each filter in each order")
    options = parser.parse_args()
    quiet()
    with EmbeddedPostgres() as server:
        text, misses = report(asyncio.run(measure(server, options.rows, options.rounds)))
    print(f"{options.rows} borrowers, pages of 50, {options.rounds} rounds of three pages\n{text}")
    sys.exit(1 if misses else 0)


if __name__ == "__main__":
    main()
