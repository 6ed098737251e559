"""The live view's socket: the present first, then numbered changes.

The server sends JSON: `snapshot`, `call`, `customer` (each with a `number` that rises), `feed` (whether the record
answers) and `heartbeat`. A page that comes back with `?after=` the last number gets what it missed, or a new snapshot.
Its session stays in Redis for an hour after its last sign of life, unless the sign-in has ended.
"""

import asyncio
import contextlib
from collections import defaultdict
from typing import Annotated, Final

import structlog
from aiohttp import WSCloseCode, WSMsgType, web
from pydantic import Field

from services.dashboard.hub import Hub, Member
from services.dashboard.people import Person, Unauthenticated
from services.dashboard.ports import SocketSessions
from services.dashboard.sign_in import SignIns
from services.dashboard.web.endpoint import Asked, Input
from services.dashboard.web.guard import Guard
from voicekit.clock import Now
from voicekit.errors import Overloaded, ProviderDown
from voicekit.telemetry import meter

log = structlog.get_logger("websocket")
_sockets = meter().create_up_down_counter("ws_connections", description="Sockets that are open.")
_DASHBOARD: Final = {"socket": "dashboard"}

BEAT_S: Final = 15.0
"""Between signs of life; with each it is checked that the sign-in still lasts."""
SEND_S: Final = 10.0
"""How long one message may take to leave."""
PER_PERSON: Final = 20
MAX_MESSAGE: Final = 4096
SIGNED_OUT: Final = 4401
TOO_SLOW: Final = 4408


class LivePath(Input):
    """Names a live page."""

    websocket_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class LiveQuery(Input):
    """Where to go on."""

    after: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    """The last number seen; left out for the present."""


class LiveApi:
    """Holds the live pages' sockets."""

    def __init__(
        self, hub: Hub, sign_ins: SignIns, sessions: SocketSessions, guard: Guard, now: Now, *, most: int
    ) -> None:
        self._hub, self._sign_ins, self._sessions = hub, sign_ins, sessions
        self._guard, self._now, self._most = guard, now, most
        self._open: defaultdict[str, set[web.WebSocketResponse]] = defaultdict(set)

    async def watch(self, asked: Asked, path: LivePath, query: LiveQuery) -> web.StreamResponse:
        """Open the live view's socket. A page must come from an allowed origin."""
        person = asked.person
        if person.session_key:
            self._guard.check_origin(asked.request, required=True)
        mine = self._open[person.session_key or person.name]
        if len(self._hub) >= self._most or len(mine) >= PER_PERSON:
            raise Overloaded("Too many live pages are open.")
        socket = web.WebSocketResponse(compress=False, max_msg_size=MAX_MESSAGE, heartbeat=BEAT_S, timeout=2.0)
        mine.add(socket)
        try:
            await socket.prepare(asked.request)
            await self._serve(socket, path.websocket_id, person, query.after)
        finally:
            mine.discard(socket)
            if not mine:
                self._open.pop(person.session_key or person.name, None)
        return socket

    async def left(self, session_key: str) -> None:
        """Close the live pages of a sign-in that has ended."""
        await self._close(list(self._open.get(session_key, ())), SIGNED_OUT, b"signed out")

    async def close_all(self) -> None:
        """Send all live pages elsewhere: this process is about to end."""
        sockets = [socket for mine in self._open.values() for socket in mine]
        await self._close(sockets, WSCloseCode.GOING_AWAY, b"restarting")

    async def _close(self, sockets: list[web.WebSocketResponse], code: int, why: bytes) -> None:
        await asyncio.gather(*(socket.close(code=code, message=why) for socket in sockets))

    async def _serve(self, socket: web.WebSocketResponse, websocket_id: str, person: Person, after: int | None) -> None:
        member = self._hub.join(after)
        _sockets.add(1, _DASHBOARD)
        log.info("WEBSOCKET_CONNECTED", session_id=websocket_id, client=person.name)
        tasks = [
            asyncio.create_task(self._send(socket, member), name="send"),
            asyncio.create_task(self._beat(socket, websocket_id, person), name="beat"),
            asyncio.create_task(_drain(socket), name="receive"),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            with contextlib.suppress(ConnectionError, TimeoutError):
                await self._say_why(socket, websocket_id, done)
        finally:
            self._hub.leave(member)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            _sockets.add(-1, _DASHBOARD)
            log.info("WEBSOCKET_DISCONNECTED", session_id=websocket_id, client=person.name, code=socket.close_code)

    async def _say_why(self, socket: web.WebSocketResponse, websocket_id: str, done: set[asyncio.Task[None]]) -> None:
        errors = [task.exception() for task in done]
        if any(isinstance(error, Unauthenticated) for error in errors):
            with contextlib.suppress(ProviderDown):
                await self._sessions.delete_websocket_session(websocket_id)
            await socket.close(code=SIGNED_OUT, message=b"signed out")
        elif any(isinstance(error, Overloaded | TimeoutError) for error in errors):
            await socket.close(code=TOO_SLOW, message=b"too slow")
        else:
            await socket.close()

    async def _send(self, socket: web.WebSocketResponse, member: Member) -> None:
        while True:
            for body in await member.take():
                async with asyncio.timeout(SEND_S):
                    await socket.send_str(body)

    async def _beat(self, socket: web.WebSocketResponse, websocket_id: str, person: Person) -> None:
        fields = {"user": person.name, "role": person.role, "opened_at": self._now().isoformat()}
        while True:
            # Redis is a help, never a condition: without it the page stays.
            with contextlib.suppress(ProviderDown):
                await self._sessions.create_websocket_session(websocket_id, fields)
                if person.session_key:
                    await self._sign_ins.find_by_key(person.session_key)
            await asyncio.sleep(BEAT_S)
            async with asyncio.timeout(SEND_S):
                await socket.send_str(f'{{"type":"heartbeat","now":"{self._now().isoformat()}"}}')


async def _drain(socket: web.WebSocketResponse) -> None:
    """Read until the page leaves; it has nothing to say."""
    async for message in socket:
        if message.type is WSMsgType.ERROR:
            return
