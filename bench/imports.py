"""What an import costs, against the least it could: `\\copy` of the same rows, clean already.

Makes a file of borrowers as lenders write them (amounts with rupee signs, dates with slashes, phones in five
spellings), imports it as the service does, and copies the cleaned rows straight into the same table of another
database. Postgres is the embedded one. Prints a table: seconds, and how many times the bare copy.
"""

import argparse
import asyncio
import resource
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, timedelta
from typing import Final

import asyncpg

from bench.lines import table
from local.postgres import EmbeddedPostgres
from services.customers.check_file import check_file
from services.customers.file_checker import ProcessFileChecker
from services.customers.importer import Importer
from services.customers.migrate import migrate
from services.customers.postgres import open_database
from services.customers.postgres_uploads import PostgresUploads
from services.customers.upload_model import LoanRow
from voicekit.clock import INDIA, utc_now

LENDER: Final = "Asha Finance"
COLUMNS: Final = (
    *("name", "phone_number", "state", "loan_id"),
    *("lender_name", "amount_paise", "due_date", "language_code"),
)
_HEADER: Final = "Customer Name,Mobile No,State,Loan No,EMI Amount,Due Dt,Language\n"
_NAMES: Final = ("Asha Rao", "रवि कुमार", "MEENA DEVI", "கண்ணன் முருகன்", "Sukhdev Singh")
_STATES: Final = ("Karnataka", "UP", "Tamilnadu", "Maharashtra", "west bengal", "Orissa")
_LANGUAGES: Final = ("", "Hindi", "ta-IN", "")
_PHONES: Final = ("{}", "+91 {}", "0{}", "91{}", "{}.0")


def make_file(count: int, today: date) -> bytes:
    """Make a CSV file of `count` good rows, each with a loan and a phone of its own."""
    lines = [_HEADER]
    for n in range(count):
        phone = _PHONES[n % len(_PHONES)].format(9_000_100_000 + n * 7)
        due = (today + timedelta(days=n % 60)).strftime("%d/%m/%Y")
        amount = f'"₹{1 + n % 90},{n % 1000:03d}.50"' if n % 2 else f"{2000 + n % 9000}"
        lines.append(
            f"{_NAMES[n % 5]} {n % 977},{phone},{_STATES[n % 6]},AF{n:08d},{amount},{due},{_LANGUAGES[n % 4]}\n"
        )
    return "".join(lines).encode()


async def import_file(url: str, data: bytes) -> float:
    """Import a file as the service does, and return the seconds it takes from bytes to commit."""
    async with open_database(url) as database:
        checker = ProcessFileChecker()
        importer = Importer(PostgresUploads(database), checker)
        await checker.wait_until_ready()  # as the service has one ready before a file comes
        seconds = await _timed(lambda: importer.run("borrowers.csv", LENDER, data))
        await checker.close()
        return seconds


async def copy_rows(url: str, rows: list[LoanRow]) -> float:
    """Copy clean rows, as `\\copy customers FROM` does with a CSV file, and return the seconds it takes."""
    lines = [",".join(f'"{getattr(row, column)}"' for column in COLUMNS) for row in rows]
    text = "\n".join(lines).encode()

    async def source() -> AsyncIterator[bytes]:
        for start in range(0, len(text), 1 << 16):
            yield text[start : start + (1 << 16)]

    async with open_database(url) as database, database.connection() as connection:
        return await _timed(
            lambda: connection.copy_to_table("customers", source=source(), columns=COLUMNS, format="csv", timeout=600)
        )


async def _timed(work: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


async def measure(server: EmbeddedPostgres, data: bytes, today: date, rounds: int) -> str:
    """Import and copy by turns, each into a new database, and return the table."""
    imports = [await import_file(await _new_database(server, "import_0"), data)]
    peaks = [resource.getrusage(who).ru_maxrss // 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    began = time.perf_counter()
    checked = check_file(data, lender_name=LENDER, today=today)
    check_s = time.perf_counter() - began
    copies = [await copy_rows(await _new_database(server, "copy_0"), checked.rows)]
    for turn in range(1, rounds):
        imports.append(await import_file(await _new_database(server, f"import_{turn}"), data))
        copies.append(await copy_rows(await _new_database(server, f"copy_{turn}"), checked.rows))
    copy_s, import_s = statistics.median(copies), statistics.median(imports)
    rows = [
        ("\\copy of the clean rows", f"{copy_s:.2f}", "1.0"),
        ("check alone, in one process", f"{check_s:.2f}", f"{check_s / copy_s:.1f}"),
        ("import: check and write", f"{import_s:.2f}", f"{import_s / copy_s:.1f}"),
    ]
    title = f"{len(checked.rows)} rows, {len(data) / 1024**2:.1f} MiB, median of {rounds}"
    memory = f"Peak of the service, this file included, {peaks[0]} MiB; of the checking process {peaks[1]} MiB"
    return f"{title}\n{table(('what', 's', 'times'), rows)}\n{memory}"


async def _new_database(server: EmbeddedPostgres, name: str) -> str:
    connection = await asyncpg.connect(server.url())
    try:
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()
    await migrate(server.url(name))
    return server.url(name)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.imports", description=main.__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the file")
    parser.add_argument("--rounds", type=int, default=3, help="imports and copies, of which the median counts")
    options = parser.parse_args()
    today = utc_now().astimezone(INDIA).date()
    with EmbeddedPostgres() as server:
        print(asyncio.run(measure(server, make_file(options.rows, today), today, options.rounds)))


if __name__ == "__main__":
    main()
