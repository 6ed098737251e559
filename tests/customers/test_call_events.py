import asyncio
import itertools
from collections.abc import Sequence
from datetime import timedelta
from random import Random

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.customers.model import CallStatus, Direction, Event, FactsTold, StatusTold, Verdict
from tests.customers.record import NOON, Record, facts, tell, told
from voicekit.errors import InvalidInput, NotFound

FINAL = {"completed", "failed", "not_picked"}
LEGAL = {
    "initiated": {"ringing", "in_progress", "not_picked", "completed", "failed"},
    "ringing": {"in_progress", "not_picked", "completed", "failed"},
    "in_progress": {"agent_transfer", "completed", "failed"},
    "agent_transfer": {"completed", "failed"},
}
_numbers = itertools.count(1)
in_one_database = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
statuses = st.sampled_from([status for status in CallStatus if status != "ready"])


async def begin(record: Record) -> str:
    number = next(_numbers)
    customer_id = await record.add_customer(phone=f"+9199999{number:05d}", loan=f"loan-{number}")
    return (await record.calls.begin(f"request-{number}", customer_id)).call.id


def follow(events: Sequence[str]) -> list[str]:
    """What the record must answer, by a second telling of the rules."""
    now, verdicts = "initiated", []
    for status in events:
        if status == now:
            verdicts.append("repeated")
        elif status in LEGAL.get(now, ()):
            verdicts.append("applied")
            now = status
        else:
            verdicts.append("conflict" if status in FINAL and now in FINAL else "illegal")
    return verdicts


@in_one_database
@given(st.lists(statuses, max_size=12))
async def test_any_order_of_statuses_is_judged_by_the_table(record: Record, order: list[str]) -> None:
    call_id = await begin(record)
    events = [told(status, f"{place}") for place, status in enumerate(order)]
    assert await tell(record, call_id, *events) == follow(order)


@in_one_database
@given(st.lists(st.tuples(statuses, st.integers(0, 3)), min_size=1, max_size=16))
async def test_events_from_eight_connections_leave_one_truthful_final(
    record: Record, story: list[tuple[str, int]]
) -> None:
    call_id = await begin(record)
    events = [told(status, f"{status}:{copy}") for status, copy in story]
    shares = [events[lane::8] for lane in range(8)]

    async def lane(share: Sequence[Event]) -> list[str]:
        return [(await tell(record, call_id, event))[0] for event in share]

    verdicts = [verdict for lane_verdicts in await asyncio.gather(*map(lane, shares)) for verdict in lane_verdicts]
    kept = await record.calls.get(call_id)
    assert sorted(verdicts) == sorted(
        [update.refusal or "applied" for update in kept.history] + ["duplicate"] * (len(events) - len(kept.history))
    )
    assert len(kept.history) == len({event.key for event in events})
    assert follow([update.status for update in kept.history]) == [u.refusal or "applied" for u in kept.history]
    applied = [update.status for update in kept.history if update.applied]
    assert kept.call.status == ["initiated", *applied][-1]
    assert sum(status in FINAL for status in applied) == (kept.call.status in FINAL)
    if {"completed", "failed"} & {status for status, _ in story}:
        assert kept.call.status in FINAL
    assert (await record.customers.get(kept.call.customer_id)).call_status == kept.call.status


async def test_two_hundred_competing_finals_leave_exactly_one(record: Record) -> None:
    call_id = await begin(record)
    events = [told(sorted(FINAL)[n % 3], f"{n}") for n in range(200)]
    verdicts = await asyncio.gather(*(tell(record, call_id, event) for event in events))
    assert verdicts.count(["applied"]) == 1
    final = next(event.what for event, verdict in zip(events, verdicts, strict=True) if verdict == ["applied"])
    assert isinstance(final, StatusTold)
    assert (await record.calls.get(call_id)).call.status == final.status


