"""Status callbacks: composed as the variant says, retried until the service accepts them."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from emulators.exotel.call import Call
from emulators.exotel.clock import Clock
from emulators.exotel.numbers import written
from emulators.exotel.variant import Variant
from emulators.exotel.webhooks import Answer, Webhooks

ACKNOWLEDGE_S: Final = 15.0
_SLOW_S: Final = 1.0
_MINIMAL: Final = ("CallSid", "DateUpdated", "Status", "RecordingUrl")


@dataclass(slots=True)
class CallbackHabits:
    """How reliably callbacks come; change it at any time."""

    retry_delays_s: Sequence[float] = (300.0, 900.0)
    """Pauses before a callback that was not accepted is sent again."""
    terminal_delay_s: float = 1.5
    answered_delay_s: float = 0.2
    lose: frozenset[str] = frozenset()
    """Events (`answered`, `terminal`) that never come."""
    repeat: int = 1
    """How often each callback is sent, accepted or not."""


class Callbacks:
    """Sends status callbacks and judges the answers."""

    def __init__(self, webhooks: Webhooks, clock: Clock, variant: Variant, habits: CallbackHabits) -> None:
        self._webhooks = webhooks
        self._clock = clock
        self._variant = variant
        self._habits = habits

    async def report(self, call: Call, event: str) -> None:
        """Tell the service of `answered` or `terminal`, if it asked for it; return once accepted or given up."""
        request = call.request
        extended = self._variant.callback_extended and bool(request.callback_events)
        wanted = event in request.callback_events if extended else event == "terminal"
        if not request.status_callback or not wanted or event in self._habits.lose:
            return
        fields = self.compose(call, event, extended=extended)
        await asyncio.sleep(self._habits.terminal_delay_s if event == "terminal" else self._habits.answered_delay_s)
        for _ in range(self._habits.repeat):
            await self._insist(call, event, fields)

    def compose(self, call: Call, event: str, *, extended: bool = True) -> dict[str, object]:
        """Build the fields of a callback as the call stands now."""
        request, answered = call.request, call.answered_at is not None
        ended = call.ended_at or self._clock.now()
        on_call_s = round(ended - call.answered_at) if call.answered_at is not None else 0
        fields: dict[str, object] = {
            "CallSid": call.sid,
            "EventType": event,
            "DateCreated": self._clock.stamp(call.began),
            "DateUpdated": self._clock.stamp(),
            "Status": "in-progress" if event == "answered" else call.status,
            "Direction": "inbound" if request.direction == "incoming" else request.direction,
            "From": written(request.customer, self._variant),
            "To": written(request.exophone, self._variant),
            "PhoneNumberSid": written(request.exophone, self._variant),
            "StartTime": self._clock.stamp(call.began),
            "EndTime": self._clock.stamp(ended) if event == "terminal" else None,
            "ConversationDuration": 0,
            "RecordingUrl": None,
            "Legs": [
                {
                    "OnCallDuration": on_call_s,
                    "Status": call.status if event == "terminal" else "in-progress",
                    "AnsweredBy": "NA" if answered else None,
                }
            ],
        }
        if self._variant.custom_field and request.custom_field:
            fields["CustomField"] = request.custom_field
        return fields if extended else {name: fields[name] for name in _MINIMAL}

    async def send(self, url: str, fields: Mapping[str, object], content_type: str = "") -> Answer:
        """Send one callback once, whatever its fields are; a test forges one with this."""
        encoding = self._variant.callback_encoding
        if encoding == "requested":
            encoding = "json" if content_type == "application/json" else "multipart"
        if encoding == "json":
            return await self._webhooks.post_json(url, fields, timeout_s=ACKNOWLEDGE_S)
        form = dict(_flat(fields))
        if encoding == "multipart":
            return await self._webhooks.post_multipart(url, form, timeout_s=ACKNOWLEDGE_S)
        return await self._webhooks.post_form(url, form, timeout_s=ACKNOWLEDGE_S)

    async def _insist(self, call: Call, event: str, fields: Mapping[str, object]) -> None:
        for delay_s in (*self._habits.retry_delays_s, None):
            answer = await self.send(call.request.status_callback, fields, call.request.callback_content_type)
            now = self._clock.now() - call.began
            call.note("callback_sent", event_type=event, answer=answer.status)
            if not answer.accepted:
                call.findings.add("callback-status", now, f"{event}: {answer.status} {answer.error}".strip())
            if answer.seconds > _SLOW_S:
                call.findings.add("slow-callback", now, f"{answer.seconds:.1f} s")
            if answer.accepted or delay_s is None:
                return
            await asyncio.sleep(delay_s)


def _flat(fields: Mapping[str, object]) -> list[tuple[str, str]]:
    """Flatten to form fields: `Legs[0][Status]=...`; null becomes the empty string."""
    flat = []
    for name, value in fields.items():
        if isinstance(value, list):
            for index, item in enumerate(value):
                flat += [(f"{name}[{index}][{key}]", "" if part is None else str(part)) for key, part in item.items()]
        elif isinstance(value, dict):
            flat.append((name, json.dumps(value)))
        else:
            flat.append((name, "" if value is None else str(value)))
    return flat
