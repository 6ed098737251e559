"""What may be asked of the REST API: the parameters of a new call, and the filters of the list."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from emulators.exotel.answers import ApiError, api_status
from emulators.exotel.call import Call, CallRequest
from emulators.exotel.clock import IST
from emulators.exotel.numbers import normalise

_FLOW_URL = re.compile(r"https?://my\.(in\.)?exotel\.(com|in)/(?P<account>[^/]+)/exoml/start(_voice)?/(?P<app_id>\d+)$")


def read_call(
    form: Mapping[str, str], *, account: str, exophones: tuple[str, ...], has_flow: Callable[[str], bool]
) -> CallRequest:
    """Read the form of `Calls/connect`; `ApiError` 400 or 403 names the parameter that is wrong."""
    for name in ("From", "CallerId", "Url"):
        if not form.get(name):
            raise ApiError(400, f"Mandatory parameter missing: {name}")
    for name in ("To", "StreamUrl", "StreamType"):
        if name in form:
            raise ApiError(400, f"{name} cannot be used together with Url")
    if len(form.get("CustomField", "")) > 128:
        raise ApiError(400, "CustomField is longer than 128 characters")
    if form.get("CallType", "trans") != "trans":
        raise ApiError(400, "CallType must be trans")
    exophone = _number(form, "CallerId")
    if exophone not in exophones:
        raise ApiError(403, "CallerId does not belong to the account")
    callback = form.get("StatusCallback", "")
    if callback and not callback.startswith(("http://", "https://")):
        raise ApiError(400, "StatusCallback is no URL")
    return CallRequest(
        customer=_number(form, "From"),
        exophone=exophone,
        app_id=_app_id(form["Url"], account, has_flow),
        custom_field=form.get("CustomField", ""),
        ring_s=_seconds(form, "TimeOut", 30, 300),
        time_limit_s=_seconds(form, "TimeLimit", 14400, 14400),
        status_callback=callback,
        callback_events=tuple(v for key, v in form.items() if key.startswith("StatusCallbackEvents")),
        callback_content_type=form.get("StatusCallbackContentType", ""),
        record=form.get("Record", "").lower() == "true",
    )


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls the list shows; an empty set admits all."""

    customers: frozenset[str]
    exophones: frozenset[str]
    statuses: frozenset[str]
    sids: frozenset[str]
    directions: frozenset[str]
    earliest: datetime | None
    latest: datetime | None

    def admits(self, call: Call, created: datetime) -> bool:
        """Tell whether a call that was created then is shown."""
        request = call.request
        chosen = (
            (self.customers, request.customer),
            (self.exophones, request.exophone),
            (self.statuses, api_status(call)),
            (self.sids, call.sid),
            (self.directions, request.direction),
        )
        if any(wanted and value not in wanted for wanted, value in chosen):
            return False
        return (self.earliest or created) <= created <= (self.latest or created)


def read_filter(query: Mapping[str, str]) -> CallFilter:
    """Read the parameters of the list; `ValueError` for one that cannot be read."""
    bounds = dict(bound.split(":", 1) for bound in query.get("DateCreated", "").split(";") if bound)
    if set(bounds) - {"gte", "lte"}:
        raise ValueError("DateCreated takes gte: and lte:")
    return CallFilter(
        customers=frozenset(normalise(number) for number in _listed(query, "From")),
        exophones=frozenset(normalise(number) for number in _listed(query, "To")),
        statuses=frozenset(_listed(query, "Status")),
        sids=frozenset(_listed(query, "Sid")),
        directions=frozenset(_listed(query, "Direction")),
        earliest=_time(bounds["gte"]) if "gte" in bounds else None,
        latest=_time(bounds["lte"]) if "lte" in bounds else None,
    )


def _listed(query: Mapping[str, str], name: str) -> list[str]:
    return [value for value in query.get(name, "").split(",") if value]


def _time(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=IST)


def _app_id(url: str, account: str, has_flow: Callable[[str], bool]) -> str:
    found = _FLOW_URL.match(url)
    if not found or found["account"] != account or not has_flow(found["app_id"]):
        raise ApiError(400, "Url is no flow of this account")
    return found["app_id"]


def _number(form: Mapping[str, str], name: str) -> str:
    try:
        return normalise(form[name])
    except ValueError as error:
        raise ApiError(400, f"{name} is no valid phone number") from error


def _seconds(form: Mapping[str, str], name: str, usual: int, most: int) -> float:
    text = form.get(name, str(usual))
    if not text.isdigit() or not 1 <= int(text) <= most:
        raise ApiError(400, f"{name} must be a number from 1 to {most}")
    return float(text)
