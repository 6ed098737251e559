"""The outside of the dashboard, in memory; it behaves as the services that stand there."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
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
    LiveCall,
    Outcome,
    Page,
    Queued,
    StatusUpdate,
    Turn,
    TurnSaid,
    Upload,
    UploadResult,
    UploadsPage,
    Wanted,
)
from services.dashboard.ports import Forgotten
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
        "processed_count": 2,
        "total_rows": 2,
        "imported_rows": 2,
        "updated_rows": 0,
        "duplicate_rows": 0,
        "rejected_rows": 0,
        "lender_name": "Asha Finance",
        "failure": "",
    }
    return Upload.model_validate(values | changes)


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
        self.moves: list[tuple[int, CallStatus, str]] = []
        self.down = False
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

    async def list(self, which: CustomerFilter, page: Page) -> CustomersPage:
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

    async def list_uploads(self, page: Page) -> UploadsPage:
        begin = int(page.token or 0)
        token = str(begin + page.size) if len(self._record.files) > begin + page.size else ""
        return UploadsPage(uploads=self._record.files[begin : begin + page.size], next_page_token=token)

    async def import_file(self, filename: str, lender_name: str, pieces: AsyncIterator[bytes]) -> UploadResult:
        data = b"".join([piece async for piece in pieces])
        if self._record.refuse_upload:
            raise InvalidInput(self._record.refuse_upload)
        self._record.uploaded.append((filename, lender_name, data))
        rows = data.count(b"\n") - 1
        return UploadResult(
            upload_id=1,
            total_rows=rows,
            imported_rows=rows,
            updated_rows=0,
            duplicate_rows=0,
            rejected_rows=0,
            problems=[],
            already_imported=False,
            customer_ids=list(range(1, rows + 1)),
        )


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
    """The dial queue; borrowers with an even id wait for the morning, those above 100 want no calls."""

    def __init__(self) -> None:
        self.asked: list[Wanted] = []
        self.all_campaigns: dict[int, Campaign] = {}

    async def queue(self, wanted: Wanted) -> Queued:
        before = [one for one in self.asked if one.idempotency_key and one.idempotency_key == wanted.idempotency_key]
        if before and before[0] != wanted:
            raise AlreadyExists("this key was used for another request", "idempotency_key")
        if not before:
            self.asked.append(wanted)
        groups: dict[str, list[int]] = {"ALLOWED": [], "OUTSIDE_CALL_WINDOW": [], "DNC": []}
        for number in wanted.customer_ids or [1, 2, 3]:
            groups["DNC" if number > 100 else "ALLOWED" if number % 2 else "OUTSIDE_CALL_WINDOW"].append(number)
        outcomes = [
            Outcome(
                code=code,
                message=code.lower(),
                queued=code != "DNC",
                not_before=NOON if code == "OUTSIDE_CALL_WINDOW" else None,
                count=len(ids),
                customer_ids=ids,
            )
            for code, ids in groups.items()
            if ids
        ]
        return Queued(campaign_id=0 if wanted.dry_run else len(self.asked), outcomes=outcomes)

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


class Phone:
    """The calls that live."""

    def __init__(self) -> None:
        self.live: list[LiveCall] = []
        self.ended: list[str] = []
        self.down = False

    async def list_live(self) -> list[LiveCall]:
        if self.down:
            raise ProviderDown("telephony does not answer")
        return self.live

    async def end(self, call_id: str) -> None:
        if call_id not in [one.call_id for one in self.live]:
            raise NotFound("no such call lives")
        self.ended.append(call_id)


class Memory:
    """What stands in Redis: sign-ins, attempts, live pages. Nothing expires by itself."""

    def __init__(self) -> None:
        self.sign_ins: dict[str, Mapping[str, str]] = {}
        self.attempts: dict[str, int] = {}
        self.sockets: dict[str, Mapping[str, str]] = {}
        self.socket_gone = asyncio.Event()
        self.down = False

    async def put(self, key: str, fields: Mapping[str, str], seconds: int) -> None:
        self.sign_ins[key] = fields

    async def get(self, key: str, seconds: int) -> Mapping[str, str]:
        if self.down:
            raise ProviderDown("Redis does not answer")
        return self.sign_ins.get(key, {})

    async def delete(self, key: str) -> None:
        self.sign_ins.pop(key, None)

    async def count_attempt(self, key: str) -> int:
        self.attempts[key] = self.attempts.get(key, 0) + 1
        return self.attempts[key]

    async def create_websocket_session(self, websocket_id: str, fields: Mapping[str, str]) -> None:
        if self.down:
            raise ProviderDown("Redis does not answer")
        self.sockets[websocket_id] = fields

    async def delete_websocket_session(self, websocket_id: str) -> None:
        self.sockets.pop(websocket_id, None)
        self.socket_gone.set()
