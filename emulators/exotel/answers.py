"""How the REST API words its answers: calls as it shows them, errors, JSON and the classic XML."""

from collections.abc import Mapping
from xml.etree import ElementTree

from aiohttp import web

from emulators.exotel.call import TERMINAL, Call
from emulators.exotel.clock import Clock
from emulators.exotel.numbers import written
from emulators.exotel.variant import Variant


class ApiError(Exception):
    """An answer that is no 2xx."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


def api_status(call: Call) -> str:
    """Tell the status as the API does: `in-progress` from the moment the request was accepted."""
    return call.status if call.status in TERMINAL else "in-progress"


def answer(request: web.Request, data: Mapping[str, object], status: int = 200) -> web.Response:
    """Answer as JSON when the path asks for it, else as the classic XML."""
    if request.path.endswith(".json"):
        return web.json_response(data, status=status)
    root = ElementTree.Element("TwilioResponse")
    _fill(root, data)
    body = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return web.Response(body=body, status=status, content_type="application/xml")


def _fill(parent: ElementTree.Element, value: object) -> None:
    if isinstance(value, Mapping):
        for name, part in value.items():
            _fill(ElementTree.SubElement(parent, name), part)
    elif isinstance(value, list):
        for part in value:
            _fill(ElementTree.SubElement(parent, "Call"), part)
    elif value is not None:
        parent.text = str(value)


def call_view(call: Call, clock: Clock, variant: Variant, settle_s: float) -> dict[str, object]:
    """Show a call; Duration, Price and EndTime are null until `settle_s` after its end."""
    settled = call.ended_at is not None and clock.now() >= call.ended_at + settle_s
    seconds = round((call.ended_at or call.began) - call.began)
    exophone = written(call.request.exophone, variant)
    return {
        "Sid": call.sid,
        "ParentCallSid": None,
        "DateCreated": clock.stamp(call.began),
        "DateUpdated": clock.stamp(call.ended_at or call.began),
        "AccountSid": call.account,
        "To": exophone,
        "From": written(call.request.customer, variant),
        "PhoneNumberSid": exophone,
        "Status": api_status(call),
        "StartTime": clock.stamp(call.began),
        "EndTime": clock.stamp(call.ended_at) if settled else None,
        "Duration": str(seconds) if settled else None,
        "Price": f"{0.5 * -(-seconds // 60):.3f}" if settled else None,
        "Direction": "inbound" if call.request.direction == "incoming" else call.request.direction,
        "AnsweredBy": None,
        "ForwardedFrom": None,
        "CallerName": None,
        "Uri": f"/v1/Accounts/{call.account}/Calls.json/{call.sid}",
        "RecordingUrl": None,
    }


def call_legs(call: Call, now: float) -> dict[str, object]:
    """Show the legs of a call, as `details=true` asks for."""
    on_call_s = 0 if call.answered_at is None else round((call.ended_at or now) - call.answered_at)
    agent = call.transfer.legs[-1] if call.transfer.legs else None
    talked_s = round(agent.ended_at - agent.answered_at) if agent and agent.answered_at and agent.ended_at else 0
    return {
        "ConversationDuration": talked_s,
        "Leg1Status": api_status(call),
        "Leg2Status": agent.status if agent else None,
        "Legs": [{"Leg": {"Id": 1, "OnCallDuration": on_call_s}}],
    }
