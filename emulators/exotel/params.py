"""The parameters that the provider adds to every request it makes during a call."""

import json
from collections.abc import Mapping

from emulators.exotel.call import AgentLeg, Call
from emulators.exotel.clock import Clock
from emulators.exotel.numbers import written
from emulators.exotel.stream import StreamOutcome
from emulators.exotel.variant import Variant

_CAUSES = {
    "completed": ("16", "NORMAL_CLEARING"),
    "busy": ("17", "USER_BUSY"),
    "no-answer": ("19", "NO_ANSWER"),
    "failed": ("27", "DESTINATION_OUT_OF_ORDER"),
    "canceled": ("16", "NORMAL_CLEARING"),
}


def call_params(call: Call, clock: Clock, variant: Variant) -> dict[str, str]:
    """Describe the call as applet requests do."""
    customer, exophone = written(call.request.customer, variant), written(call.request.exophone, variant)
    params = {
        "CallSid": call.sid,
        "CallFrom": customer,
        "CallTo": exophone,
        "From": customer,
        "To": exophone,
        "Direction": "incoming" if call.request.direction == "incoming" else "outbound-dial",
        "CallStatus": call.status,
        "CallType": call.transfer.call_type,
        "Created": clock.stamp(call.began),
        "StartTime": clock.stamp(call.began),
        "EndTime": "1970-01-01 05:30:00",
        "CurrentTime": clock.stamp(),
        "flow_id": call.request.app_id,
    }
    if variant.custom_field and call.request.custom_field:
        params["CustomField"] = call.request.custom_field
    return params


def stream_params(outcome: StreamOutcome, variant: Variant) -> dict[str, str]:
    """Describe the stream that has just ended, in the variant's encoding."""
    fields = {
        "StreamSID": outcome.sid,
        "Status": outcome.status,
        "Duration": str(round(outcome.duration_s)),
        "DisconnectedBy": outcome.disconnected_by,
        "StreamUrl": outcome.url,
        "Error": outcome.error,
        "DetailedStatus": outcome.detailed_status,
    }
    fields = {key: value for key, value in fields.items() if value}
    if variant.passthru_stream == "json":
        return {"Stream": json.dumps(fields)}
    return {f"Stream[{key}]": value for key, value in fields.items()}


def agent_params(legs: list[AgentLeg]) -> dict[str, str]:
    """Describe the attempts to reach an agent; nothing before there was one."""
    if not legs:
        return {}
    last = legs[-1]
    params = {
        "DialCallStatus": last.status,
        "DialWhomNumber": last.number,
        "DialCallDuration": str(round((last.ended_at or last.dialled_at) - last.dialled_at)),
    }
    for index, leg in enumerate(legs):
        params |= {f"Legs[{index}][{key}]": value for key, value in _leg(leg).items()}
    return params


def _leg(leg: AgentLeg) -> Mapping[str, str]:
    cause, code = _CAUSES.get(leg.status, ("16", "NORMAL_CLEARING"))
    talked = 0.0 if leg.answered_at is None or leg.ended_at is None else leg.ended_at - leg.answered_at
    return {
        "Number": leg.number,
        "OnCallDuration": str(round(talked)),
        "Cause": cause,
        "CauseCode": code,
        "DisconnectedBy": leg.ended_by,
        "Status": leg.status,
    }
