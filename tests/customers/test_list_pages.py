"""Any filter in any order, turned page by page, shows what a plain filter and sort of the same borrowers show."""

import itertools
import random

import pytest

from services.customers import postgres_lists
from services.customers.model import CallStatus, Customer, CustomerFilter, CustomerOrder, Sorting
from services.customers.postgres_customers import matching_ids
from tests.customers.record import Record

FILL = """
    INSERT INTO customers (
        name, phone_number, state, loan_id, lender_name, amount_paise, due_date, language_code, call_status, updated_at
    )
    SELECT
        (ARRAY['Asha Rao', 'asha devi', 'Ravi 100% Kumar', 'रवि कुमार', 'Zubin_Nair'])[1 + n % 5],
        '+9199999' || lpad((n * 7)::text, 5, '0'),
        CASE WHEN n > 100 THEN 'Goa' ELSE (ARRAY['Kerala', 'Punjab', 'Kerala'])[1 + n % 3] END,
        'AF' || lpad((n * 1009)::text, 9, '0'), 'Asha Finance', 100 + n % 9, date '2026-12-01' + n / 40,
        (ARRAY['', 'ml-IN', 'pa-IN', ''])[1 + n % 4], (ARRAY['ready', 'ready', 'failed', 'completed'])[1 + n / 2 % 4],
        timestamptz '2026-11-22 10:00+05:30'
            + make_interval(mins => CASE WHEN n / 2 % 4 > 1 THEN 600 - n ELSE n / 40 END)
    FROM generate_series(1, 120) AS n
"""
UPLOADS = """
    INSERT INTO upload_customers (upload_id, customer_id, row_number)
    SELECT u, id, id FROM customers, generate_series(1, 2) AS u WHERE CASE u WHEN 1 THEN id > 70 ELSE id % 3 = 0 END
"""
FILTERS = [
    CustomerFilter(*asked)
    for asked in itertools.product(
        ("", CallStatus.READY, CallStatus.FAILED, CallStatus.RINGING),
        ("", "Kerala", "Goa", "Sikkim"),
        ("", "ml-IN"),
        ("", "", "ASHA", "रवि", "0%", "n_n", "99999", "+919999900007", "af000012108", "F0000", "nobody"),
        (0, 0, 1, 2, 99),
    )
]
SORTINGS = [Sorting(by, descending) for by, descending in itertools.product(CustomerOrder, (False, True))]


def passes(customer: Customer, which: CustomerFilter, uploads: dict[int, set[int]]) -> bool:
    texts = f"{customer.name}\n{customer.phone_number}\n{customer.loan_id}".lower()
    return (
        which.call_status in ("", customer.call_status)
        and which.state in ("", customer.state)
        and which.language_code in ("", customer.language_code)
        and which.text.lower() in texts
        and (not which.upload_id or customer.id in uploads.get(which.upload_id, set()))
    )


async def turned(record: Record, which: CustomerFilter, sorting: Sorting, limit: int) -> list[int]:
    seen: list[int] = []
    after = None
    while page := await record.customers.list(which, sorting, after=after, limit=limit):
        assert len(page) <= limit
        seen += [customer.id for customer in page]
        after = sorting.key(page[-1])
    return seen


@pytest.mark.parametrize("walk", [5, 40, 5000])
async def test_pages_show_what_a_plain_filter_and_sort_show(
    record: Record, monkeypatch: pytest.MonkeyPatch, walk: int
) -> None:
    monkeypatch.setattr(postgres_lists, "WALK", walk)
    await record.run(FILL)
    await record.run(UPLOADS)
    await record.run("ANALYZE")
    everybody = await record.customers.list(CustomerFilter(), Sorting(), after=None, limit=1000)
    assert len(everybody) == 120
    rows = await record.database.fetch("SELECT upload_id, customer_id FROM upload_customers")
    uploads: dict[int, set[int]] = {1: set(), 2: set()}
    for row in rows:
        uploads[row["upload_id"]].add(row["customer_id"])
    chance = random.Random(walk)
    asked = [(chance.choice(FILTERS), chance.choice(SORTINGS), chance.choice((3, 7, 50))) for _ in range(100)]
    asked += [(CustomerFilter(call_status=CallStatus.READY), sorting, 11) for sorting in SORTINGS]
    for which, sorting, limit in asked:
        passing = [customer for customer in everybody if passes(customer, which, uploads)]
        keys = sorted(((getattr(one, sorting.by), one.id) for one in passing), reverse=sorting.descending)
        expected = [customer_id for _, customer_id in keys]
        assert await turned(record, which, sorting, limit) == expected, (which, sorting, limit)
        async with record.database.transaction() as connection:
            assert await matching_ids(connection, which, limit=9) == sorted(expected)[:9]
