"""May this borrower be called now? One function answers, for the dry run, for the queue and for the attempt itself.

Whoever is about to ask the carrier asks here immediately before. Nothing overrides the answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final

from services.customers.model import CallStatus
from services.customers.quiet_days import QuietDays
from voicekit.clock import INDIA
from voicekit.errors import InvalidInput, WrongState

LAWFUL: Final = (time(8), time(19))
"""Hours of calls about loans, RBI/2022-23/108."""
LAWFUL_MICROFINANCE: Final = (time(9), time(18))
"""Hours of calls about microfinance loans."""
ALLOWED: Final = "ALLOWED"
_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)
AGAIN: Final = timedelta(minutes=5)
"""After how long to ask again when somebody with the same phone is in a call."""
_LATER: Final = timedelta(hours=3)
"""After how long to call who asked for another time and named none: in another part of the day."""
_GOLDEN: Final = 0.6180339887498949
"""Whole numbers times this fall evenly between two whole numbers, however many there are."""
_LONGEST_QUIET: Final = 60
"""Quiet days in a row that nobody can mean."""


@dataclass(frozen=True, slots=True)
class Policy:
    """When and how often borrowers are called. `InvalidInput` for hours that are wider than the law's."""

    opens: time = LAWFUL[0]
    """India's time; the first call of a day begins no earlier."""
    closes: time = LAWFUL[1]
    """India's time; no call begins then or later."""
    microfinance: bool = False
    """True when the loans are microfinance: their hours are shorter."""
    guard: timedelta = timedelta(minutes=10)
    """How long before `closes` the last call begins, so that it ends in time."""
    per_day: int = 3
    """Attempts for one person on one day of India's calendar, over all loans."""
    per_week: int = 7
    """Attempts for one person in any seven days, over all loans."""
    max_age_due: timedelta = timedelta(hours=72)
    """How old the lender's word may be before the due date and on it."""
    max_age_overdue: timedelta = timedelta(hours=24)
    """How old it may be after the due date, when a payment may have come."""
    one_talk_a_day: bool = True
    """Whether a person who was spoken with to the end is left alone until the next day."""
    quiet_days: QuietDays = field(default_factory=QuietDays)
    """Days on which nobody is called."""
    jitter: timedelta = timedelta(minutes=10)
    """Over how long after an opening the calls that waited for it are spread."""

    def __post_init__(self) -> None:
        earliest, latest = LAWFUL_MICROFINANCE if self.microfinance else LAWFUL
        # Kept within, not refused, where nothing was asked: microfinance narrows the usual hours.
        if self.microfinance and (self.opens, self.closes) == LAWFUL:
            object.__setattr__(self, "opens", earliest)
            object.__setattr__(self, "closes", latest)
        if self.opens < earliest or self.closes > latest:
            raise InvalidInput(f"may only be narrower than {earliest:%H:%M}-{latest:%H:%M}", "CALL_HOURS")
        if self.guard < timedelta(0):
            raise InvalidInput("is not negative", "CALL_GUARD_MINUTES")
        if _on(date.min, self.opens) + self.guard >= _on(date.min, self.closes):
            raise InvalidInput("leaves no time to call", "CALL_HOURS")

    def next_opening(self, at: datetime, state: str = "") -> datetime:
        """Return the first instant, from `at` itself on, when a call to `state` may begin."""
        first = at.astimezone(INDIA).date()
        for later in range(_LONGEST_QUIET):
            day = first + later * _DAY
            if not self.quiet_days.holds(day, state) and at < _on(day, self.closes) - self.guard:
                return max(at, _on(day, self.opens))
        raise InvalidInput(f"leaves no day to call in {_LONGEST_QUIET}", "CALL_QUIET_DAYS")

    def spread(self, at: datetime, number: int) -> datetime:
        """Return when to begin what waits until `at`: after an opening, each `number` has an instant of its own."""
        if at.astimezone(INDIA).time() != self.opens:
            return at
        return at + min(self.jitter, _on(date.min, self.closes) - self.guard - _on(date.min, self.opens)) * (
            number * _GOLDEN % 1
        )

    def callback_at(self, asked: datetime | None, now: datetime) -> datetime:
        """Return when to call a borrower who asked for `asked`, or only for later with None."""
        return self.next_opening(max(asked, now) if asked else now + _LATER)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules look at. A person is whoever shares the loan or the phone."""

    phone_number: str
    call_status: CallStatus
    due_date: date
    confirmed_at: datetime
    """When the lender last told about the loan."""
    state: str = ""
    """Where the borrower lives; empty when not known."""
    in_call: bool = False
    """Whether the person is in a call."""
    held_as: str = ""
    """Kind of the suppression that lasts longest, such as DNC; empty when none holds."""
    held_until: datetime | None = None
    """When that ends; None for never."""
    attempts: Sequence[datetime] = ()
    """When the person's attempts of the last seven days began; those in which nobody could be rung are left out."""
    talked_at: datetime | None = None
    """When the person was last spoken with to the end, without asking for another call; None for never."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to call, and why not."""

    code: str
    """`ALLOWED`, a rule's name such as `CAP_DAY`, or the kind of a suppression such as `DNC`."""
    message: str
    """The same in words."""
    not_before: datetime | None = None
    """When to ask again; None when waiting does not help. Never set when allowed."""

    @property
    def allowed(self) -> bool:
        """Whether to call."""
        return self.code == ALLOWED

    @property
    def waits(self) -> bool:
        """Whether waiting helps."""
        return self.not_before is not None


