"""A whole dashboard over fakes, and a browser's part in it."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp.test_utils import TestClient, TestServer

from services.dashboard.app import Dashboard, Parts, make_dashboard
from services.dashboard.board import Board
from services.dashboard.follower import Follower
from services.dashboard.hub import Hub
from services.dashboard.names import Names
from services.dashboard.passwords import hash_password
from services.dashboard.people import Account, Directory, Role
from services.dashboard.recordings import Recordings
from services.dashboard.sign_in import SignIns
from tests.dashboard.fake_parts import Holds, Memory, Phone, Uploads
from tests.dashboard.fakes import NOON, Calls, Customers, Dialing, Record

PASSWORD = "a long enough password"
CHEAP_HASH = hash_password(PASSWORD, n=2)
TOKENS = {role: f"token-of-{role}" for role in Role}


@dataclass
class Clock:
    """The wall's clock, which a test turns."""

    present: datetime = NOON

    def __call__(self) -> datetime:
        return self.present

    def turn(self, **by: float) -> None:
        self.present += timedelta(**by)


@dataclass
class Stand:
    """A dashboard that runs, and its outside."""

    dashboard: Dashboard
    server: TestServer
    follower: Follower
    hub: Hub
    record: Record
    dialing: Dialing
    holds: Holds
    phone: Phone
    memory: Memory
    clock: Clock
    clients: list[TestClient[Any, Any]] = field(default_factory=list)
    sockets: list[aiohttp.ClientWebSocketResponse] = field(default_factory=list)

    async def browser(self) -> "Browser":
        """Open a new browser."""
        client: TestClient[Any, Any] = TestClient(self.server)
        self.clients.append(client)
        return Browser(client, self.sockets)

    async def signed_in(self, role: Role = Role.ADMIN) -> "Browser":
        """Open a browser in which somebody of this role is signed in."""
        browser = await self.browser()
        await browser.sign_in(role)
        return browser


@dataclass
class Browser:
    """One browser, with its cookies."""

    client: TestClient[Any, Any]
    sockets: list[aiohttp.ClientWebSocketResponse]
    csrf: str = ""

    @property
    def origin(self) -> str:
        return f"http://{self.client.host}:{self.client.port}"

    async def sign_in(self, name: str, password: str = PASSWORD) -> aiohttp.ClientResponse:
        form = {"name": str(name), "password": password}
        answer = await self.client.post("/login", data=form, headers={"Origin": self.origin}, allow_redirects=False)
        if answer.status == 303:
            self.csrf = (await self.get_json("/me"))["csrf_token"]
        return answer

    async def get(self, path: str, **options: Any) -> aiohttp.ClientResponse:
        return await self.client.get(path, allow_redirects=False, **options)

    async def get_json(self, path: str, status: int = 200) -> Any:
        answer = await self.get(path)
        assert answer.status == status, await answer.text()
        return await answer.json()

    async def send(self, method: str, path: str, **options: Any) -> aiohttp.ClientResponse:
        headers = {"X-CSRF-Token": self.csrf, "Origin": self.origin, **options.pop("headers", {})}
        return await self.client.request(method, path, headers=headers, allow_redirects=False, **options)

    async def live(self, after: int | None = None, name: str = "page-1") -> aiohttp.ClientWebSocketResponse:
        query = "" if after is None else f"?after={after}"
        socket = await self.client.ws_connect(f"/ws/dashboard/{name}{query}", origin=self.origin)
        self.sockets.append(socket)
        return socket


async def heard(socket: aiohttp.ClientWebSocketResponse, *kinds: str) -> Any:
    """Wait for the next message of one of these kinds, whatever comes before it."""
    while True:
        message = await socket.receive_json(timeout=30)
        if message["type"] in kinds:
            return message


@asynccontextmanager
async def standing(
    record: Record, *, secure: bool = False, hub_keep: int = 1000, hub_limit: int = 2000, recordings: Path | None = None
) -> AsyncIterator[Stand]:
    """Run a dashboard over `record`."""
    dialing, holds, phone, memory, clock = Dialing(), Holds(), Phone(), Memory(), Clock()
    customers, calls = Customers(record), Calls(record)
    board = Board(clock)
    hub = Hub(lambda number: board.snapshot(number).model_dump_json(), keep=hub_keep, limit=hub_limit)
    names = Names(customers, board)
    follower = Follower(calls, phone, names=names, board=board, hub=hub, now=clock)
    accounts = {str(role): Account(str(role), role, CHEAP_HASH) for role in Role}
    tokens = {hashlib.sha256(token.encode()).hexdigest(): role for role, token in TOKENS.items()}
    sign_ins = SignIns(Directory(accounts, tokens), memory, clock, idle_seconds=3600, most_seconds=12 * 3600)
    parts = Parts(
        customers=customers,
        uploads=Uploads(record),
        calls=calls,
        dialing=dialing,
        holds=holds,
        phone=phone,
        sockets=memory,
        sign_ins=sign_ins,
        names=names,
        hub=hub,
        board=board,
        recordings=Recordings(recordings),
        begun=follower.begun,
        now=clock,
        origins=("https://calls.example.in",),
        secure=secure,
        lender_name="Usha Credit",
        upload_max_bytes=100_000,
        max_live_viewers=30,
    )
    dashboard = make_dashboard(parts)
    server = TestServer(dashboard.app)
    await server.start_server()
    stand = Stand(dashboard, server, follower, hub, record, dialing, holds, phone, memory, clock)
    following = asyncio.create_task(follower.run())
    try:
        yield stand
    finally:
        following.cancel()
        await asyncio.wait([following])
        # Before any client: the first that is closed takes the server along, which would wait for all sockets.
        await asyncio.gather(*(socket.close() for socket in stand.sockets))
        for client in stand.clients:
            await client.close()
        await server.close()
