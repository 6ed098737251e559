import asyncio
import itertools

import pytest

from services.customers.model import CallFilter, CallStatus, CustomerFilter, CustomerOrder, Sorting
from services.customers.paging import from_token, page_size, to_token
from services.customers.postgres_customers import matching_ids
from tests.customers.record import Record, tell, told
from voicekit.errors import InvalidInput, NotFound


async def test_turning_pages_shows_every_borrower_once_while_others_are_added(record: Record) -> None:
    there = {await record.add_customer(loan=f"L{n}") for n in range(57)}
    numbers = itertools.count()
    seen: list[int] = []

    async def add() -> None:
        await record.add_customer(loan=f"new-{next(numbers)}")

    while True:
        page, _, _ = await asyncio.gather(
            record.customers.list(
                CustomerFilter(), Sorting(), after=(str(seen[-1]), seen[-1]) if seen else None, limit=10
            ),
            add(),
            add(),
        )
        seen += [customer.id for customer in page]
        if there <= set(seen) or not page:
            break
    assert len(seen) == len(set(seen))
    assert there <= set(seen)


async def test_turning_pages_shows_every_call_once_while_others_begin(record: Record) -> None:
    there = []
    for n in range(23):
        customer = await record.add_customer(loan=f"L{n}", phone=f"+9199999{n:05d}")
        there.append((await record.calls.begin(f"r{n}", customer)).call)
    # Many at the same instant: the id must settle the order.
    await record.run("UPDATE call_sessions SET start_time = date_trunc('minute', start_time)")
    seen: list[str] = []
    before = None
    while page := await record.calls.list(CallFilter(), before=before, limit=5):
        seen += [call.id for call in page]
        before = (page[-1].start_time.isoformat(), page[-1].id)
        customer = await record.add_customer(loan=f"new-{len(seen)}", phone=f"+9199998{len(seen):05d}")
        await record.calls.begin(f"new-{len(seen)}", customer)
    assert sorted(seen) == sorted(call.id for call in there)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("by", CustomerOrder)
async def test_pages_in_any_order_hold_every_borrower_once(record: Record, by: CustomerOrder, descending: bool) -> None:
    for n in range(23):  # several are equal in each order, so that the id must settle it
        await record.add_customer(["Asha", "ravi", "Ürsula"][n % 3], loan=f"L{n}")
    change = """
        UPDATE customers SET amount_paise = 100 + id % 4, due_date = due_date + (id % 5)::int, state = 'S' || id % 2
    """
    await record.run(change)
    sorting, which = Sorting(by, descending), CustomerFilter(state="S1")
    whole = await record.customers.list(which, sorting, after=None, limit=100)
    assert len(whole) == 12
    keys = [(getattr(customer, by), customer.id) for customer in whole]
    assert keys == sorted(keys, reverse=descending)
    paged: list[int] = []
    after = None
    while page := await record.customers.list(which, sorting, after=after, limit=5):
        paged += [customer.id for customer in page]
        after = sorting.key(page[-1])
    assert paged == [customer.id for customer in whole]
    async with record.database.transaction() as connection:
        assert await matching_ids(connection, which, limit=5) == sorted(paged)[:5]


async def test_filters_of_borrowers(record: Record) -> None:
    asha = await record.add_customer("Asha Rao", "+919999900001", "AB_1")
    ravi = await record.add_customer("Ravi 100% Kumar", "+919999900002", "CD-2")
    call = (await record.calls.begin("r", ravi)).call
    await tell(record, call.id, told("not_picked"))
    await record.run("UPDATE customers SET state = 'Tamil Nadu', language_code = 'ta-IN' WHERE id = $1", ravi)
    cases = {
        CustomerFilter(call_status="not_picked"): [ravi],
        CustomerFilter(state="Karnataka"): [asha],
        CustomerFilter(language_code="ta-IN"): [ravi],
        CustomerFilter(text="asha"): [asha],
        CustomerFilter(text="99900002"): [ravi],
        CustomerFilter(text="+919999900002"): [ravi],
        CustomerFilter(text="+919999900003"): [],
        CustomerFilter(text="100%"): [ravi],
        CustomerFilter(text="%"): [ravi],
        CustomerFilter(text="b_"): [asha],
        CustomerFilter(text="\\"): [],
        CustomerFilter(state="Karnataka", text="ravi"): [],
        CustomerFilter(): [asha, ravi],
    }
    for which, expected in cases.items():
        assert [c.id for c in await record.customers.list(which, Sorting(), after=None, limit=10)] == expected, which


async def test_filters_of_calls(record: Record) -> None:
    asha = await record.add_customer("Asha Rao", "+919999900001", "L1")
    ravi = await record.add_customer("Ravi Kumar", "+919999900002", "L2")
    first = (await record.calls.begin("a", asha)).call
    second = (await record.calls.begin("b", ravi)).call
    await tell(record, second.id, told("failed"))
    for which, expected in {
        CallFilter(customer_id=asha): [first.id],
        CallFilter(status="failed"): [second.id],
        CallFilter(customer_id=asha, status="failed"): [],
        CallFilter(): [second.id, first.id],
    }.items():
        assert [call.id for call in await record.calls.list(which, before=None, limit=10)] == expected


async def test_of_those_who_share_a_phone_the_one_called_last_is_found(record: Record) -> None:
    first = await record.add_customer(loan="L1")
    second = await record.add_customer(loan="L2")
    assert (await record.customers.find_by_phone("+919999900001")).id == second
    call = (await record.calls.begin("a", first)).call
    assert (await record.customers.find_by_phone("+919999900001")).id == first
    await tell(record, call.id, told("completed"))
    await record.calls.begin("b", second)
    assert (await record.customers.find_by_phone("+919999900001")).id == second
    with pytest.raises(NotFound):
        await record.customers.find_by_phone("+919999900009")


def test_a_token_brings_its_key_back() -> None:
    which = CustomerFilter(state="Goa")
    assert from_token(to_token((7,), which), which, (int,)) == (7,)
    assert from_token(to_token(("2026-11-22", "x"), CallFilter()), CallFilter(), (str, str)) == ("2026-11-22", "x")


@pytest.mark.parametrize(
    "token", ["nonsense", "####", "e30", to_token((7,), CustomerFilter()), to_token(("7",), CallFilter())]
)
def test_a_token_of_another_list_is_refused(token: str) -> None:
    with pytest.raises(InvalidInput, match="page_token"):
        from_token(token, CallFilter(), (int,))


def test_a_page_has_fifty_rows_unless_told_otherwise() -> None:
    assert (page_size(0), page_size(1), page_size(1000)) == (50, 1, 1000)
    for nonsense in (-1, 1001):
        with pytest.raises(InvalidInput, match="page_size"):
            page_size(nonsense)


async def test_a_status_is_kept_as_a_status(record: Record) -> None:
    customer = await record.customers.get(await record.add_customer())
    assert customer.call_status is CallStatus.READY
