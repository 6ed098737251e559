"""The voice socket: the carrier's stream, from its handshake to its end."""

import asyncio
import hmac
from collections import Counter
from collections.abc import Mapping
from typing import Final

import structlog
from aiohttp import WSMessage, WSMsgType, encode_basic_auth, hdrs, web

from services.telephony import metrics
from services.telephony.events import CARRIER_STOPPED, HUNG_UP, MEDIA_LOST
from services.telephony.leg import SocketLeg
from services.telephony.line import Line
from services.telephony.media import (
    Clear,
    Connected,
    Dtmf,
    Inbound,
    Mark,
    Media,
    Message,
    Outbound,
    Started,
    Stopped,
    Unknown,
    parse,
)
from services.telephony.switchboard import Switchboard
from services.telephony.tickets import Tickets

log = structlog.get_logger("websocket")

START_WITHIN: Final = 5.0
"""Seconds after the handshake in which `start` must come."""
LARGEST_MESSAGE: Final = 256 * 1024
END_WITHIN: Final = 5.0
"""Seconds that a call gets to end after its socket is gone."""
_NORMAL: Final = (1000, 1001, 1005)


class Voicebot:
    """Serves voice sockets."""

    def __init__(self, switchboard: Switchboard, tickets: Tickets, *, user: str, password: str, numbered: bool) -> None:
        """Prepare; an empty `user` asks for no Basic authentication, `numbered` is that of `Outbound`."""
        self._switchboard, self._tickets, self._numbered = switchboard, tickets, numbered
        self._authorization = encode_basic_auth(user, password) if user else ""

    async def handle_simple(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket of an older integration: the same protocol, the simple flow of dialog."""
        return await self.handle(request, simple_flow=True)

    async def handle(self, request: web.Request, *, simple_flow: bool = False) -> web.StreamResponse:
        """Serve one socket, until it ends."""
        ticket = await self._admit(request)
        socket = web.WebSocketResponse(autoping=False, compress=False, max_msg_size=LARGEST_MESSAGE)
        await socket.prepare(request)
        start = await _started(socket)
        if start is None or (ticket["call_sid"] and start.call_sid != ticket["call_sid"]) or not start.call_sid:
            log.warning("A voice socket was refused: it did not begin as its ticket said.")
            await socket.close(code=1008)
            return socket
        log.info(
            "WEBSOCKET_CONNECTED",
            session_id=start.stream_sid,
            call_sid=start.call_sid,
            client=request.headers.get(hdrs.USER_AGENT, "")[:80],
            rate_hz=start.rate_hz,
        )
        if start.mulaw:
            log.error("A stream says that it is mu-law; it is taken at its word.", call_sid=start.call_sid)
        await self._serve(socket, start, ticket, simple_flow)
        return socket

    async def _admit(self, request: web.Request) -> Mapping[str, str]:
        """Return the ticket of who may come in; raise the refusal of who may not, before the handshake."""
        if self._authorization and not _same(request.headers.get(hdrs.AUTHORIZATION, ""), self._authorization):
            raise web.HTTPUnauthorized
        if not self._switchboard.has_room():
            raise web.HTTPServiceUnavailable
        ticket = await self._tickets.use(request.match_info["session_id"])
        if ticket is None:
            log.warning("A voice socket without a good ticket was refused.")
            raise web.HTTPForbidden
        if self._switchboard.is_live(ticket["call_sid"]):
            log.warning("A second socket of a live call was refused.", call_sid=ticket["call_sid"])
            raise web.HTTPConflict
        return ticket

    async def _serve(
        self, socket: web.WebSocketResponse, start: Started, ticket: Mapping[str, str], simple_flow: bool
    ) -> None:
        metrics.sockets.add(1, metrics.VOICE)
        line = Line(ping=lambda: leg.ping())  # noqa: PLW0108 -- the leg comes after the line
        leg = SocketLeg(
            socket,
            Outbound(start.stream_sid, start.rate_hz, numbered=self._numbered),
            on_stuck=lambda: line.end(MEDIA_LOST),
        )
        sending = asyncio.create_task(leg.run(), name="send")
        call = self._switchboard.take(start, ticket, leg, line, simple_flow=simple_flow)
        call.add_done_callback(lambda _: leg.close())
        counts: Counter[str] = Counter()
        try:
            await self._read(socket, Inbound(start), line, counts)
        finally:
            # Whatever ended the socket has been told; the call ends by itself, and is nobody's to cancel.
            line.end(MEDIA_LOST)
            await asyncio.wait([call], timeout=END_WITHIN)
            leg.close()
            await asyncio.gather(sending, return_exceptions=True)
            metrics.sockets.add(-1, metrics.VOICE)
            metrics.closes.add(1, metrics.VOICE)
            log.info(
                "WEBSOCKET_DISCONNECTED",
                session_id=start.stream_sid,
                call_sid=start.call_sid,
                code=socket.close_code,
                messages_in=dict(counts),
                messages_out=leg.sent,
            )

    async def _read(self, socket: web.WebSocketResponse, inbound: Inbound, line: Line, counts: Counter[str]) -> None:
        strange: set[str] = set()
        async for frame in socket:
            line.alive()
            if frame.type is WSMsgType.PING:
                await socket.pong(frame.data)
            elif frame.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                message = parse(frame.data)
                counts[type(message).__name__.lower()] += 1
                if isinstance(message, Media):
                    line.hear(inbound.feed(message.payload))
                elif isinstance(message, Stopped):
                    line.end(HUNG_UP if message.reason in ("", "callended") else CARRIER_STOPPED)
                    return
                else:
                    await _take(message, line, strange)
            elif frame.type is WSMsgType.ERROR:
                break
        if socket.close_code in _NORMAL:
            line.end(HUNG_UP)  # closed in good order, if without a word: the call is over
        else:
            metrics.abnormal_closes.add(1)
            line.end(MEDIA_LOST)


async def _started(socket: web.WebSocketResponse) -> Started | None:
    """Wait for the beginning of the stream; None when it does not come in time."""
    try:
        async with asyncio.timeout(START_WITHIN):
            async for frame in socket:
                if frame.type is WSMsgType.PING:
                    await socket.pong(frame.data)
                elif isinstance(message := _message(frame), Started):
                    return message
    except TimeoutError:
        pass
    return None


def _message(frame: WSMessage) -> Message:
    return parse(frame.data) if frame.type in (WSMsgType.TEXT, WSMsgType.BINARY) else Unknown("frame")


async def _take(message: Message, line: Line, strange: set[str]) -> None:
    """Take what is neither sound nor the end; what is strange is told once for each kind."""
    match message:
        case Dtmf(digit):
            await line.press(digit)
        case Connected() | Started() | Mark():
            pass  # a mark's echo tells nothing that the playback clock does not know
        case Clear():
            _tell_once("clear", strange)
        case Unknown(kind):
            _tell_once(kind, strange)


def _tell_once(kind: str, strange: set[str]) -> None:
    if kind not in strange and len(strange) < 20:
        strange.add(kind)
        log.warning("A message that nothing is known of was left out.", kind=kind)


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