async def test_the_first_final_wins_and_the_other_is_kept_as_evidence(record: Record) -> None:
    call_id = await begin(record)
    verdicts = await tell(
        record,
        call_id,
        told("in_progress", at=5),
        told("failed", at=60, reason="provider_tts"),
        told("completed", source="carrier", at=61),
        told("failed", source="carrier", at=62),
        told("failed", at=60, reason="provider_tts"),
        told("ringing", source="carrier", at=2),
    )
    assert verdicts == ["applied", "applied", "conflict", "repeated", "duplicate", "illegal"]
    kept = await record.calls.get(call_id)
    assert (kept.call.status, kept.call.reason) == ("failed", "provider_tts")
    assert kept.call.answer_time == NOON + timedelta(seconds=5)
    assert kept.call.end_time == NOON + timedelta(seconds=60)
    assert [update.refusal for update in kept.history] == ["", "", "conflict", "repeated", "illegal"]


async def test_calling_is_another_name_of_initiated(record: Record) -> None:
    call_id = await begin(record)
    query = "SELECT apply_call_event($1::uuid, 'k', 'bot', 'calling', now(), '', '{}')"
    assert await record.value(query, call_id) == "repeated"
    assert [update.status for update in (await record.calls.get(call_id)).history] == ["initiated"]


@pytest.mark.parametrize("status", ["ready", "initiated", "ringing", "in_progress"])
async def test_no_statement_can_bring_an_ended_call_back_to_life(record: Record, status: str) -> None:
    call_id = await begin(record)
    await tell(record, call_id, told("completed"))
    with pytest.raises(asyncpg.CheckViolationError):
        await record.run("UPDATE call_sessions SET status = $2, end_time = NULL WHERE id = $1::uuid", call_id, status)


async def test_no_statement_can_say_of_a_borrower_what_no_call_says(record: Record) -> None:
    call_id = await begin(record)
    await tell(record, call_id, told("completed"))
    for status in ("ready", "in_progress", "failed"):
        with pytest.raises(asyncpg.CheckViolationError):
            await record.run("UPDATE customers SET call_status = $1", status)


async def mutate(record: Record, *changes: tuple[str, str]) -> None:
    source = str(await record.value("SELECT pg_get_functiondef('apply_call_event'::regproc)"))
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    await record.run(source)


FINAL_CHECK = ("WHEN is_final(told) AND is_final(call.status) THEN 'conflict'", "")
LEGALITY_CHECK = ("WHERE subject = 'attempt' AND from_status = call.status AND to_status = told", "")
UPDATE_OF_THE_CALL = ("WHERE id = p_call_id;", "WHERE id = p_call_id AND NOT is_final(status);")
LOCKS = (" FOR UPDATE", "")


async def test_without_the_check_of_finals_the_record_still_refuses_a_second_one(record: Record) -> None:
    call_id = await begin(record)
    await mutate(record, FINAL_CHECK, LEGALITY_CHECK, UPDATE_OF_THE_CALL)
    await tell(record, call_id, told("completed"))
    with pytest.raises(asyncpg.UniqueViolationError, match="one_final_per_call"):
        await tell(record, call_id, told("failed"))
    assert (await record.calls.get(call_id)).call.status == "completed"


async def test_without_the_check_of_moves_the_record_still_refuses_an_illegal_one(record: Record) -> None:
    call_id = await begin(record)
    await mutate(record, LEGALITY_CHECK)
    await tell(record, call_id, told("in_progress"))
    with pytest.raises(asyncpg.CheckViolationError, match="cannot go from in_progress to ringing"):
        await tell(record, call_id, told("ringing"))
    assert [update.status for update in (await record.calls.get(call_id)).history] == ["in_progress"]


async def test_without_the_locks_the_record_still_holds_one_final(record: Record) -> None:
    await mutate(record, LOCKS)
    for _ in range(5):
        call_id = await begin(record)
        events = [told(sorted(FINAL)[n % 3], f"{n}") for n in range(8)]
        await asyncio.gather(*(tell(record, call_id, event) for event in events), return_exceptions=True)
        kept = await record.calls.get(call_id)
        assert [u.status for u in kept.history if u.applied] == [kept.call.status]


known_facts = st.builds(
    FactsTold,
    language_used=st.sampled_from(["", "hi-IN", "ta-IN"]),
    disposition=st.sampled_from(["", "RPC_INFO", "DNC"]),
)


