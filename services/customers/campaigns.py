"""Queueing calls: who is asked for, what the rules say of each, and who goes into the queue."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from services.customers.may_dial import Decision, Facts, Policy, may_dial
from services.customers.model import CustomerFilter
from voicekit.clock import Now
from voicekit.errors import InvalidInput

MAX_CUSTOMERS: Final = 100_000
NOBODY: Final = Decision("NO_CUSTOMER", "there is no such customer")
QUEUED_BEFORE: Final = Decision("ALREADY_QUEUED", "the customer, or somebody with the same phone, is in the queue")
_NOT_QUEUED: Final = ("ALREADY_IN_CALL",)
"""Rules that end by themselves soon, but whose calls are queued already: queueing another would be a duplicate."""


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

    async def queued_phones(self, phone_numbers: Sequence[str]) -> set[str]:
        """Return which of these phones stand in the queue already."""

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


async def queue_calls(asked: CallsAsked, queue: DialQueue, policy: Policy, now: Now) -> Answer:
    """Queue calls, or with `dry_run` only tell what would happen."""
    if not asked.dry_run and (before := await queue.answered(asked)):
        return before
    customer_ids = await queue.resolve(asked)
    if not 1 <= len(customer_ids) <= MAX_CUSTOMERS:
        raise InvalidInput(f"1 to {MAX_CUSTOMERS} customers", "customer_ids")
    at = now()
    facts = await queue.facts(customer_ids, at)
    taken = await queue.queued_phones([known.phone_number for known in facts.values()])
    outcomes: dict[str, Outcome] = {}
    for customer_id in customer_ids:
        known = facts.get(customer_id)
        decision = NOBODY if known is None else _decide(at, known, policy, taken)
        outcome = outcomes.setdefault(decision.code, Outcome(decision.code, decision.message, _is_queued(decision)))
        outcome.customer_ids.append(customer_id)
        if outcome.queued and decision.not_before:
            outcome.not_before = min(outcome.not_before or decision.not_before, decision.not_before)
    ordered = sorted(outcomes.values(), key=lambda one: (not one.queued, -len(one.customer_ids), one.code))
    if asked.dry_run or not any(one.queued for one in ordered):
        return Answer(0, ordered)
    return await queue.queue(asked, ordered, at)


def _decide(at: datetime, known: Facts, policy: Policy, taken: set[str]) -> Decision:
    decision = may_dial(at, known, policy)
    if not _is_queued(decision):
        return decision
    if known.phone_number in taken:
        return QUEUED_BEFORE
    taken.add(known.phone_number)  # another loan of the same person waits for another day
    return decision


def _is_queued(decision: Decision) -> bool:
    return decision.allowed or (decision.waits and decision.code not in _NOT_QUEUED)


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