class MayNotDial(WrongState):
    """The rules refuse a call now."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(f"{decision.code}: {decision.message}")
        self.decision = decision


def may_dial(now: datetime, facts: Facts, policy: Policy) -> Decision:
    """Decide whether this borrower may be called at this instant. The gravest reason goes first."""
    return (
        _state_refuses(now, facts)
        or _suppression_refuses(facts, policy)
        or _age_refuses(now, facts, policy)
        or _caps_refuse(now, facts, policy)
        or _hours_refuse(now, facts, policy)
        or Decision(ALLOWED, "may be called")
    )


def _state_refuses(now: datetime, facts: Facts) -> Decision | None:
    if not facts.phone_number.startswith("+91"):
        return Decision("NUMBER_FOREIGN", "the number is not one of India, so its owner's hours are not known")
    if facts.in_call:
        words = "the customer, or somebody with the same phone, is in a call"
        return Decision("ALREADY_IN_CALL", words, now + AGAIN)
    if facts.call_status is not CallStatus.READY:
        return Decision("NOT_READY", "called already, and not made ready again")
    return None


def _suppression_refuses(facts: Facts, policy: Policy) -> Decision | None:
    if not facts.held_as:
        return None
    until = policy.next_opening(facts.held_until, facts.state) if facts.held_until else None
    return Decision(facts.held_as, "the customer must not be called", until)


def _age_refuses(now: datetime, facts: Facts, policy: Policy) -> Decision | None:
    overdue = now.astimezone(INDIA).date() > facts.due_date
    if now - facts.confirmed_at > (policy.max_age_overdue if overdue else policy.max_age_due):
        return Decision("DATA_STALE", "the lender's data are too old: upload them again")
    return None


def _caps_refuse(now: datetime, facts: Facts, policy: Policy) -> Decision | None:
    recent = sorted(at for at in facts.attempts if at > now - _WEEK)
    if len(recent) >= policy.per_week:
        free = recent[-policy.per_week] + _WEEK
        return Decision("CAP_WEEK", "called often enough in seven days", policy.next_opening(free, facts.state))
    today = now.astimezone(INDIA).date()
    tomorrow = _on(today + _DAY, time(0))
    if sum(at.astimezone(INDIA).date() == today for at in recent) >= policy.per_day:
        return Decision("CAP_DAY", "called often enough today", policy.next_opening(tomorrow, facts.state))
    if policy.one_talk_a_day and facts.talked_at and facts.talked_at.astimezone(INDIA).date() == today:
        return Decision("TALKED_TODAY", "has been spoken with today", policy.next_opening(tomorrow, facts.state))
    return None


def _hours_refuse(now: datetime, facts: Facts, policy: Policy) -> Decision | None:
    opening = policy.next_opening(now, facts.state)
    if opening == now:
        return None
    if policy.quiet_days.holds(now.astimezone(INDIA).date(), facts.state):
        return Decision("QUIET_DAY", "nobody is called on this day", opening)
    return Decision("OUTSIDE_CALL_WINDOW", "outside the hours of calls", opening)


def _on(day: date, at: time) -> datetime:
    return datetime.combine(day, at, INDIA)
