"""How a conversation ended, in the words of the record."""

from typing import Final

from services.telephony.model import Ending, Next, Reason, Status, Turn

_REASONS: Final = {
    "SILENT": Reason.NO_RESPONSE,
    "WN": Reason.WRONG_PERSON,
    "TPC": Reason.WRONG_PERSON,
    "MACHINE": Reason.VOICEMAIL,
}
"""What the end of a conversation is called in which the borrower was not spoken to, by what was achieved."""


def led_to_its_end(turn: Turn | None) -> Ending:
    """Tell how a conversation ended that dialog has led to its end; `turn` was its last."""
    disposition = turn.facts.disposition if turn else ""
    return Ending(Status.COMPLETED, _REASONS.get(disposition, Reason.CONVERSATION_DONE))


def hung_up(ending: Ending, turn: Turn | None, *, spoke: bool) -> Ending:
    """Tell a hang-up after the last line from one in the middle, and from one before the borrower `spoke`."""
    if turn and turn.next is Next.HANG_UP:
        return led_to_its_end(turn)
    return ending if spoke else Ending(Status.COMPLETED, Reason.HUNG_UP_EARLY)
