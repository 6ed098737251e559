"""The record in memory: what Postgres does for the customers service, for tests whose clock is virtual.

`tests/contracts/test_records.py` holds both to the same, but for who must not be called: here everybody may be.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from services.customers.model import (
    Call,
    CallFilter,
    CallRecord,
    CallStatus,
    Customer,
    Direction,
    Event,
    FactsTold,
    StatusTold,
    StatusUpdate,
    Turn,
    Verdict,
)
from services.customers.ports import Begun
from voicekit.errors import AlreadyExists, NotFound, ProviderDown, WrongState

FINAL: Final = frozenset({CallStatus.COMPLETED, CallStatus.FAILED, CallStatus.NOT_PICKED})
_MOVES: Final[Mapping[CallStatus, frozenset[CallStatus]]] = {
    CallStatus.INITIATED: FINAL | {CallStatus.RINGING, CallStatus.IN_PROGRESS},
    CallStatus.RINGING: FINAL | {CallStatus.IN_PROGRESS},
    CallStatus.IN_PROGRESS: frozenset({CallStatus.AGENT_TRANSFER, CallStatus.COMPLETED, CallStatus.FAILED}),
    CallStatus.AGENT_TRANSFER: frozenset({CallStatus.COMPLETED, CallStatus.FAILED}),
}


class MemoryCustomers:
    """Answers what calls ask of the port `Customers`."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._customers: dict[int, Customer] = {}

    def add(self, customer: Customer) -> Customer:
        """Put a borrower on record under an id of its own."""
        added = replace(customer, id=len(self._customers) + 1, updated_at=self._now())
        self._customers[added.id] = added
        return added

    def change(self, customer_id: int, **changes: object) -> None:
        now = self._customers[customer_id]
        self._customers[customer_id] = replace(now, version=now.version + 1, updated_at=self._now(), **changes)  # type: ignore[arg-type]  # fields by name

    async def get(self, customer_id: int) -> Customer:
        if customer_id not in self._customers:
            raise NotFound("there is no such customer")
        return self._customers[customer_id]

    async def find_by_phone(self, phone_number: str) -> Customer:
        for customer in reversed(self._customers.values()):
            if customer.phone_number == phone_number:
                return customer
        raise NotFound("nobody has this phone number")


@dataclass
class _Attempt:
    call: Call
    turns: dict[int, Turn] = field(default_factory=dict)
    history: list[StatusUpdate] = field(default_factory=list)
    facts: list[tuple[datetime, FactsTold]] = field(default_factory=list)
    keys: set[tuple[type, str]] = field(default_factory=set)


