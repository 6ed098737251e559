"""The outside of the dashboard, in memory; it behaves as the services that stand there."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from datetime import UTC, date, datetime, timedelta

from services.dashboard.model import (
    Action,
    Call,
    CallFilter,
    CallRecord,
    CallsPage,
    CallStatus,
    Campaign,
    CampaignsPage,
    CampaignState,
    Change,
    Counts,
    Customer,
    CustomerFilter,
    CustomersPage,
    Outcome,
    Page,
    Queued,
    Sort,
    StatusUpdate,
    Turn,
    TurnSaid,
    Wanted,
)
from services.dashboard.ports import BY_ID, Forgotten
from services.dashboard.suppressions import Suppression, SuppressionScope
from services.dashboard.uploads import (
    FileFormat,
    RejectedRow,
    RowProblem,
    Upload,
    UploadPhase,
)
from voicekit.errors import AlreadyExists, InvalidInput, NotFound, ProviderDown, WrongState

NOON = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
"""Noon in India."""


def customer(number: int = 1, **changes: object) -> Customer:
    values: dict[str, object] = {
        "id": number,
        "name": f"Asha Rao {number}",
        "phone_number": f"+91999990{number:04d}",
        "state": "Karnataka",
        "loan_id": f"LN-2026-{number:04d}",
        "lender_name": "Asha Finance",
        "amount_paise": 455050,
        "due_date": date(2026, 12, 5),
        "language_code": "kn-IN",
        "call_status": CallStatus.READY,
        "version": 1,
        "updated_at": NOON,
    }
    return Customer.model_validate(values | changes)


def call(name: str = "call-1", status: str = "in_progress", **changes: object) -> Call:
    values: dict[str, object] = {
        "call_id": name,
        "call_sid": f"sid-{name}",
        "customer_id": 1,
        "status": status,
        "reason": "",
        "disposition": "",
        "language_used": "kn-IN",
        "verified": False,
        "direction": "outbound",
        "start_time": NOON,
        "answer_time": NOON + timedelta(seconds=8),
        "end_time": None,
    }
    return Call.model_validate(values | changes)


def turn(sequence: int = 1, text: str = "Haan, boliye", **changes: object) -> Turn:
    values: dict[str, object] = {
        "sequence": sequence,
        "speaker": "borrower",
        "state": "ASKING_AGENT_CONNECT",
        "text": text,
        "language": "hi-IN",
        "intent": "yes",
        "decided_by": "lexicon",
        "started_ms": 100,
        "ended_ms": 900,
        "interrupted": False,
    }
    return Turn.model_validate(values | changes)


def upload(number: int = 1, **changes: object) -> Upload:
    values: dict[str, object] = {
        "id": number,
        "filename": "march.csv",
        "upload_time": NOON,
        "status": "completed",
        "phase": UploadPhase.DONE,
        "format": FileFormat.CSV,
        "processed_count": 2,
        "total_rows": 2,
        "checked_rows": 2,
        "written_rows": 2,
        "imported_rows": 2,
        "updated_rows": 0,
        "duplicate_rows": 0,
        "rejected_rows": 0,
        "kept_rejected_rows": 0,
        "warnings": 0,
        "ignored_columns": ["Zone"],
        "lender_name": "Asha Finance",
        "failure": "",
        "failure_code": "",
        "finish_time": NOON,
    }
    return Upload.model_validate(values | changes)


def problem(**changes: object) -> RowProblem:
    values: dict[str, object] = {
        "row": 3,
        "column": "phone",
        "code": "PHONE_NOT_MOBILE",
        "message": "This is no mobile number.",
        "warning": False,
        "value": "12345",
        "used": "",
    }
    return RowProblem.model_validate(values | changes)


def suppression(number: int = 1, **changes: object) -> Suppression:
    values: dict[str, object] = {
        "id": number,
        "kind": "DNC",
        "scope": SuppressionScope.PHONE,
        "set_by": "bot",
        "call_id": "call-1",
        "since": NOON,
        "until": None,
        "note": "",
        "active": True,
        "lifted_by": "",
        "lifted_at": None,
        "lift_note": "",
    }
    return Suppression.model_validate(values | changes)


def campaign(number: int = 1, state: str = "running") -> Campaign:
    counts = {"total": 9, "waiting": 4, "calling": 2, "done": 2, "dropped": 1}
    about = {"id": number, "state": state, "requested_by": "meera", "created_at": NOON}
    return Campaign.model_validate(about | counts)


class Record:
    """The borrowers and calls on record, with a feed of changes that can be cut."""

    def __init__(self) -> None:
        self.people: dict[int, Customer] = {}
        self.all_calls: dict[str, Call] = {}
        self.turns: dict[str, list[Turn]] = {}
        self.uploaded: list[tuple[str, str, bytes]] = []
        self.refuse_upload: str = ""
        self.files: list[Upload] = []
        self.steps: list[Upload | None] = []
        """What is told of an upload, in this order; None where the record ends."""
        self.columns = ["name", "phone"]
        self.rejected: list[RejectedRow] = []
        self.moves: list[tuple[int, CallStatus, str]] = []
        self.down = False
        self.sorted_by = BY_ID
        self.log: list[Change] = []
        self.first = 100
        self.forgotten = 0
        self._news = asyncio.Event()
        self._cut = asyncio.Event()

    def add_customers(self, count: int) -> None:
        for number in range(1, count + 1):
            self.people[number] = customer(number, call_status=list(CallStatus)[number % 8])

    def put(self, what: Customer | Call | TurnSaid) -> int:
        match what:
            case Customer():
                self.people[what.id] = what
            case Call():
                self.all_calls[what.call_id] = what
            case TurnSaid():
                self.turns.setdefault(what.call_id, []).append(what.turn)
        self.log.append(Change(number=self.last + 1, what=what))
        self._ring()
        return self.last

    @property
    def last(self) -> int:
        return self.log[-1].number if self.log else self.first

    def cut(self) -> None:
        """Break all streams off."""
        self._cut.set()
        self._cut = asyncio.Event()
        self._ring()

    def forget(self) -> None:
        """Keep no change of the past."""
        self.forgotten = self.last

    def _ring(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def watch(self, after: int) -> AsyncGenerator[Change, None]:
        if self.down:
            raise ProviderDown("the record does not answer")
        if after and after < self.forgotten:
            raise Forgotten
        cut, number = self._cut, after or self.last
        yield Change(number=number, what=None)
        while True:
            news = self._news
            for change in list(self.log):
                if change.number > number:
                    number = change.number
                    yield change
            if cut.is_set():
                raise ProviderDown("the stream broke off")
            await news.wait()


class Customers:
    """The borrowers, as a port."""

    def __init__(self, record: Record) -> None:
        self._record = record

    async def get(self, customer_id: int) -> Customer:
        if customer_id not in self._record.people:
            raise NotFound("nobody has this id")
        return self._record.people[customer_id]

    async def list(self, which: CustomerFilter, page: Page, sort: Sort = BY_ID) -> CustomersPage:
        self._record.sorted_by = sort
        if self._record.down:
            raise ProviderDown("the record does not answer")
        if page.token and not page.token.isdigit():
            raise InvalidInput("not a token of ours", "page_token")
        found = [
            person
            for person in self._record.people.values()
            if person.id > int(page.token or 0)
            and which.call_status in (None, person.call_status)
            and which.state in ("", person.state)
            and which.language_code in ("", person.language_code)
            and which.text.lower() in f"{person.name} {person.phone_number} {person.loan_id}".lower()
        ]
        more = len(found) > page.size
        found = found[: page.size]
        return CustomersPage(customers=found, next_page_token=str(found[-1].id) if more else "")

    async def count(self) -> Counts:
        return Counts(counts=Counter(person.call_status for person in self._record.people.values()))

    async def set_status(self, customer_id: int, status: CallStatus, *, version: int, requested_by: str) -> Customer:
        before = await self.get(customer_id)
        if version not in (0, before.version):
            raise WrongState("somebody has changed this borrower; look again")
        if (before.call_status, status) not in ((CallStatus.FAILED, CallStatus.READY),):
            raise WrongState("failed may become ready")
        self._record.moves.append((customer_id, status, requested_by))
        return before.model_copy(update={"call_status": status, "version": before.version + 1})


class Calls:
    """The calls, as a port."""

    def __init__(self, record: Record) -> None:
        self._record = record

    async def get(self, call_id: str) -> CallRecord:
        if call_id not in self._record.all_calls:
            raise NotFound("there is no such call")
        told = StatusUpdate(
            status=CallStatus.RINGING, source="carrier", timestamp=NOON, reason="", applied=True, refusal=""
        )
        turns = self._record.turns.get(call_id, [])
        return CallRecord(call=self._record.all_calls[call_id], turns=turns, history=[told])

    async def list(self, which: CallFilter, page: Page) -> CallsPage:
        if self._record.down:
            raise ProviderDown("the record does not answer")
        newest_first = sorted(self._record.all_calls.values(), key=lambda one: (one.start_time, one.call_id))[::-1]
        found = [
            one
            for one in newest_first
            if which.status in (None, one.status) and which.customer_id in (0, one.customer_id)
        ]
        begin = int(page.token or 0)
        token = str(begin + page.size) if len(found) > begin + page.size else ""
        return CallsPage(calls=found[begin : begin + page.size], next_page_token=token)

    def watch(self, after: int) -> AsyncGenerator[Change, None]:
        return self._record.watch(after)


class Dialing:
    """The dial queue; borrowers with an even id wait for the morning."""

    def __init__(self) -> None:
        self.refused = {101: "DNC", 102: "ALREADY_IN_CALL", 103: "ALREADY_QUEUED", 104: "NO_CUSTOMER"}
        """Who is not called, and the rule."""
        self.asked: list[Wanted] = []
        self.all_campaigns: dict[int, Campaign] = {}

    async def queue(self, wanted: Wanted) -> Queued:
        before = [one for one in self.asked if one.idempotency_key and one.idempotency_key == wanted.idempotency_key]
        if before and before[0] != wanted:
            raise AlreadyExists("this key was used for another request", "idempotency_key")
        if not before:
            self.asked.append(wanted)
        groups: dict[str, list[int]] = {}
        for number in wanted.customer_ids or [1, 2, 3]:
            groups.setdefault(self._code(number), []).append(number)
        outcomes = [
            Outcome(
                code=code,
                message=code.lower(),
                queued=code in ("ALLOWED", "OUTSIDE_CALL_WINDOW"),
                not_before=NOON if code == "OUTSIDE_CALL_WINDOW" else None,
                count=len(ids),
                customer_ids=ids,
            )
            for code, ids in groups.items()
        ]
        queued = any(one.queued for one in outcomes) and not wanted.dry_run
        return Queued(campaign_id=len(self.asked) if queued else 0, outcomes=outcomes)

    def _code(self, number: int) -> str:
        if number in self.refused:
            return self.refused[number]
        return "ALLOWED" if number % 2 else "OUTSIDE_CALL_WINDOW"

    async def campaign(self, campaign_id: int) -> Campaign:
        if campaign_id not in self.all_campaigns:
            raise NotFound("there is no such campaign")
        return self.all_campaigns[campaign_id]

    async def campaigns(self, page: Page) -> CampaignsPage:
        return CampaignsPage(campaigns=list(self.all_campaigns.values())[: page.size], next_page_token="")

    async def control(self, campaign_id: int, action: Action, requested_by: str) -> Campaign:
        if campaign_id not in self.all_campaigns:
            raise NotFound("there is no such campaign")
        if self.all_campaigns[campaign_id].state is CampaignState.CANCELLED:
            raise WrongState("it has ended")
        states = {Action.PAUSE: CampaignState.PAUSED, Action.CANCEL: CampaignState.CANCELLED}
        changed = {"state": states.get(action, CampaignState.RUNNING), "requested_by": requested_by}
        self.all_campaigns[campaign_id] = self.all_campaigns[campaign_id].model_copy(update=changed)
        return self.all_campaigns[campaign_id]
