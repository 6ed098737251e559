"""What all calls of the process work with."""

from dataclasses import dataclass

from services.telephony.pacer import Pacer
from services.telephony.ports import Dialog, Speech
from services.telephony.voice import Fallbacks


@dataclass(frozen=True, slots=True)
class Parts:
    """What sessions work with; shared by all calls of the process."""

    speech: Speech
    dialog: Dialog
    pacer: Pacer
    fallbacks: Fallbacks
    out_chunk_ms: int = 100
    """Length of one message of sound; a multiple of 20."""
    time_limit: float = 465.0
    """Seconds after which the call is ended; a little less than the carrier's own limit."""
