"""What a call's narrator reads, besides what is heard and what dialog says."""

from dataclasses import dataclass
from typing import Final

from services.telephony.ears import EarsEvent
from services.telephony.mailbox import Elapsed
from services.telephony.mind import MindEvent
from services.telephony.model import Ending, KeyPressed, Reason, Status


@dataclass(frozen=True, slots=True)
class LineEnded:
    """The utterance `key` has been heard to its end: `heard_ms` milliseconds."""

    key: object
    heard_ms: int


@dataclass(frozen=True, slots=True)
class VoiceLost:
    """The utterance `key` could not be said to its end."""

    key: object


@dataclass(frozen=True, slots=True)
class Ended:
    """The line is gone. With `hung_up` the narrator finds the rich reason: it knows how far the call had come."""

    ending: Ending
    hung_up: bool = False


@dataclass(frozen=True, slots=True)
class Farewell:
    """Say goodbye without dialog, then end."""

    ending: Ending


Event = EarsEvent | MindEvent | KeyPressed | LineEnded | VoiceLost | Ended | Farewell | Elapsed

HUNG_UP: Final = Ended(Ending(Status.COMPLETED, Reason.HUNG_UP), hung_up=True)
"""The borrower rang off."""
MEDIA_LOST: Final = Ended(Ending(Status.FAILED, Reason.MEDIA_LOST))
"""The socket broke, or nothing comes through it any more."""
CARRIER_STOPPED: Final = Ended(Ending(Status.COMPLETED, Reason.CARRIER_STOPPED), hung_up=True)
"""The carrier ended the stream for a reason of its own, such as its time limit."""
DRAINED: Final = Farewell(Ending(Status.FAILED, Reason.DRAIN_TIMEOUT))
"""This process must end before the call does."""
AGENT_UNREACHABLE: Final = Farewell(Ending(Status.FAILED, Reason.AGENT_UNREACHABLE))
"""The carrier brings the borrower back: nobody took the call that was handed over."""
