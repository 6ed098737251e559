"""The events of calls that users know, as the log has them: who is spoken to is in none of them."""

import pytest
from structlog.testing import capture_logs

from services.telephony.model import DialogEvent, Understanding
from tests.telephony.fakes import turn
from tests.telephony.stage import stage

pytestmark = pytest.mark.virtual_time

WORDS = "तमिल में बोलिए"
CHANGES = (
    DialogEvent("LANGUAGE_DETECTED", {"language": "ta-IN", "reason": "requested"}),
    DialogEvent("LANGUAGE_SWITCH_DETECTED", {"from": "hi-IN", "to": "ta-IN", "reason": "requested"}),
    DialogEvent("GREETING_REPLAYED_NEW_LANG", {"language": "ta-IN"}),
)


async def test_what_dialog_tells_of_languages_is_an_event_with_its_fields_beside_the_call() -> None:
    understood = Understanding("change_language", "ta-IN", "lexicon")
    with capture_logs() as told:
        async with stage(turn(1, "Hello"), turn(2, "Vanakkam", events=CHANGES, understanding=understood)) as it:
            await it.hears("Hello")
            await it.says(WORDS)
            await it.hears("Vanakkam")
    of_the_call = {"call_id": "call-1", "customer_id": 7, "log_level": "info"}
    events = [line for line in told if str(line["event"]).isupper()]
    assert events == [
        {
            **{"event": "LANGUAGE_DETECTED", "language": "ta-IN", "reason": "requested"},
            **{"transcript": f"[{len(WORDS)} characters]", **of_the_call},
        },
        {"event": "LANGUAGE_SWITCH_DETECTED", "from": "hi-IN", "to": "ta-IN", "reason": "requested", **of_the_call},
        {"event": "GREETING_REPLAYED_NEW_LANG", "language": "ta-IN", **of_the_call},
    ]
    assert WORDS not in str(told)