class MemoryCalls:
    """Answers the port `Calls`."""

    def __init__(self, customers: MemoryCustomers, now: Callable[[], datetime]) -> None:
        self._customers, self._now = customers, now
        self._attempts: dict[str, _Attempt] = {}
        self._requests: dict[str, _Attempt] = {}
        self.away = False
        """Whether the database does not answer."""

    @property
    def all(self) -> Sequence[CallRecord]:
        """All calls, the oldest first."""
        return [_whole(attempt) for attempt in self._attempts.values()]

    async def begin(self, request_id: str, customer_id: int) -> Begun:
        customer = await self._customers.get(customer_id)
        if known := self._requests.get(request_id):
            if known.call.customer_id != customer_id:
                raise AlreadyExists("this request_id began a call with another customer")
            return Begun(known.call, customer)
        if any(call.phone_number == customer.phone_number and call.status not in FINAL for call in self._calls()):
            raise WrongState("the customer, or somebody with the same phone, is in a call")
        if customer.call_status is not CallStatus.READY:
            raise WrongState("called already, and not made ready again")
        attempt = self._begin(customer, Direction.OUTBOUND, CallStatus.INITIATED, "")
        self._requests[request_id] = attempt
        return Begun(attempt.call, customer)

    async def begin_inbound(self, call_sid: str, customer_id: int) -> Begun:
        customer = await self._customers.get(customer_id)
        for call in self._calls():
            if call.call_sid == call_sid:
                if call.customer_id != customer_id or call.direction is not Direction.INBOUND:
                    raise AlreadyExists("this call_sid belongs to another call")
                return Begun(call, customer)
        return Begun(self._begin(customer, Direction.INBOUND, CallStatus.RINGING, call_sid).call, customer)

    async def record(self, call_id: str, events: Sequence[Event]) -> list[Verdict]:
        if self.away:
            raise ProviderDown("the database does not answer")
        if call_id not in self._attempts:
            raise NotFound("there is no such call")
        return [self._take(self._attempts[call_id], event) for event in events]

    async def get(self, call_id: str) -> CallRecord:
        for attempt in self._attempts.values():
            if call_id in (attempt.call.id, attempt.call.call_sid):
                return _whole(attempt)
        raise NotFound("there is no such call")

    async def list(self, which: CallFilter, *, before: tuple[str, str] | None, limit: int) -> list[Call]:
        return list(reversed(self._calls()))[:limit]

    def _calls(self) -> Sequence[Call]:
        return [attempt.call for attempt in self._attempts.values()]

    def _begin(self, customer: Customer, direction: Direction, status: CallStatus, call_sid: str) -> _Attempt:
        call = Call(
            id=str(uuid.UUID(int=len(self._attempts) + 1)),
            call_sid=call_sid,
            customer_id=customer.id,
            direction=direction,
            phone_number=customer.phone_number,
            status=status,
            reason="",
            disposition="",
            language_used="",
            verified=False,
            start_time=self._now(),
            answer_time=None,
            end_time=None,
        )
        attempt = self._attempts[call.id] = _Attempt(call)
        self._customers.change(customer.id, call_status=status)
        return attempt

    def _take(self, attempt: _Attempt, event: Event) -> Verdict:
        key = (type(event.what), event.key)
        if key in attempt.keys:
            return Verdict.DUPLICATE
        match event.what:
            case StatusTold() as told:
                verdict = self._take_status(attempt, event, told)
            case FactsTold() as facts:
                verdict = self._take_facts(attempt, event, facts)
            case Turn() as turn:
                verdict = Verdict.CONFLICT if turn.sequence in attempt.turns else Verdict.APPLIED
                attempt.turns.setdefault(turn.sequence, turn)
        if verdict is not Verdict.CONFLICT or isinstance(event.what, StatusTold):
            attempt.keys.add(key)
        return verdict

    def _take_status(self, attempt: _Attempt, event: Event, told: StatusTold) -> Verdict:
        verdict = _judge(attempt.call.status, told.status)
        applied = verdict is Verdict.APPLIED
        refusal = "" if applied else str(verdict)
        update = StatusUpdate(told.status, event.source, event.timestamp, told.reason, applied, refusal)
        attempt.history.append(update)
        if applied:
            final = told.status in FINAL
            answered = event.timestamp if told.status is CallStatus.IN_PROGRESS else attempt.call.answer_time
            attempt.call = replace(
                attempt.call,
                status=told.status,
                reason=told.reason if final else "",
                answer_time=answered,
                end_time=event.timestamp if final else None,
            )
            self._customers.change(attempt.call.customer_id, call_status=told.status)
        return verdict

    def _take_facts(self, attempt: _Attempt, event: Event, facts: FactsTold) -> Verdict:
        others = {call.call_sid for call in self._calls() if call.id != attempt.call.id}
        if facts.call_sid and (attempt.call.call_sid not in ("", facts.call_sid) or facts.call_sid in others):
            return Verdict.CONFLICT
        attempt.facts.append((event.timestamp, facts))
        told = [fact for _, fact in sorted(attempt.facts, key=lambda fact: fact[0])]
        attempt.call = replace(
            attempt.call,
            call_sid=attempt.call.call_sid or facts.call_sid,
            verified=any(fact.verified for fact in told),
            language_used=_latest(fact.language_used for fact in told),
            disposition=_latest(fact.disposition for fact in told),
        )
        if attempt.call.verified and attempt.call.language_used:
            self._customers.change(attempt.call.customer_id, language_code=attempt.call.language_used)
        return Verdict.APPLIED


def _judge(now: CallStatus, told: CallStatus) -> Verdict:
    if told is now:
        return Verdict.REPEATED
    if told in FINAL and now in FINAL:
        return Verdict.CONFLICT
    return Verdict.APPLIED if told in _MOVES.get(now, ()) else Verdict.ILLEGAL


def _latest(values: Iterable[str]) -> str:
    return next((value for value in reversed(list(values)) if value), "")


def _whole(attempt: _Attempt) -> CallRecord:
    return CallRecord(attempt.call, [attempt.turns[at] for at in sorted(attempt.turns)], list(attempt.history))
