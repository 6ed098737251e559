"""Nobody begins a call past the rules: they are asked where the attempt is written."""

import asyncio
from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
from pydantic import ValidationError

from services.customers.may_dial import MayNotDial, Policy
from services.customers.model import FactsTold
from services.customers.postgres_calls import PostgresCalls
from services.customers.settings import Settings
from tests.customers.record import EASY, TOMORROW, Record, facts, tell, told
from voicekit.clock import INDIA

AT_NIGHT = datetime.combine(TOMORROW.date(), time(21), INDIA)


def calls_at(record: Record, at: datetime, policy: Policy = EASY) -> PostgresCalls:
    return PostgresCalls(record.database, policy, lambda: at)


async def refusal(calls: PostgresCalls, request: str, customer: int) -> str:
    with pytest.raises(MayNotDial) as refused:
        await calls.begin(request, customer)
    return refused.value.decision.code


async def test_outside_the_hours_nothing_is_written_and_the_borrower_stays_ready(record: Record) -> None:
    customer = await record.add_customer()
    before = await record.customers.get(customer)
    assert await refusal(calls_at(record, AT_NIGHT), "request", customer) == "OUTSIDE_CALL_WINDOW"
    assert await record.value("SELECT count(*) FROM call_sessions") == 0
    assert await record.customers.get(customer) == before


async def test_a_request_that_began_in_time_is_repeated_at_any_hour(record: Record) -> None:
    customer = await record.add_customer()
    begun = await record.calls.begin("request", customer)
    assert (await calls_at(record, AT_NIGHT).begin("request", customer)).call.id == begun.call.id


async def test_a_person_is_counted_over_all_loans(record: Record) -> None:
    thrice = replace(EASY, per_day=3)
    loans = [await record.add_customer(loan=f"L{number}") for number in range(4)]
    for number, loan in enumerate(loans[:3]):
        call = (await calls_at(record, TOMORROW, thrice).begin(f"r{number}", loan)).call
        assert call.start_time == TOMORROW
        await tell(record, call.id, told("not_picked"))
    assert await refusal(calls_at(record, TOMORROW, thrice), "r3", loans[3]) == "CAP_DAY"
    assert await calls_at(record, TOMORROW + timedelta(days=1), thrice).begin("r4", loans[3])


async def test_an_attempt_in_which_nobody_could_be_rung_is_not_counted(record: Record) -> None:
    customer = await record.add_customer()
    once = calls_at(record, TOMORROW, replace(EASY, per_day=1))
    call = (await once.begin("r1", customer)).call
    await tell(record, call.id, told("failed", reason="never_placed"))
    await record.customers.retry(customer)
    second = (await once.begin("r2", customer)).call
    await tell(record, second.id, told("failed", reason="carrier_failed"))
    await record.customers.retry(customer)
    assert await refusal(once, "r3", customer) == "CAP_DAY"


async def test_two_who_race_for_the_last_attempt_of_a_day_make_one_call(record: Record) -> None:
    for number in range(20):
        phone = f"+9199999000{number:02d}"
        loans = [await record.add_customer(loan=f"L{number}-{loan}", phone=phone) for loan in range(2)]
        once = calls_at(record, TOMORROW, replace(EASY, per_day=1))

        async def attempt(loan: int, once: PostgresCalls = once, number: int = number) -> bool:
            try:
                call = (await once.begin(f"r{number}-{loan}", loan)).call
            except MayNotDial:
                return False
            await tell(record, call.id, told("not_picked"))
            return True

        assert sorted(await asyncio.gather(*map(attempt, loans))) == [False, True]


async def test_old_data_and_suppressions_are_refused_by_name(record: Record) -> None:
    customer = await record.add_customer()
    assert await refusal(calls_at(record, TOMORROW + timedelta(days=9), Policy()), "r0", customer) == "DATA_STALE"
    call = (await record.calls.begin("r1", customer)).call
    await tell(record, call.id, facts("f", FactsTold(disposition="DNC")), told("failed"))
    await record.customers.retry(customer)
    assert await refusal(record.calls, "r2", customer) == "DNC"


async def test_another_loan_of_who_is_in_a_call_waits(record: Record) -> None:
    first, second = await record.add_customer(), await record.add_customer(loan="L2")
    await record.calls.begin("r1", first)
    assert await refusal(record.calls, "r2", second) == "ALREADY_IN_CALL"


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"call_hours": "07:00-21:00"}, "CALL_HOURS"),
        ({"call_hours": "08:00-19:00", "call_guard_minutes": "700"}, "CALL_HOURS"),
        ({"calling_clock": "2026-11-23T11:00+05:30"}, "CALLING_CLOCK"),
        ({"calling_clock": "2026-11-23T11:00+05:30", "exotel_api_base": "https://api.exotel.com"}, "CALLING_CLOCK"),
    ],
)
def test_settings_that_would_break_the_law_stop_the_service(variables: dict[str, str], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        Settings.model_validate({"database_url": "postgresql://nobody", **variables})


def test_a_simulated_clock_rules_where_the_carrier_is_on_this_machine() -> None:
    simulated = {"calling_clock": TOMORROW, "exotel_api_base": "http://127.0.0.1:1"}
    settings = Settings.model_validate({"database_url": "postgresql://nobody", **simulated})
    assert TOMORROW <= settings.clock() < TOMORROW + timedelta(minutes=1)
