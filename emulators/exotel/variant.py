"""The ways in which the provider's own documents and integrators' logs disagree about its messages."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Variant:
    """One consistent way of speaking; a robust service works under every one of them."""

    numbers: Literal["string", "int"] = "string"
    """Type of `sequence_number`."""
    chunk: Literal["string", "int"] = "string"
    """Type of `media.chunk`."""
    frame_ms: int = 100
    """Length of one `media` message of the caller's voice; 20 and 100 are in use."""
    encoding: Literal["raw", "audio/x-raw", "audio/x-l16"] = "audio/x-raw"
    """Text of `media_format.encoding`; the samples are PCM16LE under each name."""
    sample_rate_hz: Literal[8000, 16000, 24000] | None = None
    """Rate of both directions; None takes what `sample-rate` in the socket's URL says, 8000 without it."""
    sample_rate_form: Literal["string", "int", "hz"] = "string"
    """`"8000"`, `8000` or `"8000Hz"`."""
    ids: Literal["snake", "camel"] = "snake"
    """`stream_sid` or `streamSid`, and likewise for the ids of call and account."""
    custom_parameters: Literal["object", "empty", "null", "absent"] = "object"
    """`start.custom_parameters`: the URL's query, `""`, null, or no such key."""
    number_form: Literal["+91", "0", "91"] = "+91"
    """How phone numbers begin in messages and requests."""
    binary_messages: bool = False
    """Whether JSON travels in binary frames instead of text frames."""
    dtmf: Literal["nested", "flat"] = "nested"
    """`{"dtmf": {"digit": ...}}`, or `digit` at the top level."""
    marks: Literal["echoed", "dropped"] = "echoed"
    """Whether marks come back at all: some integrators never saw one."""
    marks_on_clear: Literal["dropped", "flushed"] = "dropped"
    """What becomes of marks that wait behind cleared audio: gone, or echoed at once."""
    clear_cuts: Literal["message", "packet"] = "message"
    """Where `clear` cuts: after the message that is playing, or after its current 20 ms."""
    hangup: Literal["stop_and_close", "close", "stop"] = "stop_and_close"
    """The caller hangs up: `stop` then close, close alone, or `stop` and the socket stays open for 5 s."""
    passthru_method: Literal["GET", "POST"] = "GET"
    passthru_stream: Literal["brackets", "json"] = "brackets"
    """`Stream[Status]=...` keys, or one key `Stream` that holds JSON."""
    passthru_after_hangup: bool = True
    """Whether Passthru still runs when the customer has hung up."""
    resolver_method: Literal["GET", "POST"] = "GET"
    custom_field: bool = True
    """Whether `CustomField` comes back in requests and callbacks."""
    callback_encoding: Literal["requested", "multipart", "urlencoded", "json"] = "requested"
    """`requested` obeys `StatusCallbackContentType`, multipart without one."""
    callback_extended: bool = True
    """Whether events and details are sent when they were asked for; if not, one terminal callback of four fields."""
    overlapping_polls: bool = False
    """Whether two requests overlap when the Connect URL is asked again after an attempt."""


VARIANTS: Final = MappingProxyType(
    {
        "default": Variant(),
        "integers": Variant(numbers="int", chunk="int", encoding="raw", sample_rate_form="int", frame_ms=20),
        "camel": Variant(ids="camel", encoding="audio/x-l16", sample_rate_form="hz", number_form="0", dtmf="flat"),
        "terse": Variant(
            custom_parameters="absent",
            custom_field=False,
            callback_extended=False,
            callback_encoding="urlencoded",
            marks="dropped",
            passthru_after_hangup=False,
            hangup="close",
        ),
        "posting": Variant(
            passthru_method="POST",
            passthru_stream="json",
            resolver_method="POST",
            callback_encoding="multipart",
            number_form="91",
            custom_parameters="null",
            hangup="stop",
            marks_on_clear="flushed",
        ),
        "packets": Variant(
            clear_cuts="packet", custom_parameters="empty", binary_messages=True, overlapping_polls=True
        ),
        "wideband": Variant(sample_rate_hz=16000, callback_encoding="json"),
        "fullband": Variant(sample_rate_hz=24000, frame_ms=20),
    }
)
"""Mixtures by name: between them, every field takes every one of its values."""
