import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.customers.may_dial import Decision, Facts, Policy, may_dial
from services.customers.model import CallStatus
from services.customers.quiet_days import read_quiet_days
from voicekit.clock import INDIA
from voicekit.errors import InvalidInput

DAY = date(2026, 11, 23)
NOON = datetime.combine(DAY, time(12), INDIA)
FACTS = Facts("+919999900001", CallStatus.READY, date(2026, 12, 5), NOON - timedelta(hours=1))
POLICY = Policy()
ROOT = Path(__file__).parents[2]
instants = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))


def clock(text: str) -> datetime:
    return datetime.combine(DAY, time.fromisoformat(text), INDIA)


def code(now: datetime, facts: Facts = FACTS, policy: Policy = POLICY) -> str:
    return may_dial(now, facts, policy).code


EDGES = [
    ("00:00:00", "OUTSIDE_CALL_WINDOW"),
    ("07:59:59", "OUTSIDE_CALL_WINDOW"),
    ("08:00:00", "ALLOWED"),
    ("18:49:59", "ALLOWED"),
    ("18:50:00", "OUTSIDE_CALL_WINDOW"),
    ("18:59:59", "OUTSIDE_CALL_WINDOW"),
    ("19:00:00", "OUTSIDE_CALL_WINDOW"),
    ("23:59:59", "OUTSIDE_CALL_WINDOW"),
]


@pytest.mark.parametrize(("at", "expected"), EDGES)
def test_the_hours_end_at_their_edges(at: str, expected: str) -> None:
    assert code(clock(at)) == expected
    assert code(clock(at).astimezone(UTC)) == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [("07:59:59", False), ("08:00:00", True), ("18:59:59", True), ("19:00:00", False)],
)
def test_without_a_guard_calls_begin_until_the_end(at: str, expected: bool) -> None:
    assert may_dial(clock(at), FACTS, Policy(guard=timedelta(0))).allowed is expected


@pytest.mark.parametrize(
    ("at", "expected"), [("08:59:59", False), ("09:00:00", True), ("17:49:59", True), ("17:50:00", False)]
)
def test_microfinance_has_shorter_hours(at: str, expected: bool) -> None:
    assert may_dial(clock(at), FACTS, Policy(microfinance=True)).allowed is expected


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata"])
def test_the_server_s_own_time_zone_plays_no_part(zone: str) -> None:
    script = (
        "from tests.customers.test_may_dial import EDGES, clock, code\n"
        "import sys; sys.exit([code(clock(at)) for at, _ in EDGES] != [expected for _, expected in EDGES])"
    )
    environment = {**os.environ, "TZ": zone, "PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}"}
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, check=False).returncode == 0


@pytest.mark.parametrize(
    ("opens", "closes", "microfinance"),
    [
        (time(7), time(21), False),
        (time(7, 59), time(19), False),
        (time(8), time(19, 1), False),
        (time(8), time(18), True),
        (time(9), time(18, 30), True),
        (time(12), time(12), False),
        (time(12), time(12, 10), False),
        (time(15), time(10), False),
    ],
)
def test_hours_may_only_be_narrower(opens: time, closes: time, microfinance: bool) -> None:
    with pytest.raises(InvalidInput, match="CALL_HOURS"):
        Policy(opens, closes, microfinance)


def test_narrower_hours_rule() -> None:
    narrow = Policy(time(10), time(12, 10))
    assert [code(clock(at), policy=narrow) for at in ("09:59:59", "10:00:00", "11:59:59", "12:00:00")] == [
        *("OUTSIDE_CALL_WINDOW", "ALLOWED", "ALLOWED", "OUTSIDE_CALL_WINDOW")
    ]


@pytest.mark.parametrize(
    ("at", "opening"),
    [
        ("03:00:00", datetime(2026, 11, 23, 2, 30, tzinfo=UTC)),
        ("18:50:00", datetime(2026, 11, 24, 2, 30, tzinfo=UTC)),
        ("23:59:59", datetime(2026, 11, 24, 2, 30, tzinfo=UTC)),
    ],
)
def test_outside_the_hours_a_call_waits_for_the_next_opening(at: str, opening: datetime) -> None:
    assert may_dial(clock(at), FACTS, POLICY).not_before == opening


HOUR = timedelta(hours=1)
DAYS = [NOON - timedelta(days=days) for days in range(1, 8)]


