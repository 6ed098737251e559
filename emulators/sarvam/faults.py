"""What can be made to go wrong, by name."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Fault(StrEnum):
    """Every switch; the comment tells what its value means and its default."""

    # Connections: each applies to the next sockets opened (STT and TTS alike).
    CONNECT_RESET = "connect.reset"  # the TCP connection is cut instead of an answer
    CONNECT_HANG = "connect.hang"  # no answer for `value` s, 3600
    CONNECT_STATUS = "connect.status"  # the handshake is answered with HTTP `value`, 503
    CONNECT_SILENCE = "connect.silence"  # accepted, then nothing: no session.begin, no audio
    CONNECT_BETA = "connect.beta"  # realtime: close 4000, the account lacks beta access

    # REST
    REST_RATE_LIMITED = "rest.rate_limited"  # 429; Retry-After: `value` s, absent without a value
    REST_QUOTA = "rest.quota"  # 429 insufficient_quota_error
    REST_PAYMENT = "rest.payment_required"  # 402
    REST_ERROR = "rest.internal_error"  # 500
    REST_UNAVAILABLE = "rest.unavailable"  # 503
    REST_BAD_GATEWAY = "rest.bad_gateway"  # 502 with an HTML body
    REST_TRUNCATED = "rest.truncated_json"  # 200, the JSON stops half-way
    REST_EMPTY_AUDIOS = "rest.empty_audios"  # 200, `audios` is empty
    REST_SLOW_HEADERS = "rest.slow_headers"  # the answer begins after `value` s, 5
    REST_SLOW_BODY = "rest.slow_body"  # half the body, then the rest after `value` s, 5
    REST_HANG = "rest.hang"  # no answer for `value` s, 3600
    REST_RESET = "rest.reset"  # the connection is cut in the middle of the body

    # STT sockets
    STT_IDLE_DEATH = "stt.idle_death"  # after `value` s, 60, the TCP connection dies without a close frame
    STT_CLOSE = "stt.close"  # at the end of an utterance the socket closes with `value`, 1000
    STT_FATAL = "stt.fatal_error"  # at the end of an utterance: a fatal error, then close 1011
    STT_NO_FINAL = "stt.no_final"  # the final of an utterance never comes
    STT_NO_SPEECH_END = "stt.no_speech_end"  # the final comes without vad.speech_end / END_SPEECH
    STT_DUPLICATE_FINAL = "stt.duplicate_final"  # the final comes twice
    STT_STALE_FINAL = "stt.stale_final"  # the final carries the previous utterance_idx
    STT_EMPTY_TEXT = "stt.empty_text"  # the final is empty
    STT_WRONG_LANGUAGE = "stt.wrong_language"  # the final claims `value`, ur-IN, as its language
    STT_LONG_TEXT = "stt.long_text"  # the final repeats itself `value` times, 500
    STT_DROP_AFTER_PARTIAL = "stt.drop_after_partial"  # the TCP connection is cut after a partial
    STT_UNKNOWN_EVENT = "stt.unknown_event"  # an event nobody knows comes before the final
    STT_NUMBERS_AS_STRINGS = "stt.numbers_as_strings"  # numbers of the final come as strings
    STT_NOT_JSON = "stt.not_json"  # a frame that is no JSON comes before the final
    STT_SLOW_FINAL = "stt.slow_final"  # the final comes `value` s, 3, after the end of speech

    # TTS socket
    TTS_ERROR_WITHOUT_CODE = "tts.error_without_code"  # a reply is an error that lacks `code`
    TTS_ERROR_CODE_STRING = "tts.error_code_string"  # a reply is an error whose code is the text "422"
    TTS_NO_AUDIO = "tts.no_audio"  # config is taken, nothing is ever spoken
    TTS_HEADER_ONLY = "tts.header_only_chunk"  # the first chunk is a RIFF header alone, whatever the codec
    TTS_ODD_CHUNKS = "tts.odd_chunks"  # chunks of an odd number of bytes
    TTS_STALL = "tts.stall"  # half a reply, then nothing for `value` s, 3600
    TTS_NO_FINAL = "tts.no_final"  # `final` never comes
    TTS_TWO_FINALS = "tts.two_finals"  # `final` comes twice
    TTS_EARLY_FINAL = "tts.early_final"  # `final` comes before the last chunk
    TTS_STALE_AUDIO = "tts.stale_audio"  # a reply begins with the last chunk of the one before
    TTS_CLOSE_BETWEEN = "tts.close_between_turns"  # the socket closes with 1000 after a final
    TTS_CLOSE_MID_REPLY = "tts.close_mid_reply"  # half a reply, then close `value`, 1011
    TTS_DEPRECATED = "tts.model_deprecated"  # config is answered: the model is deprecated
    TTS_IDLE_DEATH = "tts.idle_death"  # after `value` s, 60, the TCP connection dies without a close frame
    TTS_SLOW = "tts.slower_than_real_time"  # audio comes at `value` times its playing speed, 0.5

    # Account
    KEY_REVOKED = "account.key_revoked"  # 403 for what is opened anew; open sockets live on
    CREDITS_GONE = "account.credits_gone"  # 429 quota on REST; realtime closes 1003; open TTS sockets get errors
    MODEL_WITHDRAWN = "account.model_withdrawn"  # the model `value` (bulbul:v3) is refused


DEFAULT_VALUES: Final[dict[Fault, float | str]] = {
    Fault.CONNECT_HANG: 3600.0,
    Fault.CONNECT_STATUS: 503,
    Fault.REST_SLOW_HEADERS: 5.0,
    Fault.REST_SLOW_BODY: 5.0,
    Fault.REST_HANG: 3600.0,
    Fault.STT_IDLE_DEATH: 60.0,
    Fault.STT_CLOSE: 1000,
    Fault.STT_WRONG_LANGUAGE: "ur-IN",
    Fault.STT_LONG_TEXT: 500,
    Fault.STT_SLOW_FINAL: 3.0,
    Fault.TTS_STALL: 3600.0,
    Fault.TTS_CLOSE_MID_REPLY: 1011,
    Fault.TTS_IDLE_DEATH: 60.0,
    Fault.TTS_SLOW: 0.5,
    Fault.MODEL_WITHDRAWN: "bulbul:v3",
}


@dataclass(slots=True)
class Armed:
    """A fault that waits for its moment."""

    value: float | str | None
    left: int | None
    """How often it still strikes; None: until it is disarmed."""
    after: int
    """How many occasions it lets pass first."""


class Hit:
    """A fault that strikes now, with its value."""

    __slots__ = ("_value",)

    def __init__(self, value: float | str | None) -> None:
        self._value = value

    @property
    def given(self) -> bool:
        """Whether there is a value at all."""
        return self._value is not None

    @property
    def number(self) -> float:
        """The value as a number: seconds, a status, a close code."""
        return float(self._value or 0)

    @property
    def text(self) -> str:
        """The value as a text: a language, a model."""
        return str(self._value)


class Faults:
    """The switchboard."""

    def __init__(self) -> None:
        self.armed: dict[Fault, Armed] = {}
        self.struck: list[Fault] = []
        """What has struck so far, in order."""

    def arm(
        self, fault: Fault | str, value: float | str | None = None, *, times: int | None = 1, after: int = 0
    ) -> None:
        """Let a fault strike.

        Args:
            fault: its name; `ValueError` for an unknown one.
            value: see `Fault`; its default when left out.
            times: how often; None until `disarm`.
            after: occasions that pass unharmed before.
        """
        fault = Fault(fault)
        self.armed[fault] = Armed(DEFAULT_VALUES.get(fault) if value is None else value, times, after)

    def disarm(self, fault: Fault | str | None = None) -> None:
        """Take one fault back, or all."""
        if fault is None:
            self.armed.clear()
        else:
            self.armed.pop(Fault(fault), None)

    def take(self, fault: Fault) -> Hit | None:
        """Ask at the moment where a fault would strike; counts as one occasion."""
        armed = self.armed.get(fault)
        if armed is None:
            return None
        if armed.after > 0:
            armed.after -= 1
            return None
        if armed.left is not None:
            armed.left -= 1
            if armed.left <= 0:
                del self.armed[fault]
        self.struck.append(fault)
        return Hit(armed.value)

    def peek(self, fault: Fault) -> Hit | None:
        """Ask for a standing condition: nothing is used up."""
        armed = self.armed.get(fault)
        return Hit(armed.value) if armed and armed.after == 0 else None
