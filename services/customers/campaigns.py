"""Queueing calls: who is asked for, what the rules say of each, and who goes into the queue."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from services.customers.may_dial import AGAIN, Decision, Facts, Policy, may_dial
from services.customers.model import CallStatus, CustomerFilter
from voicekit.clock import Now
from voicekit.errors import InvalidInput

MAX_CUSTOMERS: Final = 100_000
AT_ONCE: Final = 5_000
"""Borrowers that are judged in one go: whoever else is served by this process waits no longer than that takes."""
NOBODY: Final = Decision("NO_CUSTOMER", "there is no such customer")
QUEUED_BEFORE: Final = Decision("ALREADY_QUEUED", "the customer is in the queue")


class CampaignState(StrEnum):
    """What a campaign does."""

    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Campaign:
    """Calls that were queued together."""

    id: int
    state: CampaignState
    requested_by: str
    created_at: datetime
    total: int
    waiting: int
    calling: int
    done: int
    dropped: int


@dataclass(frozen=True, slots=True)
class CallsAsked:
    """A request for calls."""

    requested_by: str
    idempotency_key: str = ""
    customer_ids: tuple[int, ...] = ()
    matching: CustomerFilter | None = None
    """Says who instead of `customer_ids`."""
    dry_run: bool = False

    @property
    def sha256(self) -> str:
        """What is asked, in short; not who asks."""
        asked = (sorted(set(self.customer_ids)), self.matching)
        return hashlib.sha256(repr(asked).encode()).hexdigest()


@dataclass(slots=True)
class Outcome:
    """Borrowers to whom the same happened."""

    code: str
    message: str
    queued: bool
    not_before: datetime | None = None
    """When the first of them may be called; None when nothing is waited for."""
    customer_ids: list[int] = field(default_factory=list)
    begin_at: list[datetime] = field(default_factory=list)
    """When each of those that are queued may be called at the earliest."""

    def add(self, customer_id: int, decision: Decision, begin_at: datetime) -> None:
        """Count one more borrower in."""
        self.customer_ids.append(customer_id)
        if self.queued:
            self.begin_at.append(begin_at)
        if decision.not_before:
            self.not_before = min(self.not_before or decision.not_before, decision.not_before)


@dataclass(frozen=True, slots=True)
class Queued:
    """Who stands in the queue already."""

    customer_ids: set[int]
    phone_numbers: set[str]

    def add(self, others: "Queued") -> None:
        """Count others in."""
        self.customer_ids.update(others.customer_ids)
        self.phone_numbers.update(others.phone_numbers)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request for calls."""

    campaign_id: int
    """0 when nobody was queued."""
    outcomes: Sequence[Outcome]


class DialQueue(Protocol):
    """The queue of calls, within one transaction of whoever asks."""

    async def answered(self, asked: CallsAsked) -> Answer | None:
        """Return what this request was answered before; `AlreadyExists` when its key was used for another."""

    async def resolve(self, asked: CallsAsked) -> list[int]:
        """Return the borrowers that are asked for, in order."""

    async def facts(self, customer_ids: Sequence[int], at: datetime) -> Mapping[int, Facts]:
        """Return what the rules look at; who is not on record is left out."""

    async def queued(self, phone_numbers: Sequence[str]) -> Queued:
        """Return which of these phones stand in the queue already, and for whose loans."""

    async def queue(self, asked: CallsAsked, outcomes: Sequence[Outcome], now: datetime) -> Answer:
        """Put those that are to be queued into the queue as one campaign, and remember the answer."""


class Campaigns(Protocol):
    """Campaigns on record."""

    async def get(self, campaign_id: int) -> Campaign:
        """Return one campaign; `NotFound`."""

    async def steer(self, campaign_id: int, to: CampaignState, requested_by: str) -> Campaign:
        """Let a campaign run, pause it or cancel it; `NotFound`, `WrongState` when it has ended."""

    async def list(self, *, before: int | None, limit: int) -> list[Campaign]:
        """Return campaigns with ids below `before`, newest first."""


