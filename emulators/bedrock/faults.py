"""What can be made to go wrong, by name."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from emulators.bedrock.errors import Refusal


class Fault(StrEnum):
    """Every switch; the comment tells what its value means and its default."""

    # Refusals
    THROTTLED = "throttled"  # 429; x-amz-retry-after: `value` ms, absent without a value
    THROTTLED_UNTYPED = "throttled_untyped"  # 429 without a type, as from a proxy
    NOT_READY = "model_not_ready"  # 429
    QUOTA = "service_quota"  # 400
    INTERNAL = "internal_error"  # 500
    UNAVAILABLE = "unavailable"  # 503
    UNAVAILABLE_HTML = "unavailable_html"  # 503 with an HTML body
    TIMEOUT = "model_timeout"  # 408
    MODEL_ERROR = "model_error"  # 424
    DENIED = "access_denied"  # 403: the role was revoked
    EXPIRED = "expired_token"  # 403
    RETIRED = "model_retired"  # 404

    # Connections
    SLOW = "slow"  # the answer comes after `value` s, 5
    HANG = "hang"  # no answer for `value` s, 3600
    STALL = "stall"  # headers, then nothing for `value` s, 3600
    RESET = "reset"  # cut in the middle of the body
    STALE = "stale_connection"  # cut right after the answer, so that the pooled connection is dead

    # Answers
    TRUNCATED = "truncated_json"  # 200, and the JSON stops half-way
    NO_CONTENT = "empty_content"  # no content block at all
    EMPTY_INPUT = "empty_input"  # the tool is called with {}
    PROSE = "prose"  # text instead of a tool call, end_turn
    WRONG_TOOL = "wrong_tool"  # another tool is called
    NONSENSE = "nonsense"  # every enum field holds a value outside its list
    OVERRIDE = "override"  # the fields of `value`, an object, stand in the input, allowed or not
    TWO_CALLS = "two_calls"  # the tool is called twice
    REASONING = "reasoning_first"  # a reasoning block stands before the tool call
    MAX_TOKENS = "max_tokens"  # cut off: the input lacks its last field, stopReason max_tokens
    FILTERED = "content_filtered"  # no tool call, stopReason content_filtered
    GUARDRAIL = "guardrail_intervened"  # no tool call, stopReason guardrail_intervened
    REFUSED = "refusal"  # no tool call, stopReason "refusal", which no client library knows
    EXTRA_FIELDS = "extra_fields"  # fields that nobody has heard of
    OBEDIENT = "obedient"  # the model obeys the borrower's words: any enum value named in them is its answer

    # Streams
    STREAM_CUT = "stream_cut"  # ends without messageStop
    STREAM_THROTTLED = "stream_throttled"  # throttlingException in mid stream
    STREAM_BAD_CRC = "stream_bad_crc"  # a message with a wrong checksum


REFUSALS: Final = {
    Fault.NOT_READY: (429, "ModelNotReadyException", "The model is not ready."),
    Fault.QUOTA: (400, "ServiceQuotaExceededException", "Your request exceeds the service quota."),
    Fault.INTERNAL: (500, "InternalServerException", "An internal server error occurred."),
    Fault.UNAVAILABLE: (503, "ServiceUnavailableException", "The service is unavailable."),
    Fault.TIMEOUT: (408, "ModelTimeoutException", "The model took too long."),
    Fault.MODEL_ERROR: (424, "ModelErrorException", "The model failed."),
    Fault.DENIED: (403, "AccessDeniedException", "You do not have access to the model with the specified model ID."),
    Fault.EXPIRED: (403, "ExpiredTokenException", "The security token included in the request is expired."),
    Fault.RETIRED: (404, "ResourceNotFoundException", "This model version has reached the end of its life."),
    Fault.THROTTLED_UNTYPED: (429, "", "Too Many Requests"),
}

DEFAULT_VALUES: Final[dict[Fault, Any]] = {Fault.SLOW: 5.0, Fault.HANG: 3600.0, Fault.STALL: 3600.0}


@dataclass(slots=True)
class Armed:
    """A fault that waits for its moment."""

    value: Any
    left: int | None
    """How often it still strikes; None: until it is disarmed."""
    after: int
    """How many requests it lets pass first."""


class Faults:
    """The switchboard."""

    def __init__(self) -> None:
        self.armed: dict[Fault, Armed] = {}
        self.struck: list[Fault] = []
        """What has struck so far, in order."""

    def arm(self, fault: Fault | str, value: Any = None, *, times: int | None = 1, after: int = 0) -> None:
        """Let a fault strike; `ValueError` for an unknown name. See `Fault` for values, `Armed` for the rest."""
        fault = Fault(fault)
        self.armed[fault] = Armed(DEFAULT_VALUES.get(fault) if value is None else value, times, after)

    def disarm(self, fault: Fault | str | None = None) -> None:
        """Take one fault back, or all."""
        if fault is None:
            self.armed.clear()
        else:
            self.armed.pop(Fault(fault), None)

    def take(self, fault: Fault) -> Armed | None:
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
        return armed

    def refuse(self) -> None:
        """Raise the `Refusal` that is armed, if one is."""
        if hit := self.take(Fault.THROTTLED):
            headers = {} if hit.value is None else {"x-amz-retry-after": str(hit.value)}
            message = "Too many requests, please wait before trying again."
            raise Refusal(429, "ThrottlingException", message, headers)
        for fault, (status, kind, message) in REFUSALS.items():
            if self.take(fault):
                raise Refusal(status, kind, message)
