"""The carrier's socket messages: liberal in what is read, strict in what is sent.

Source: Exotel, "WebSocket protocol" and "Working with the Stream and Voicebot Applet".
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from voicekit.audio import FRAME_BYTES, SAMPLE_RATE, Resampler, ulaw_decode
from voicekit.errors import InvalidInput

RATES_HZ: Final = (8000, 16000, 24000)
MAX_PAYLOAD: Final = 100_000
"""Bytes of PCM in one message; what is longer is no message of the carrier's."""

_DIGITS: Final = frozenset("0123456789*#")
_MULAW: Final = re.compile(r"mu-?law|ulaw|pcmu", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Connected:
    """The socket is open; nothing may be sent yet."""


@dataclass(frozen=True, slots=True)
class Started:
    """The stream begins. Ids are opaque, at most 64 characters; texts are empty when they were not told."""

    stream_sid: str
    call_sid: str
    account_sid: str = ""
    from_number: str = ""
    to_number: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    rate_hz: int = SAMPLE_RATE
    mulaw: bool = False
    """True when the encoding says mu-law, which no documented stream of this kind has."""


@dataclass(frozen=True, slots=True)
class Media:
    """Sound of the line, as it came: perhaps an odd number of bytes."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Dtmf:
    """A key was pressed."""

    digit: str


@dataclass(frozen=True, slots=True)
class Mark:
    """What was sent before the mark of this name has been played."""

    name: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """The stream has ended; `reason` is "callended", "stopped" or whatever came."""

    reason: str


@dataclass(frozen=True, slots=True)
class Clear:
    """The carrier asks that nothing queued be played."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something else; `kind` is for the log, and holds nothing of the message but its type."""

    kind: str


Message = Connected | Started | Media | Dtmf | Mark | Stopped | Clear | Unknown


def parse(data: str | bytes) -> Message:  # noqa: PLR0911 -- one return a kind of message
    """Read one message, text or binary. Never raises: what makes no sense is `Unknown`."""
    try:
        message = orjson.loads(data)
    except orjson.JSONDecodeError:
        return Unknown("no_json")
    if not isinstance(message, dict):
        return Unknown("no_object")
    kind = _text(message, "event", "Event").lower()
    match kind:
        case "media":
            return _media(message)
        case "start":
            return _started(message)
        case "connected":
            return Connected()
        case "dtmf":
            digit = _text(_part(message, "dtmf"), "digit", "Digit") or _text(message, "digit", "Digit")
            return Dtmf(digit) if digit in _DIGITS else Unknown("dtmf")
        case "mark":
            return Mark(_text(_part(message, "mark"), "name", "Name") or _text(message, "name"))
        case "stop" | "closed":
            return Stopped(_text(_part(message, "stop"), "reason").lower())
        case "clear":
            return Clear()
    return Unknown(re.sub(r"[^a-z0-9_-]", "", kind)[:32] or "no_event")


def _media(message: dict[str, Any]) -> Message:
    payload = _text(_part(message, "media"), "payload", "Payload")
    if not payload or len(payload) > MAX_PAYLOAD * 4 // 3 + 4:
        return Unknown("media")
    try:
        return Media(binascii.a2b_base64(payload))
    except (binascii.Error, ValueError):
        return Unknown("media")


def _started(message: dict[str, Any]) -> Message:
    start = _part(message, "start")
    stream_sid = _id(start, "stream_sid", "streamSid") or _id(message, "stream_sid", "streamSid")
    media_format = _part(start, "media_format", "mediaFormat") or _part(message, "media_format", "mediaFormat")
    parameters = _part(start, "custom_parameters", "customParameters")
    return Started(
        stream_sid=stream_sid,
        call_sid=_id(start, "call_sid", "callSid") or _id(message, "call_sid", "callSid"),
        account_sid=_id(start, "account_sid", "accountSid"),
        from_number=_id(start, "from"),
        to_number=_id(start, "to"),
        parameters={str(name)[:64]: str(value)[:256] for name, value in parameters.items()},
        rate_hz=_rate(_text(media_format, "sample_rate", "sampleRate")),
        mulaw=bool(_MULAW.search(_text(media_format, "encoding"))),
    )


def _part(message: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return the first object of these names; empty when it is missing, null, or no object."""
    for name in names:
        if isinstance(part := message.get(name), dict):
            return part
    return {}


def _text(message: dict[str, Any], *names: str) -> str:
    for name in names:
        value = message.get(name)
        if isinstance(value, str):
            return value.strip()
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
    return ""


def _id(message: dict[str, Any], *names: str) -> str:
    return _text(message, *names)[:64]


def _rate(text: str) -> int:
    """Return the rate of "8000", "8000Hz" or "8000.0"; 8000 when it is none that the carrier knows."""
    digits = re.match(r"\d{4,5}", text)
    rate = int(digits.group()) if digits else SAMPLE_RATE
    return rate if rate in RATES_HZ else SAMPLE_RATE


class Inbound:
    """Makes the 8 kHz PCM of one stream out of its payloads, whatever their size and rate."""

    def __init__(self, start: Started) -> None:
        self._mulaw = start.mulaw
        self._resampler = Resampler(start.rate_hz, SAMPLE_RATE) if start.rate_hz != SAMPLE_RATE else None
        self._odd = b""

    def feed(self, payload: bytes) -> bytes:
        """Return whole samples; an odd byte waits for the next payload."""
        if self._mulaw:
            payload = ulaw_decode(payload)
        data = self._odd + payload
        even = len(data) & ~1
        self._odd = data[even:]
        pcm = data[:even]
        return self._resampler.feed(pcm) if self._resampler else pcm


class Outbound:
    """Makes the messages of one stream, at the rate that its `start` asked for."""

    def __init__(self, stream_sid: str, rate_hz: int = SAMPLE_RATE, *, numbered: bool = False) -> None:
        """Begin a stream; `numbered` adds `chunk` and `timestamp`, without which some streams end early."""
        self._stream = orjson.dumps(stream_sid).decode()
        self._resampler = Resampler(SAMPLE_RATE, rate_hz) if rate_hz != SAMPLE_RATE else None
        self._numbered = numbered
        self._chunks = 0
        self._sent_ms = 0

    def media(self, pcm: bytes) -> str:
        """Return the message that plays 8 kHz `pcm`; `InvalidInput` unless it is whole frames of 320 bytes."""
        if not pcm or len(pcm) % FRAME_BYTES:
            raise InvalidInput(f"{len(pcm)} bytes are no whole frames")
        sound = self._resampler.feed(pcm) if self._resampler else pcm
        payload = base64.b64encode(sound).decode("ascii")
        extra = ""
        if self._numbered:
            self._chunks += 1
            extra = f',"chunk":"{self._chunks}","timestamp":"{self._sent_ms}"'
            self._sent_ms += len(pcm) * 1000 // (2 * SAMPLE_RATE)
        return f'{{"event":"media","stream_sid":{self._stream},"media":{{"payload":"{payload}"{extra}}}}}'

    def mark(self, name: str) -> str:
        """Return the message that asks for an echo of `name`."""
        return f'{{"event":"mark","stream_sid":{self._stream},"mark":{{"name":{orjson.dumps(name).decode()}}}}}'

    def clear(self) -> str:
        """Return the message that drops what was sent and is not played yet."""
        return f'{{"event":"clear","stream_sid":{self._stream}}}'