def _check_count(asked: CallsAsked, count: int) -> None:
    """Refuse in the words of whoever filtered, or of whoever named borrowers one by one."""
    if asked.matching is None and not 1 <= count <= MAX_CUSTOMERS:
        raise InvalidInput(f"1 to {MAX_CUSTOMERS} customers", "customer_ids")
    if not count:
        raise InvalidInput("nobody matches")
    if count > MAX_CUSTOMERS:
        raise InvalidInput(f"more than {MAX_CUSTOMERS:,} match, the most that are queued at once: filter them further")


async def queue_calls(asked: CallsAsked, queue: DialQueue, policy: Policy, now: Now) -> Answer:
    """Queue calls, or with `dry_run` only tell what would happen."""
    if not asked.dry_run and (before := await queue.answered(asked)):
        return before
    customer_ids = await queue.resolve(asked)
    _check_count(asked, len(customer_ids))
    at = now()
    outcomes: dict[str, Outcome] = {}
    queued = Queued(set(), set())
    for start in range(0, len(customer_ids), AT_ONCE):
        some = customer_ids[start : start + AT_ONCE]
        facts = await queue.facts(some, at)
        queued.add(await queue.queued([known.phone_number for known in facts.values()]))
        for customer_id in some:
            known = facts.get(customer_id)
            decision = NOBODY if known is None else _decide(at, customer_id, known, policy, queued)
            begin_at = policy.spread(decision.not_before, customer_id) if decision.not_before else at
            _outcome(outcomes, decision).add(customer_id, decision, begin_at)
    ordered = sorted(outcomes.values(), key=lambda one: (not one.queued, -len(one.customer_ids), one.code))
    if asked.dry_run or not any(one.queued for one in ordered):
        return Answer(0, ordered)
    return await queue.queue(asked, ordered, at)


def _outcome(outcomes: dict[str, Outcome], decision: Decision) -> Outcome:
    if decision.code not in outcomes:
        goes_in = decision.allowed or decision.waits
        outcomes[decision.code] = Outcome(decision.code, decision.message, goes_in)
    return outcomes[decision.code]


def _decide(at: datetime, customer_id: int, known: Facts, policy: Policy, queued: Queued) -> Decision:
    """Say what becomes of one borrower, and count those who go in among those `queued`."""
    decision = may_dial(at, known, policy)
    if known.in_call and known.call_status is not CallStatus.READY:
        return Decision(decision.code, decision.message)  # that call is this one: another would be a second
    if not (decision.allowed or decision.waits):
        return decision
    if customer_id in queued.customer_ids:
        return QUEUED_BEFORE
    if known.in_call or known.phone_number in queued.phone_numbers:
        # One after the other: the queue asks the rules again, which look at all loans of the phone.
        after = (decision.not_before or at) + (timedelta(0) if known.in_call else AGAIN)
        decision = Decision("SAME_PHONE", "waits for another loan of the same phone", after)
    queued.customer_ids.add(customer_id)
    queued.phone_numbers.add(known.phone_number)
    return decision


def to_json(answer: Answer) -> str:
    """Write an answer down, so that the same request gets it again."""
    return json.dumps(
        {
            "campaign_id": answer.campaign_id,
            "outcomes": [
                [
                    *(one.code, one.message, one.queued),
                    one.not_before.isoformat() if one.not_before else None,
                    one.customer_ids,
                ]
                for one in answer.outcomes
            ],
        }
    )


def from_json(text: str) -> Answer:
    """Read what `to_json` wrote."""
    kept = json.loads(text)
    outcomes = [
        Outcome(code, message, queued, datetime.fromisoformat(at) if at else None, ids)
        for code, message, queued, at, ids in kept["outcomes"]
    ]
    return Answer(kept["campaign_id"], outcomes)