@pytest.mark.parametrize(
    ("attempts", "expected"),
    [
        ([], "ALLOWED"),
        ([NOON - HOUR, NOON - 2 * HOUR], "ALLOWED"),
        ([NOON - HOUR, NOON - 2 * HOUR, NOON - 3 * HOUR], "CAP_DAY"),
        ([clock("00:00:00"), NOON - HOUR, NOON - 2 * HOUR], "CAP_DAY"),
        ([clock("00:00:00") - timedelta(seconds=1), NOON - HOUR, NOON - 2 * HOUR], "ALLOWED"),
        (DAYS[:6], "ALLOWED"),
        (DAYS, "ALLOWED"),  # the first of them is seven days old
        ([*DAYS[:6], NOON - HOUR], "CAP_WEEK"),
    ],
)
def test_a_person_is_called_three_times_a_day_and_seven_times_a_week(attempts: list[datetime], expected: str) -> None:
    assert code(NOON, replace(FACTS, attempts=attempts)) == expected


@pytest.mark.parametrize(
    ("talked_at", "one_a_day", "expected"),
    [
        (None, True, "ALLOWED"),
        (clock("08:10:00"), True, "TALKED_TODAY"),
        (clock("08:10:00"), False, "ALLOWED"),
        (clock("00:00:00") - timedelta(seconds=1), True, "ALLOWED"),
    ],
)
def test_who_was_spoken_with_today_is_left_alone_until_tomorrow(
    talked_at: datetime | None, one_a_day: bool, expected: str
) -> None:
    decision = may_dial(NOON, replace(FACTS, talked_at=talked_at), replace(POLICY, one_talk_a_day=one_a_day))
    assert decision.code == expected
    assert decision.not_before == (None if decision.allowed else clock("08:00") + timedelta(days=1))


QUIET = replace(POLICY, quiet_days=read_quiet_days("11-23, 2026-11-24@Maharastra"))


@pytest.mark.parametrize(
    ("state", "now", "expected", "days"),
    [
        ("", NOON, "QUIET_DAY", 1),
        ("Karnataka", NOON, "QUIET_DAY", 1),
        ("Maharashtra", NOON, "QUIET_DAY", 2),
        ("Maharashtra", NOON + timedelta(days=1), "QUIET_DAY", 1),
        ("Karnataka", NOON + timedelta(days=1), "ALLOWED", 0),
        ("Karnataka", NOON - timedelta(hours=13), "OUTSIDE_CALL_WINDOW", 2),
    ],
)
def test_nobody_is_called_on_a_quiet_day_of_india_or_of_their_state(
    state: str, now: datetime, expected: str, days: int
) -> None:
    decision = may_dial(now, replace(FACTS, state=state), QUIET)
    assert decision.code == expected
    today = datetime.combine(now.astimezone(INDIA).date(), time(8), INDIA)
    assert decision.not_before == (today + timedelta(days=days) if days else None)


@pytest.mark.parametrize("text", ["11-31", "2026-13-01", "Diwali", "11-23;11-24", "1-1"])
def test_a_quiet_day_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="CALL_QUIET_DAYS"):
        read_quiet_days(text)


def test_calls_that_waited_for_an_opening_are_spread_after_it_and_others_are_not() -> None:
    opening = clock("08:00")
    begins = [POLICY.spread(opening, number) - opening for number in range(100_000)]
    assert timedelta(0) <= min(begins) < max(begins) < POLICY.jitter
    seconds = Counter(int(begin.total_seconds()) for begin in begins)
    assert max(seconds.values()) < 2 * len(begins) / POLICY.jitter.total_seconds()
    assert POLICY.spread(NOON, 7) == NOON
    brief = replace(POLICY, opens=time(8), closes=time(8, 15), jitter=timedelta(hours=1))
    assert all(brief.next_opening(at) == at for at in (brief.spread(opening, number) for number in range(100)))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (clock("17:00"), clock("17:00")),
        (clock("18:55"), clock("08:00") + timedelta(days=1)),
        (NOON - HOUR, NOON),
        (None, NOON + 3 * HOUR),
    ],
)
def test_who_asks_for_another_time_is_called_then_within_the_hours(asked: datetime | None, expected: datetime) -> None:
    assert POLICY.callback_at(asked, NOON) == expected


