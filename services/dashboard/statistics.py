"""What the calls of today came to: by quarter of an hour, as a funnel, by outcome and by language."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from services.dashboard.model import Call, CallStatus, Value

STEP: Final = timedelta(minutes=15)
_TOLD: Final = frozenset({"RPC_INFO", "XFER_OK", "XFER_FAIL", "PAID", "HARD", "DISP", "CB"})
"""Outcomes of a conversation that went on to the instalment or beyond."""
_ASKED: Final = frozenset({"XFER_OK", "XFER_FAIL"})
"""Outcomes of a conversation in which the borrower asked for a person."""


class Bucket(Value):
    """A quarter of an hour."""

    start: datetime
    begun: int
    answered: int
    not_picked: int
    failed: int


class FunnelStep(Value):
    """How many calls came this far."""

    step: str
    """queued, dialled, answered, right_person, told, agent_asked, agent."""
    count: int


class Statistics(Value):
    """What the calls came to."""

    since: datetime
    """Of calls that were begun since then."""
    buckets: list[Bucket]
    """Without gaps, from the first call to the last."""
    funnel: list[FunnelStep]
    """Each step is a part of the one before."""
    outcomes: dict[str, int]
    """Calls that are over, by disposition."""
    languages: dict[str, int]
    """Answered calls by language."""
    talked_seconds_median: float | None
    """Of calls that were answered and have ended."""


def statistics(calls: Iterable[Call], since: datetime) -> Statistics:
    """Count the calls that were begun at `since` or later."""
    counted = [call for call in calls if call.start_time >= since]
    answered = [call for call in counted if call.answer_time]
    talked = sorted(
        (call.end_time - call.answer_time).total_seconds() for call in answered if call.end_time and call.answer_time
    )
    return Statistics(
        since=since,
        buckets=_buckets(counted),
        funnel=_funnel(counted, answered),
        outcomes=dict(
            Counter(call.disposition for call in counted if call.disposition and _is_over(call)).most_common()
        ),
        languages=dict(Counter(call.language_used for call in answered if call.language_used).most_common()),
        talked_seconds_median=talked[len(talked) // 2] if talked else None,
    )


def with_queued(made: Statistics, waiting: int) -> Statistics:
    """Put before the funnel how many calls were queued: those that were dialled, and those that still wait."""
    queued = FunnelStep(step="queued", count=made.funnel[0].count + waiting)
    return made.model_copy(update={"funnel": [queued, *made.funnel]})


def _funnel(counted: list[Call], answered: list[Call]) -> list[FunnelStep]:
    right = [call for call in answered if call.verified]
    told = [call for call in right if call.disposition in _TOLD or call.status is CallStatus.AGENT_TRANSFER]
    asked = [call for call in told if call.disposition in _ASKED or call.status is CallStatus.AGENT_TRANSFER]
    agent = [call for call in asked if call.disposition == "XFER_OK" and call.status is CallStatus.COMPLETED]
    steps = {
        "dialled": counted,
        "answered": answered,
        "right_person": right,
        "told": told,
        "agent_asked": asked,
        "agent": agent,
    }
    return [FunnelStep(step=name, count=len(calls)) for name, calls in steps.items()]


def _is_over(call: Call) -> bool:
    return not call.status.lives


def _buckets(calls: list[Call]) -> list[Bucket]:
    if not calls:
        return []
    by_start: dict[datetime, list[Call]] = {}
    for call in calls:
        by_start.setdefault(_floor(call.start_time), []).append(call)
    start, last = min(by_start), max(by_start)
    buckets = []
    while start <= last:
        there = by_start.get(start, [])
        statuses = Counter(call.status for call in there)
        buckets.append(
            Bucket(
                start=start,
                begun=len(there),
                answered=sum(1 for call in there if call.answer_time),
                not_picked=statuses[CallStatus.NOT_PICKED],
                failed=statuses[CallStatus.FAILED],
            )
        )
        start += STEP
    return buckets


def _floor(moment: datetime) -> datetime:
    return moment - timedelta(seconds=moment.timestamp() % STEP.total_seconds())
