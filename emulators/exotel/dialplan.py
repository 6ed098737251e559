"""What the service answers when the Connect applet asks whom to dial."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from emulators.exotel.numbers import normalise
from emulators.exotel.webhooks import Answer


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Destination(_Strict):
    numbers: list[str]


class _MusicOnHold(_Strict):
    type: str
    value: str | None = None


class _StartCallPlayback(_Strict):
    playback_to: Literal["both", "callee"]
    type: Literal["text", "audio_url"]
    value: str


class _ParallelRinging(_Strict):
    activate: bool
    max_parallel_attempts: int = Field(default=1, ge=1, le=5)


class DialPlan(_Strict):
    """What the service answers to the Connect applet; no other field is documented."""

    destination: _Destination
    fetch_after_attempt: bool = False
    outgoing_phone_number: str | None = None
    record: bool = False
    recording_channels: Literal["single", "dual"] | None = None
    max_ringing_duration: int = Field(default=30, ge=1, le=300)
    max_conversation_duration: int = Field(default=3600, ge=1, le=14400)
    music_on_hold: _MusicOnHold | None = None
    start_call_playback: _StartCallPlayback | None = None
    parallel_ringing: _ParallelRinging | None = None
    dial_passthru_event_url: str = ""


def plan_for(numbers: list[str]) -> DialPlan:
    """Make a plan of numbers alone; `ValueError` when one of them is no phone number."""
    return DialPlan(destination=_Destination(numbers=[normalise(number) for number in numbers]))


def read_plan(answer: Answer) -> DialPlan:
    """Read the body of a 200 answer; `ValueError` says what is not as documented.

    Plain text is the older, simple form: numbers with commas between them.
    """
    if answer.content_type == "text/plain":
        return plan_for([part.strip() for part in answer.body.decode().split(",") if part.strip()])
    if answer.content_type != "application/json":
        raise ValueError(f"content type {answer.content_type}")
    try:
        plan = DialPlan.model_validate(answer.json())
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in problem["loc"])
        raise ValueError(f"{where}: {problem['msg']}") from error
    for number in plan.destination.numbers:
        normalise(number)
    return plan
