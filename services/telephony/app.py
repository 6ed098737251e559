"""What Exotel sees of us over HTTP: the socket, and the addresses that stand in its flow and in our requests."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

import orjson
import structlog
from aiohttp import web

from services.telephony.params import read_params
from services.telephony.settling import Settler
from services.telephony.signer import Signer
from services.telephony.tickets import Tickets
from services.telephony.transfers import Transfers
from services.telephony.voicebot import Voicebot
from voicekit.web import measured, refusal

log = structlog.get_logger(__name__)

LARGEST_BODY: Final = 64 * 1024
_NO_STORE: Final = {"Cache-Control": "no-store"}
_KEPT: Final = ("Allow", "WWW-Authenticate")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses that we hand out; each bears a secret, since nothing that Exotel sends is signed."""

    base_url: str
    """Such as "https://voice.example.in", without a slash at the end."""
    signer: Signer
    sample_rate: int = 8000
    credentials: str = ""
    """"user:password@" for the socket, or empty."""

    def status(self, call_id: str) -> str:
        """Return where the carrier tells what becomes of a call."""
        return self._signed("status-callback", call_id)

    def dial_events(self, call_id: str) -> str:
        """Return where the carrier tells what becomes of the agent's leg."""
        return self._signed("dial-events", call_id)

    def socket(self, token: str, *, simple_flow: bool = False) -> str:
        """Return where the carrier opens the socket that `token` admits."""
        host = self.base_url.replace("http", "ws", 1).replace("://", f"://{self.credentials}", 1)
        rate = f"?sample-rate={self.sample_rate}" if self.sample_rate != 8000 else ""
        path = "voicebot-compatibility" if simple_flow else "voicebot"
        return f"{host}/ws/{path}/{token}{rate}"

    def _signed(self, purpose: str, call_id: str) -> str:
        return f"{self.base_url}/{purpose}/{quote(call_id, safe='')}/{self.signer.sign(purpose, call_id)}"


@dataclass(frozen=True, slots=True)
class App:
    """The handlers. An odd request is answered as the carrier needs it, never with a 404 or a 500 of its own making."""

    addresses: Addresses
    tickets: Tickets
    voicebot: Voicebot
    transfers: Transfers
    settler: Settler
    ready: Callable[[], bool]

    def build(self) -> web.Application:
        """Build the application."""
        app = web.Application(middlewares=[measured, in_json], client_max_size=LARGEST_BODY)
        app.router.add_get("/ws/voicebot/{session_id}", self.voicebot.handle)
        app.router.add_get("/ws/voicebot-compatibility/{session_id}", self.voicebot.handle_simple)
        for path, handler in (
            ("/ws-url", self._ws_url),
            ("/passthru-handler", self._passthru),
            ("/connect-numbers", self._connect_numbers),
        ):
            guarded = self._with_token(handler)
            for route in (path, f"{path}/{{token}}"):
                app.router.add_get(route, guarded)
                app.router.add_post(route, guarded)
        for purpose, handler in (("status-callback", self._status), ("dial-events", self._dial_event)):
            guarded = self._with_signature(purpose, handler)
            app.router.add_get(f"/{purpose}/{{call_id}}/{{signature}}", guarded)
            app.router.add_post(f"/{purpose}/{{call_id}}/{{signature}}", guarded)
        app.router.add_get("/healthz", self._alive)
        app.router.add_get("/readyz", self._is_ready)
        return app

    # The addresses that stand in the flow.

    async def _ws_url(self, request: web.Request) -> web.Response:
        """Answer the socket's address. It comes after the borrower has answered: each moment is dead air."""
        params = await read_params(request)
        ticket = {
            "call_sid": params.get("CallSid")[:64],
            "custom_field": params.get("CustomField")[:64],
            "from": params.get("CallFrom", "From")[:20],
            "to": params.get("CallTo", "To")[:20],
            "direction": params.get("Direction")[:20],
        }
        token = await self.tickets.mint(ticket)
        simple_flow = params.get("flow").lower() == "simple"  # as the address in the carrier's flow says
        return _json({"url": self.addresses.socket(token, simple_flow=simple_flow)})

    async def _passthru(self, request: web.Request) -> web.Response:
        """Answer 200 for the agent, 302 for the end: whatever goes wrong must never ring an agent."""
        params = await read_params(request)
        call_sid = params.get("CallSid")
        if params.get("DialCallStatus") or params.get("CallType").lower() in (
            "completed",
            "incomplete",
            "client-hangup",
        ):
            await self.transfers.after_agent(call_sid, params.get("DialCallStatus"), params.get("CallType"))
            return _json({"transfer": False}, status=302)
        if error := params.of("Stream", "Error") or params.of("Stream", "DetailedStatus"):
            log.warning("The carrier reports a stream that failed.", call_sid=call_sid, error=error[:80])
        wanted = await self.transfers.is_wanted(call_sid, params.of("Stream", "DisconnectedBy"))
        return _json({"transfer": wanted}, status=200 if wanted else 302)

    async def _connect_numbers(self, request: web.Request) -> web.Response:
        """Answer whom to dial."""
        params = await read_params(request)
        return _json(await self.transfers.numbers(params.get("CallSid"), self.addresses.dial_events))

    # The addresses of one call.

    async def _status(self, request: web.Request) -> web.Response:
        params = await read_params(request)
        self.settler.told(request.match_info["call_id"], params.get("CallSid")[:64], params.get("Status"))
        return _json({"ok": True})

    async def _dial_event(self, request: web.Request) -> web.Response:
        params = await read_params(request)
        status = params.get("DialCallStatus", "Status")
        await self.transfers.dial_event(request.match_info["call_id"], params.get("EventType"), status)
        return _json({"ok": True})

    # Probes.

    async def _alive(self, _: web.Request) -> web.Response:
        return _json({"alive": True})

    async def _is_ready(self, _: web.Request) -> web.Response:
        ready = self.ready()
        return _json({"ready": ready}, status=200 if ready else 503)

    # Guards.

    def _with_token(self, handler: Handler) -> Handler:
        """Let through who knows the flow's secret, as a path's last part or as the parameter `token`."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            token = request.match_info.get("token") or request.query.get("token", "")
            if not self.addresses.signer.is_token(token):
                log.warning("A request without the flow's token was refused.", path=request.path.split("/")[1])
                raise web.HTTPForbidden(text="the token is missing or wrong")
            return await handler(request)

        return guarded

    def _with_signature(self, purpose: str, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            call_id, signature = request.match_info["call_id"], request.match_info["signature"]
            if not self.addresses.signer.is_signed(purpose, call_id, signature):
                log.warning("A request with a wrong signature was refused.", purpose=purpose)
                raise web.HTTPForbidden(text="the signature is wrong")
            return await handler(request)

        return guarded


@web.middleware
async def in_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every refusal as all of our HTTP does: `{"error": {"code", "message"}}`."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        code = "UNAUTHENTICATED" if error.status == HTTPStatus.UNAUTHORIZED else HTTPStatus(error.status).name
        refused = refusal(error.status, code, (error.text or error.reason).removeprefix(f"{error.status}: "))
        refused.headers.extend({name: error.headers[name] for name in _KEPT if name in error.headers})
        return refused


def _json(body: object, *, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json", headers=_NO_STORE)