@in_one_database
@given(st.lists(known_facts, max_size=4), st.randoms())
async def test_of_each_fact_the_latest_holds_in_whatever_order_they_come(
    record: Record, story: list[FactsTold], random: Random
) -> None:
    call_id = await begin(record)
    events = [facts(f"{at}", known, at=at) for at, known in enumerate(story)]
    shuffled = [*events, *events[:2]]
    random.shuffle(shuffled)
    await tell(record, call_id, *shuffled)
    call = (await record.calls.get(call_id)).call
    for field in ("language_used", "disposition"):
        said = [getattr(known, field) for known in story if getattr(known, field)]
        assert getattr(call, field) == ["", *said][-1]


async def test_facts_fill_in_what_is_known_and_take_nothing_back(record: Record) -> None:
    call_id = await begin(record)
    await tell(
        record,
        call_id,
        facts("a", FactsTold(call_sid="sid-1"), at=1),
        facts("b", FactsTold(verified=True, callback_words="kal"), at=2),
    )
    await tell(record, call_id, facts("c", FactsTold(language_used="ta-IN"), at=3))
    call = (await record.calls.get("sid-1")).call
    assert (call.id, call.call_sid, call.verified, call.language_used) == (call_id, "sid-1", True, "ta-IN")
    assert (await record.customers.get(call.customer_id)).language_code == "ta-IN"
    assert await record.value("SELECT callback_words FROM call_sessions") == "kal"


async def test_the_language_of_somebody_unverified_is_not_remembered_for_the_borrower(record: Record) -> None:
    call_id = await begin(record)
    await tell(record, call_id, facts("a", FactsTold(language_used="ta-IN")))
    customer_id = (await record.calls.get(call_id)).call.customer_id
    assert (await record.customers.get(customer_id)).language_code == ""


async def test_a_call_keeps_its_carrier_id_and_no_two_calls_share_one(record: Record) -> None:
    first, second = await begin(record), await begin(record)
    assert await tell(record, first, facts("a", FactsTold(call_sid="sid-1"))) == ["applied"]
    assert await tell(record, first, facts("b", FactsTold(call_sid="sid-2"))) == ["conflict"]
    assert await tell(record, second, facts("a", FactsTold(call_sid="sid-1"))) == ["conflict"]


async def test_an_unknown_disposition_is_refused_and_nothing_of_the_batch_is_kept(record: Record) -> None:
    call_id = await begin(record)
    with pytest.raises(InvalidInput, match="disposition"):
        await tell(record, call_id, told("ringing"), facts("a", FactsTold(disposition="HAPPY")))
    assert (await record.calls.get(call_id)).history == []


async def test_events_of_an_unknown_call_are_refused(record: Record) -> None:
    for call_id in ("no-such-call", "6f6f1c53-4f2c-4a52-9d55-0d6f5a3f0c11"):
        with pytest.raises(NotFound):
            await tell(record, call_id, told("ringing"))


async def test_a_retry_is_a_new_attempt_and_the_old_one_stays_as_it_was(record: Record) -> None:
    call_id = await begin(record)
    await tell(record, call_id, told("not_picked", reason="no_answer"))
    customer_id = (await record.calls.get(call_id)).call.customer_id
    assert (await record.customers.retry(customer_id)).call_status == "ready"
    again = (await record.calls.begin("again", customer_id)).call
    assert again.id != call_id
    assert again.direction == Direction.OUTBOUND
    await tell(record, call_id, told("completed", source="carrier"))
    assert (await record.calls.get(call_id)).call.status == "not_picked"
    assert (await record.customers.get(customer_id)).call_status == "initiated"


async def test_a_repeated_batch_changes_nothing(record: Record) -> None:
    call_id = await begin(record)
    batch = [told("ringing"), facts("f", FactsTold(call_sid="sid")), told("in_progress")]
    assert await record.calls.record(call_id, batch) == [Verdict.APPLIED] * 3
    before = await record.calls.get(call_id)
    assert await record.calls.record(call_id, batch) == [Verdict.DUPLICATE] * 3
    assert await record.calls.get(call_id) == before
