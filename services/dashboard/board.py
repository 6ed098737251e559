"""What the team sees at a glance: calls that live, the latest ones, and how many came to what today."""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, Literal

from services.dashboard.masking import hide_words
from services.dashboard.model import Call, Customer, LiveCall, Turn, TurnSaid, Value
from services.dashboard.statistics import Statistics, statistics
from voicekit.clock import INDIA, Now, utc_now

LATEST: Final = 50
KEEP_CALLS: Final = 10_000
KEEP_NAMES: Final = 20_000
STATISTICS_SECONDS: Final = 3.0


class Row(Value):
    """A call at a glance. The words in it are hidden; whoever may read them opens the call."""

    call: Call
    dialog_state: str = ""
    language: str = ""
    last_turn: Turn | None = None


class CustomerGlance(Value):
    """A borrower at a glance."""

    id: int
    name: str
    call_status: str
    version: int


class Snapshot(Value):
    """The present."""

    type: Literal["snapshot"] = "snapshot"
    number: int
    """What comes later has a higher number."""
    now: datetime
    """The server's clock, for durations."""
    feed_up: bool
    """False while the record does not answer: what is shown may be old."""
    live: list[Row]
    latest: list[Row]
    counts: dict[str, int]
    """Calls by status, begun since `counts_since`."""
    counts_since: datetime


class CallChange(Value):
    """A call has changed, or something was said in it."""

    type: Literal["call"] = "call"
    number: int
    row: Row
    counts: dict[str, int]
    counts_since: datetime


class CustomerChange(Value):
    """A borrower has changed."""

    type: Literal["customer"] = "customer"
    number: int
    customer: CustomerGlance


class Board:
    """The present, kept up to date by changes."""

    def __init__(self, now: Now, wall: Now = utc_now) -> None:
        """Take the clock that says which day it is, and the one that durations go by; they differ in simulations."""
        self._now, self._wall = now, wall
        self._rows: OrderedDict[str, Row] = OrderedDict()  # by start, oldest first
        self._names: OrderedDict[int, str] = OrderedDict()
        self._counts: Counter[str] = Counter()
        self._since = self._midnight()
        self._statistics: tuple[datetime, Statistics] | None = None
        self.feed_up = False
        """Whether the record answers."""

    def name(self, customer_id: int) -> str | None:
        """Return a borrower's name, where it is known."""
        return self._names.get(customer_id)

    def remember_name(self, customer_id: int, name: str) -> None:
        """Keep a borrower's name for later."""
        self._names[customer_id] = name
        self._names.move_to_end(customer_id)
        if len(self._names) > KEEP_NAMES:
            self._names.popitem(last=False)

    def replace(self, calls: Iterable[Call], live: Mapping[str, LiveCall], *, complete: bool) -> None:
        """Begin anew with `calls`, newest first; `complete` when they reach back to midnight."""
        oldest_first = list(calls)[::-1]
        self._rows.clear()
        for call in oldest_first:
            known = live.get(call.call_id)
            self._rows[call.call_id] = Row(
                call=call,
                dialog_state=known.dialog_state if known else "",
                language=call.language_used or (known.language if known else ""),
            )
        self._since = self._midnight()
        if not complete and oldest_first:
            self._since = max(self._since, oldest_first[0].start_time)
        self._count_anew()

    def apply(self, number: int, what: Customer | Call | TurnSaid) -> CallChange | CustomerChange | None:
        """Take a change in, and return what to tell about it; None when it is about nothing that is shown."""
        match what:
            case Customer():
                self.remember_name(what.id, what.name)
                glance = CustomerGlance(id=what.id, name=what.name, call_status=what.call_status, version=what.version)
                return CustomerChange(number=number, customer=glance)
            case Call():
                row = self._take_call(what)
            case TurnSaid():
                known = self._take_turn(what)
                if known is None:
                    return None
                row = known
        return CallChange(number=number, row=self._shown(row), counts=dict(+self._counts), counts_since=self._since)

    def snapshot(self, number: int) -> Snapshot:
        """Return the present."""
        self._turn_the_day()
        newest_first = [self._shown(row) for row in reversed(self._rows.values())]
        return Snapshot(
            number=number,
            now=self._wall(),
            feed_up=self.feed_up,
            live=[row for row in newest_first if row.call.status.lives],
            latest=newest_first[:LATEST],
            counts=dict(+self._counts),
            counts_since=self._since,
        )

    def statistics(self) -> Statistics:
        """Return what the calls of today came to; computed anew at most every few seconds."""
        self._turn_the_day()
        made = self._statistics
        if made is None or not 0 <= (self._now() - made[0]).total_seconds() < STATISTICS_SECONDS:
            made = self._now(), statistics((row.call for row in self._rows.values()), self._since)
            self._statistics = made
        return made[1]

    def _take_call(self, call: Call) -> Row:
        self._turn_the_day()
        before = self._rows.get(call.call_id)
        row = (before or Row(call=call)).model_copy(update={"call": call})
        if call.language_used:
            row = row.model_copy(update={"language": call.language_used})
        if before and before.call.start_time >= self._since:
            self._counts[before.call.status] -= 1
        if call.start_time >= self._since:
            self._counts[call.status] += 1
        self._rows[call.call_id] = row
        if len(self._rows) > KEEP_CALLS:
            self._rows.popitem(last=False)
        return row

    def _take_turn(self, said: TurnSaid) -> Row | None:
        before = self._rows.get(said.call_id)
        if before is None:
            return None
        if before.last_turn and before.last_turn.sequence > said.turn.sequence:
            return before
        hidden = said.turn.model_copy(update={"text": hide_words(said.turn.text)})
        told = {"last_turn": hidden, "dialog_state": said.turn.state, "language": said.turn.language or before.language}
        row = before.model_copy(update=told)
        self._rows[said.call_id] = row
        return row

    def _shown(self, row: Row) -> Row:
        call = row.call.model_copy(update={"customer_name": self._names.get(row.call.customer_id, "")})
        return row.model_copy(update={"call": call})

    def _midnight(self) -> datetime:
        return self._now().astimezone(INDIA).replace(hour=0, minute=0, second=0, microsecond=0)

    def _turn_the_day(self) -> None:
        if self._midnight() > self._since:
            self._since = self._midnight()
            self._count_anew()

    def _count_anew(self) -> None:
        rows = self._rows.values()
        self._counts = Counter(str(row.call.status) for row in rows if row.call.start_time >= self._since)
