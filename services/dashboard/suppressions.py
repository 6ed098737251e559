"""What the dashboard knows of suppressions: why and for how long a borrower is not called."""

from datetime import datetime
from enum import StrEnum

from services.dashboard.model import Value


class SuppressionKind(StrEnum):
    """Why; those that a person may set."""

    DNC = "DNC"
    WN = "WN"
    INVALID = "INVALID"
    PAID = "PAID"
    DISP = "DISP"
    FRAUD = "FRAUD"
    HARD = "HARD"
    DECD = "DECD"
    VULN = "VULN"
    COMPL = "COMPL"
    REC_OBJECT = "REC_OBJECT"
    LANG = "LANG"
    RTP = "RTP"
    PTP = "PTP"
    QUIET_UNTIL = "QUIET_UNTIL"
    LEGAL = "LEGAL"
    BEREAVEMENT = "BEREAVEMENT"
    NUMBER_REVOKED = "NUMBER_REVOKED"


class SuppressionScope(StrEnum):
    """What is held."""

    LOAN = "loan"
    PHONE = "phone"
    LOAN_ON_PHONE = "loan_on_phone"


class Suppression(Value):
    """Why and for how long a borrower is not called."""

    id: int
    kind: str
    """A `SuppressionKind`, or what only calls set, such as CALLBACK."""
    scope: SuppressionScope
    set_by: str
    """bot, carrier, reaper, or the person."""
    call_id: str
    """The call that it came of; empty when a person set it."""
    since: datetime
    until: datetime | None
    """Absent when it holds until a person lifts it."""
    note: str
    active: bool
    """True when it holds now."""
    lifted_by: str
    """Empty when nobody did."""
    lifted_at: datetime | None
    lift_note: str


class Suppressions(Value):
    """What holds, or held, a borrower's calls; the newest first."""

    suppressions: list[Suppression]
    next_page_token: str
    """Where to go on; empty when this was the last page."""


class Hold(Value):
    """Somebody holds a borrower's calls."""

    customer_id: int
    kind: SuppressionKind
    until: datetime | None
    note: str
    requested_by: str
