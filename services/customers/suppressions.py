"""Holds that people set and lift, beside those that calls have learnt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from voicekit.errors import InvalidInput

MAX_NOTE: Final = 500


class Scope(StrEnum):
    """What a suppression holds."""

    LOAN = "loan"
    """This loan, on whatever phone."""
    PHONE = "phone"
    """This phone, for whatever loan."""
    LOAN_ON_PHONE = "loan_on_phone"
    """This loan on this phone: another phone may be right, and another borrower may own this one."""
    PERSON = "person"
    """Loan and phone each: two suppressions."""


KINDS: Final[Mapping[str, Scope]] = {
    "DNC": Scope.PERSON,
    "DECD": Scope.PERSON,
    "VULN": Scope.PERSON,
    "COMPL": Scope.PERSON,
    "REC_OBJECT": Scope.PERSON,
    "BEREAVEMENT": Scope.PERSON,
    "LEGAL": Scope.PERSON,
    "QUIET_UNTIL": Scope.PERSON,
    "WN": Scope.LOAN_ON_PHONE,
    "INVALID": Scope.PHONE,
    "NUMBER_REVOKED": Scope.PHONE,
    "PAID": Scope.LOAN,
    "DISP": Scope.LOAN,
    "FRAUD": Scope.LOAN,
    "HARD": Scope.LOAN,
    "RTP": Scope.LOAN,
    "PTP": Scope.LOAN,
    "LANG": Scope.LOAN,
}
"""What people may set, and what each usually holds; those that calls learn hold the same as in `dispositions`."""
_END_BY_THEMSELVES: Final = frozenset({"QUIET_UNTIL", "PTP"})
"""Kinds that are about some days, and make no sense without their end."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """Why and for how long a borrower is not called."""

    id: int
    kind: str
    scope: Scope
    set_by: str
    call_id: str
    """The call that it came of; empty when a person set it."""
    since: datetime
    until: datetime | None
    """None when it holds until a person lifts it."""
    note: str
    active: bool
    lifted_by: str
    lifted_at: datetime | None
    lift_note: str


@dataclass(frozen=True, slots=True)
class Hold:
    """What a person asks for."""

    customer_id: int
    kind: str
    scope: Scope
    until: datetime | None
    note: str
    requested_by: str


class Suppressions(Protocol):
    """The suppressions on record."""

    async def set(self, hold: Hold) -> Sequence[Suppression]:
        """Hold a borrower's calls, or lengthen what holds; `NotFound`, `WrongState` when it would be shortened."""

    async def lift(self, suppression_id: int, note: str, requested_by: str) -> Suppression:
        """Lift one; `NotFound`, `WrongState` when it no longer holds."""

    async def list(self, customer_id: int, *, ended: bool, before: int | None, limit: int) -> Sequence[Suppression]:
        """Return those of a borrower, by loan or by phone, with ids below `before`, newest first; `NotFound`."""


def check_hold(hold: Hold, now: datetime) -> Hold:
    """Return it when a person may set it; `InvalidInput` when not."""
    if hold.kind not in KINDS:
        raise InvalidInput(f"one of {', '.join(sorted(KINDS))}", "kind")
    if hold.kind in _END_BY_THEMSELVES and hold.until is None:
        raise InvalidInput(f"is needed for {hold.kind}", "until")
    if hold.until is not None and hold.until <= now:
        raise InvalidInput("is past", "until")
    if len(hold.note) > MAX_NOTE:
        raise InvalidInput(f"at most {MAX_NOTE} characters", "note")
    return hold
