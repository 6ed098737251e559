"""The messages of one stream, in the spelling of a variant."""

import base64
from collections.abc import Mapping

from emulators.exotel.call import Call
from emulators.exotel.numbers import written
from emulators.exotel.variant import Variant

Message = dict[str, object]

_CAMEL = {"stream_sid": "streamSid", "call_sid": "callSid", "account_sid": "accountSid"}


class Wire:
    """Builds what the provider sends, and counts sequence numbers."""

    def __init__(self, stream_sid: str, call: Call, rate_hz: int, query: Mapping[str, str], variant: Variant) -> None:
        self._sid = stream_sid
        self._call = call
        self._rate_hz = rate_hz
        self._query = query
        self._variant = variant
        self._sequence = 0
        self._chunk = 0

    def start(self) -> Message:
        """Build the first numbered message."""
        request = self._call.request
        start = self._ids(call_sid=self._call.sid, account_sid=self._call.account, stream_sid=self._sid) | {
            "from": written(request.customer, self._variant),
            "to": written(request.exophone, self._variant),
            "media_format": {
                "encoding": self._variant.encoding,
                "sample_rate": self._rate(),
                "bit_rate": "128",
            },
        }
        match self._variant.custom_parameters:
            case "object":
                start["custom_parameters"] = dict(self._query)
            case "empty":
                start["custom_parameters"] = ""
            case "null":
                start["custom_parameters"] = None
        return self._numbered("start", start)

    def media(self, pcm: bytes, ms: int) -> Message:
        """Build one message of the caller's voice, `ms` after the stream began."""
        self._chunk += 1
        chunk = str(self._chunk) if self._variant.chunk == "string" else self._chunk
        payload = base64.b64encode(pcm).decode()
        return self._numbered("media", {"chunk": chunk, "timestamp": str(ms), "payload": payload})

    def dtmf(self, digit: str, *, flat: bool) -> Message:
        """Build one key press."""
        if flat:
            return self._numbered("dtmf", None) | {"digit": digit, "duration": "120"}
        return self._numbered("dtmf", {"digit": digit, "duration": "120"})

    def mark(self, name: str) -> Message:
        """Build the echo of a mark."""
        return self._numbered("mark", {"name": name})

    def stop(self, reason: str) -> Message:
        """Build the last message; the reason is `callended` or `stopped`."""
        return self._numbered(
            "stop", self._ids(call_sid=self._call.sid, account_sid=self._call.account) | {"reason": reason}
        )

    def _numbered(self, event: str, body: Message | None) -> Message:
        self._sequence += 1
        number = str(self._sequence) if self._variant.numbers == "string" else self._sequence
        message = {"event": event, "sequence_number": number} | self._ids(stream_sid=self._sid)
        return message if body is None else message | {event: body}

    def _ids(self, **ids: str) -> Message:
        camel = self._variant.ids == "camel"
        return {_CAMEL[name] if camel else name: value for name, value in ids.items()}

    def _rate(self) -> str | int:
        match self._variant.sample_rate_form:
            case "int":
                return self._rate_hz
            case "hz":
                return f"{self._rate_hz}Hz"
            case _:
                return str(self._rate_hz)