def test_a_cap_tells_when_it_ends() -> None:
    today = [NOON - HOUR, NOON - 2 * HOUR, NOON - 3 * HOUR]
    assert may_dial(NOON, replace(FACTS, attempts=today), POLICY).not_before == clock("08:00") + timedelta(days=1)
    week = [*DAYS[:6], NOON - HOUR]
    assert may_dial(NOON, replace(FACTS, attempts=week), POLICY).not_before == NOON + timedelta(days=1)


@pytest.mark.parametrize(
    ("facts", "expected", "waits"),
    [
        (replace(FACTS, held_as="DNC"), "DNC", False),
        (replace(FACTS, held_as="PAID", held_until=NOON + timedelta(days=2)), "PAID", True),
        (replace(FACTS, in_call=True), "ALREADY_IN_CALL", True),
        (replace(FACTS, call_status=CallStatus.COMPLETED), "NOT_READY", False),
        (replace(FACTS, phone_number="+14155550100"), "NUMBER_FOREIGN", False),
        (replace(FACTS, confirmed_at=NOON - timedelta(hours=72)), "ALLOWED", False),
        (replace(FACTS, confirmed_at=NOON - timedelta(hours=72, seconds=1)), "DATA_STALE", False),
        (replace(FACTS, due_date=DAY, confirmed_at=NOON - timedelta(hours=25)), "ALLOWED", False),
        (
            replace(FACTS, due_date=DAY - timedelta(days=1), confirmed_at=NOON - timedelta(hours=25)),
            "DATA_STALE",
            False,
        ),
        (replace(FACTS, due_date=DAY - timedelta(days=1), confirmed_at=NOON - timedelta(hours=24)), "ALLOWED", False),
    ],
)
def test_each_rule_says_why_and_whether_waiting_helps(facts: Facts, expected: str, waits: bool) -> None:
    decision = may_dial(NOON, facts, POLICY)
    assert (decision.code, decision.waits) == (expected, waits)


policies = st.builds(
    Policy,
    opens=st.times(time(9), time(11)),
    closes=st.times(time(14), time(18)),
    microfinance=st.booleans(),
    guard=st.timedeltas(timedelta(0), timedelta(hours=1)),
    per_day=st.integers(1, 3),
    per_week=st.integers(1, 7),
)


@st.composite
def situations(draw: st.DrawFn) -> tuple[datetime, Facts, Policy]:
    now = draw(instants)
    ages = st.lists(st.timedeltas(timedelta(0), timedelta(days=9)), max_size=12)
    facts = Facts(
        "+919999900001",
        draw(st.sampled_from(CallStatus)),
        now.date() + timedelta(days=draw(st.integers(-5, 5))),
        now - draw(st.timedeltas(timedelta(0), timedelta(days=4))),
        in_call=draw(st.booleans()),
        held_as=draw(st.sampled_from(["", "", "DNC"])),
        held_until=draw(st.none() | st.just(now + timedelta(days=1))),
        attempts=[now - age for age in draw(ages)],
    )
    return now, facts, draw(policies)


@given(situations())
def test_whoever_is_called_breaks_no_rule(situation: tuple[datetime, Facts, Policy]) -> None:
    now, facts, policy = situation
    decision = may_dial(now, facts, policy)
    assert decision.allowed is (decision == Decision("ALLOWED", "may be called"))
    if decision.allowed:
        local = now.astimezone(INDIA)
        assert policy.opens <= local.time() < time(19)
        assert local + policy.guard < datetime.combine(local.date(), policy.closes, INDIA)
        assert facts.call_status is CallStatus.READY and not facts.in_call and not facts.held_as
        assert sum(at > now - timedelta(days=7) for at in facts.attempts) < policy.per_week
        assert sum(at.astimezone(INDIA).date() == local.date() for at in facts.attempts) < policy.per_day
    if decision.not_before:
        assert decision.not_before > now
        opening = decision.not_before
        assert decision.code == "ALREADY_IN_CALL" or policy.next_opening(opening) == opening


@given(situations())
def test_who_waits_as_told_is_let_through_by_that_rule(situation: tuple[datetime, Facts, Policy]) -> None:
    now, facts, policy = situation
    decision = may_dial(now, facts, policy)
    if decision.not_before and decision.code in ("CAP_DAY", "CAP_WEEK", "OUTSIDE_CALL_WINDOW"):
        later = may_dial(decision.not_before, replace(facts, confirmed_at=decision.not_before), policy)
        assert later.code != decision.code
