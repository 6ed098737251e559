"""The REST API, version 1: calls, their details, numbers, whitelist and streams."""

import asyncio
import hmac
from collections import deque

from aiohttp import encode_basic_auth, web
from aiohttp.typedefs import Handler

from emulators.exotel.answers import ApiError, answer, call_legs, call_view
from emulators.exotel.call import Call
from emulators.exotel.exchange import Exotel
from emulators.exotel.numbers import normalise, written
from emulators.exotel.options import ApiFault
from emulators.exotel.requests import read_call, read_filter


class Api:
    """Handlers of `/v1/Accounts/...`."""

    def __init__(self, exotel: Exotel) -> None:
        self._exotel = exotel
        self._options = exotel.options
        self._requests: deque[float] = deque()

    def routes(self) -> list[web.RouteDef]:
        """List the routes."""
        account = "/v1/Accounts/{account}"
        return [
            web.post(account + r"/Calls/{name:connect(\.json)?}", self.connect),
            web.get(account + r"/{name:Calls(\.json)?}", self.list_calls),
            web.get(account + r"/Calls/{sid:\w+}{json:(\.json)?}", self.details),
            web.get(account + r"/{name:ActiveStreams(\.json)?}", self.active_streams),
            web.get(account + r"/Numbers/{number:\+?\d+}{json:(\.json)?}", self.number),
            web.get(account + r"/CustomerWhitelist/{number:\+?\d+}{json:(\.json)?}", self.whitelist),
        ]

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Check credentials, account and rate; turn `ApiError` into the provider's error body."""
        if not request.path.startswith("/v1/"):
            return await handler(request)
        try:
            self._check_rate()
            self._check_access(request)
            return await handler(request)
        except ApiError as error:
            body = {"RestException": {"Status": error.status, "Message": error.message, "Code": error.status}}
            response = answer(request, body, error.status)
            response.headers.update(error.headers)
            return response

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Place a call to a flow."""
        form = {key: str(value) for key, value in (await request.post()).items()}
        fault = self._exotel.faults.popleft() if self._exotel.faults else ApiFault()
        if fault.status and not fault.created:
            await asyncio.sleep(fault.latency_s)
            raise self._forced(fault)
        wanted = read_call(
            form,
            account=self._options.account_sid,
            exophones=self._options.exophones,
            has_flow=lambda app_id: self._exotel.flow_of(app_id) is not None,
        )
        if self._exotel.persona_of(wanted.customer).dnd == "refused":
            raise ApiError(403, "Call to a number in the DND registry is not allowed")
        call = self._exotel.place(wanted)
        if "TimeLimit" not in form:
            call.findings.add("no-time-limit", 0.0)
        await asyncio.sleep(fault.latency_s or self._options.latency_s)
        if fault.lost and request.transport:
            request.transport.abort()
        if fault.status:
            raise self._forced(fault)
        return answer(request, {"Call": self._view(call)})

    async def details(self, request: web.Request) -> web.StreamResponse:
        """Tell what is known of one call."""
        call = self._exotel.calls.get(request.match_info["sid"])
        if call is None:
            raise ApiError(404, "The requested resource was not found")
        view = self._view(call)
        if request.query.get("details") == "true":
            view["Details"] = call_legs(call, self._exotel.clock.now())
        return answer(request, {"Call": view})

    async def list_calls(self, request: web.Request) -> web.StreamResponse:
        """List calls, the newest first."""
        try:
            wanted = read_filter(request.query)
            size = min(100, max(1, int(request.query.get("PageSize", "50"))))
        except ValueError as error:
            raise ApiError(400, str(error)) from error
        clock = self._exotel.clock
        chosen = [
            call
            for call in self._exotel.calls.values()
            if wanted.admits(call, clock.wall(call.began).replace(microsecond=0))
        ]
        page = [self._view(call) for call in reversed(chosen)][:size]
        return answer(request, {"Metadata": {"Total": len(chosen), "PageSize": size}, "Calls": page})

    async def active_streams(self, request: web.Request) -> web.StreamResponse:
        """Count live streams; JSON and XML differ in their names, as the documents do."""
        active, most = self._exotel.active_streams, self._options.max_streams
        if request.path.endswith(".json") or "json" in request.headers.get("Accept", ""):
            return web.json_response({"active_streams": active, "max_allowed_streams": most})
        return answer(request, {"Stream": {"ActiveStreamCount": active, "ThrottleLimit": most}})

    async def number(self, request: web.Request) -> web.StreamResponse:
        """Tell circle, operator and DND of a number."""
        number = _asked_number(request)
        facts = {
            "PhoneNumber": written(number, self._options.variant),
            "Circle": "KA",
            "CircleName": "Karnataka",
            "Type": "Mobile",
            "Operator": "X",
            "OperatorName": "Emulated",
            "DND": "Yes" if self._exotel.persona_of(number).dnd else "No",
        }
        return answer(request, {"Numbers": facts})

    async def whitelist(self, request: web.Request) -> web.StreamResponse:
        """Tell whether a number may be called in spite of DND."""
        number = _asked_number(request)
        status = "Neutral" if self._exotel.persona_of(number).dnd else "Whitelist"
        written_number = written(number, self._options.variant)
        return answer(
            request, {"Result": {"Status": status, "Number": written_number, "Type": "Temporary", "Expiry": ""}}
        )

    def _check_rate(self) -> None:
        now, limit = self._exotel.clock.now(), self._options.requests_per_minute
        while self._requests and self._requests[0] <= now - 60:
            self._requests.popleft()
        if len(self._requests) >= limit:
            wait_s = int(self._requests[0] + 60 - now) + 1
            raise ApiError(429, "Too many requests", {"Retry-After": str(wait_s), "X-RateLimit-Limit": str(limit)})
        self._requests.append(now)

    def _check_access(self, request: web.Request) -> None:
        expected = encode_basic_auth(self._options.api_key, self._options.api_token)
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), expected.encode()):
            raise ApiError(401, "Authentication failed")
        if request.match_info.get("account") != self._options.account_sid:
            raise ApiError(404, "The requested resource was not found")

    def _forced(self, fault: ApiFault) -> ApiError:
        headers = {} if fault.retry_after_s is None else {"Retry-After": str(fault.retry_after_s)}
        return ApiError(fault.status or 500, "Forced by the emulator", headers)

    def _view(self, call: Call) -> dict[str, object]:
        return call_view(call, self._exotel.clock, self._options.variant, self._options.settle_s)


def _asked_number(request: web.Request) -> str:
    try:
        return normalise(request.match_info["number"])
    except ValueError as error:
        raise ApiError(404, str(error)) from error
