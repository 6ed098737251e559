"""Exotel's REST API, version 1: the answer to the `Carrier` port.

Source: Exotel, "Outgoing call to connect number to a call flow", "Call details", "Error codes".
"""

import asyncio
import xml.etree.ElementTree as ET
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

import httpx
import orjson
import structlog

from services.telephony.phones import same_form
from services.telephony.ports import CarrierCall, CarrierRefused, OutcomeUnknown
from voicekit.clock import INDIA
from voicekit.errors import Overloaded, ProviderDown

log = structlog.get_logger(__name__)

CONNECT_WITHIN: Final = 35.0
"""Seconds for `Calls/connect`, which answers only when the call has been originated: up to 30 s."""
ASK_WITHIN: Final = 5.0
_ACCOUNT: Final = frozenset({401, 402, 403, 404})
"""Statuses that say that the account, and not this request, is at fault."""


class ExotelCarrier:
    """Rings phones through one account and one flow."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        account: str,
        *,
        flow_url: str,
        exophone: str,
        ring_seconds: int,
        call_seconds: int,
        may_ask: Callable[[], Awaitable[float]],
    ) -> None:
        """Prepare.

        Args:
            client: carries base address and Basic authentication; see `exotel_client`.
            account: the account's sid.
            flow_url: the flow that an answered call enters, as the dashboard shows it.
            exophone: the number that the borrower sees.
            ring_seconds: how long a phone rings.
            call_seconds: the longest call; without a limit a call that loses us is billed for hours.
            may_ask: counts one request and answers 0, or the seconds until one may be made.
        """
        self._client, self._calls = client, f"/v1/Accounts/{quote(account, safe='')}/Calls"
        self._flow_url, self._exophone = flow_url, exophone
        self._ring_seconds, self._call_seconds, self._may_ask = ring_seconds, call_seconds, may_ask

    async def connect(self, phone: str, call_id: str, status_url: str) -> str:
        """Ring `phone`; see the port."""
        if (wait := await self._may_ask()) > 0:
            raise Overloaded(f"the carrier's rate is used up for {wait:.0f} s")
        form = {
            "From": phone,
            "CallerId": self._exophone,
            "CallType": "trans",
            "Url": self._flow_url,
            "TimeOut": str(self._ring_seconds),
            "TimeLimit": str(self._call_seconds),
            "CustomField": call_id,
            "StatusCallback": status_url,
            "StatusCallbackEvents[0]": "answered",
            "StatusCallbackEvents[1]": "terminal",
            "StatusCallbackContentType": "application/json",
        }
        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                response = await self._client.post(f"{self._calls}/connect.json", data=form, timeout=CONNECT_WITHIN)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise ProviderDown("the carrier cannot be reached") from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise OutcomeUnknown from error
        return self._placed(response)

    async def details(self, call_sid: str) -> CarrierCall | None:
        """Return one call; see the port."""
        answer = await self._get(f"{self._calls}/{quote(call_sid, safe='')}.json", {"details": "true"})
        return None if answer is None else _call(answer.get("Call", {}))

    async def find(self, phone: str, call_id: str, since: datetime) -> CarrierCall | None:
        """Find a call on the carrier's list; see the port.

        A minute of grace, since the carrier's clock is not ours.
        """
        begin = (since - timedelta(minutes=1)).astimezone(INDIA).strftime("%Y-%m-%d %H:%M:%S")
        answer = await self._get(f"{self._calls}.json", {"From": phone, "DateCreated": f"gte:{begin}"})
        calls = answer.get("Calls", []) if answer else []
        listed = [_call(call.get("Call", call)) for call in calls if isinstance(call, dict)]
        candidates = [call for call in listed if call.sid and same_form(call.from_number) in ("", phone)]
        mine = [call for call in candidates if call.custom_field == call_id]
        nameless = [call for call in candidates if not call.custom_field]
        return next(iter(mine or nameless), None)

    def _placed(self, response: httpx.Response) -> str:
        status = response.status_code
        if status == 429:
            raise Overloaded("the carrier's rate is used up")
        if 400 <= status < 500:
            log.error("The carrier refused a call.", http_status=status)
            raise CarrierRefused("account" if status in _ACCOUNT and not _blocked(response) else "request", status)
        sid = _call(_body(response).get("Call", {})).sid if response.is_success else ""
        if not sid:
            raise OutcomeUnknown  # an error of the carrier's own, or an empty answer: it may ring all the same
        return sid

    async def _get(self, path: str, query: Mapping[str, str]) -> dict[str, Any] | None:
        try:
            async with asyncio.timeout(ASK_WITHIN):
                response = await self._client.get(path, params=query, timeout=ASK_WITHIN)
        except (httpx.HTTPError, TimeoutError) as error:
            raise ProviderDown("the carrier does not answer") from error
        if response.status_code == 404:
            return None
        if not response.is_success:
            raise ProviderDown(f"the carrier answered HTTP {response.status_code}")
        return _body(response)


def exotel_client(base: str, api_key: str, api_token: str) -> httpx.AsyncClient:
    """Return a client for the API: credentials in a header, since addresses end up in logs; no redirects, no proxy."""
    limits = httpx.Limits(max_connections=50, max_keepalive_connections=10)
    auth = httpx.BasicAuth(api_key, api_token)
    return httpx.AsyncClient(base_url=base, auth=auth, limits=limits, follow_redirects=False, trust_env=False)


def _blocked(response: httpx.Response) -> bool:
    """Tell a number that may not be called from an account that may not call: both are 403, the text is unstable."""
    text = response.text.lower()
    return response.status_code == 403 and any(word in text for word in ("dnd", "ndnc", "ncpr"))


def _body(response: httpx.Response) -> dict[str, Any]:
    """Read JSON, or the XML that the classic API answers; empty when it is neither."""
    content = response.content.strip()
    if content.startswith(b"<"):
        return _from_xml(content)
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def _from_xml(content: bytes) -> dict[str, Any]:
    if b"<!" in content:  # no answer of the API declares anything; what does is an attack on the parser
        return {}
    try:
        root = ET.fromstring(content)  # noqa: S314 -- without declarations there are no entities to expand
    except ET.ParseError:
        return {}
    calls = [{field.tag: field.text or "" for field in call} for call in root.iter("Call")]
    return {"Call": calls[0], "Calls": calls} if calls else {}


def _call(call: Mapping[str, Any]) -> CarrierCall:
    details = call.get("Details")
    second = details.get("Leg2Status") if isinstance(details, dict) else None
    return CarrierCall(
        sid=str(call.get("Sid") or ""),
        status=str(call.get("Status") or "").lower(),
        custom_field=str(call.get("CustomField") or ""),
        from_number=str(call.get("From") or ""),
        second_leg=str(second or "").lower(),
    )
