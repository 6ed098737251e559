"""Exotel's place in the bench: takes orders to call, lets borrowers pick up, and goes through the flow with them."""

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import aiohttp
from aiohttp import web

from bench.load.beat import Beat
from bench.load.borrower import Borrower
from bench.load.wire import Refused, Socket
from local.providers import EmulatedAccount
from voicekit.clock import INDIA

_STAMP: Final = "%Y-%m-%d %H:%M:%S"


@dataclass(slots=True)
class Order:
    """A phone that is to ring, and what became of it."""

    sid: str
    phone: str
    custom_field: str
    status_callback: str
    web: str
    """Where the telephony process that asked for the call answers the flow's requests."""
    status: str = "in-progress"


class Exchange:
    """An account at the carrier, with one flow: Voicebot, Passthru."""

    def __init__(self, beat: Beat, secret: str) -> None:
        self._beat, self._secret, self._account = beat, secret, EmulatedAccount()
        self._orders: dict[str, Order] = {}
        self.ringing: deque[Order] = deque()
        self.live: dict[str, Borrower] = {}
        self.passthru_statuses: list[int] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Exchange":
        connector = aiohttp.TCPConnector(keepalive_timeout=2)
        self._client = aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=30))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.settle()
        await self._runner.cleanup()
        await self._client.close()

    async def serve(self, port: int) -> None:
        """Open the REST API."""
        calls = f"/v1/Accounts/{self._account.sid}/Calls"
        app = web.Application()
        app.router.add_post(f"{calls}/connect.json", self._connect)
        app.router.add_get(f"{calls}/{{sid}}.json", self._details)
        app.router.add_get(f"{calls}.json", self._list)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()

    async def answer(self, order: Order, borrower: Borrower) -> None:
        """Let a borrower pick up; the call goes on by itself until `borrower.over`."""
        self.ringing.remove(order)
        try:
            url = await self._resolve(order)
            socket = await Socket.connect(url, borrower.take, borrower.closed)
        except (Refused, OSError, TimeoutError, aiohttp.ClientError) as error:
            borrower.story.dropped = f"the socket could not be opened: {error}"
            borrower.hang_up()
            return
        borrower.start(socket, order.sid, self._account.sid, order.phone, self._account.exophone)
        self.live[order.sid] = borrower
        self._beat.add(borrower.tick)
        self._start(self._follow(order, borrower))

    def refuse_all(self) -> None:
        """Nobody picks up any more: whoever still rings was not reached."""
        while self.ringing:
            order = self.ringing.popleft()
            order.status = "no-answer"
            self._start(self._tell(order))

    def hang_up_all(self) -> None:
        """Every borrower hangs up."""
        for borrower in list(self.live.values()):
            borrower.hang_up()

    async def settle(self) -> None:
        """Wait until the last callback is sent."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _follow(self, order: Order, borrower: Borrower) -> None:
        await borrower.over.wait()
        self._beat.drop(borrower.tick)
        self.live.pop(order.sid, None)
        if borrower.story.by_us:
            await self._passthru(order)
        order.status = "completed"
        await self._tell(order)

    async def _resolve(self, order: Order) -> str:
        async with self._client.get(f"{order.web}/ws-url/{self._secret}", params=self._params(order)) as answer:
            body = await answer.json()
        return str(body["url"])

    async def _passthru(self, order: Order) -> None:
        params = self._params(order) | {"Stream[Status]": "completed", "Stream[DisconnectedBy]": "bot"}
        url = f"{order.web}/passthru-handler/{self._secret}"
        async with self._client.get(url, params=params, allow_redirects=False) as answer:
            self.passthru_statuses.append(answer.status)

    async def _tell(self, order: Order) -> None:
        now = datetime.now(INDIA).strftime(_STAMP)
        body = {"CallSid": order.sid, "EventType": "terminal", "DateUpdated": now, "Status": order.status}
        async with self._client.post(order.status_callback, json=body) as answer:
            await answer.read()

    def _params(self, order: Order) -> dict[str, str]:
        return {"CallSid": order.sid, "CallFrom": order.phone, "CallTo": self._account.exophone,
                "Direction": "outbound-dial", "CustomField": order.custom_field}  # fmt: skip

    async def _connect(self, request: web.Request) -> web.Response:
        form = await request.post()
        callback = str(form["StatusCallback"])
        sid = f"{len(self._orders) + 1:032x}"
        home = callback.split("/status-callback", 1)[0]
        order = Order(sid, str(form["From"]), str(form["CustomField"]), callback, home)
        self._orders[sid] = order
        self.ringing.append(order)
        return web.json_response({"Call": self._view(order)})

    async def _details(self, request: web.Request) -> web.Response:
        order = self._orders.get(request.match_info["sid"])
        if order is None:
            raise web.HTTPNotFound
        return web.json_response({"Call": self._view(order)})

    async def _list(self, _: web.Request) -> web.Response:
        return web.json_response({"Metadata": {"Total": 0}, "Calls": []})

    def _view(self, order: Order) -> dict[str, Any]:
        return {"Sid": order.sid, "Status": order.status, "From": order.phone, "To": self._account.exophone,
                "CustomField": order.custom_field, "Direction": "outbound-api"}  # fmt: skip

    def _start(self, doing: Any) -> None:
        task: asyncio.Task[None] = asyncio.ensure_future(doing)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
