"""What a call tells the record of what was said."""

import pytest

from services.telephony.journal import Journal
from services.telephony.model import Understanding
from services.telephony.recorder import Recorder
from tests.telephony.fakes import FakeCustomers, loop_clock

pytestmark = pytest.mark.virtual_time


async def test_cards_and_codes_are_not_told_to_the_record() -> None:
    customers = FakeCustomers()
    recorder = Recorder(customers)
    journal = Journal(recorder, "call-1", loop_clock)
    journal.they_said("PLAYING_EMI_PART1", "मेरा कार्ड 4111 1111 1111 1111, ओटीपी चार आठ दो नौ", "hi-IN", 0, 900)
    journal.understood(Understanding("unclear", "hi-IN", "none"))
    journal.they_said("PLAYING_EMI_PART1", "my aadhaar is 2341 2341 2346", "en-IN", 1000, 1900)
    journal.close()
    await recorder.drain(5)
    assert [turn.text for turn in customers.turns("call-1")] == [
        "मेरा कार्ड [hidden], ओटीपी [hidden]",
        "my aadhaar is [hidden]",
    ]
