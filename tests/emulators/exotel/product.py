"""A small service that plays the product's part: resolver, bot socket, Passthru, Connect and callbacks."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import aiohttp
from aiohttp import web

from emulators.exotel.numbers import normalise
from emulators.exotel.options import Options

CHUNK = 3200


class Bot:
    """The service's end of one stream."""

    def __init__(self, ws: web.WebSocketResponse, request: web.Request) -> None:
        self.ws = ws
        self.request = request
        self.messages: list[dict[str, Any]] = []
        self.stream_sid = ""
        self.arrived = asyncio.Event()
        self.gone_at: float | None = None

    async def next(self, event: str) -> dict[str, Any]:
        """Wait for the next message of that event that was not returned before; TimeoutError after 30 s."""
        async with asyncio.timeout(30):
            while True:
                for message in self.messages:
                    if message.get("event") == event and not message.get("_seen"):
                        message["_seen"] = True
                        return message
                self.arrived.clear()
                await self.arrived.wait()

    async def send(self, event: str, body: Mapping[str, object] | None = None, **extra: object) -> None:
        message = {"event": event, "stream_sid": self.stream_sid, **extra}
        await self.ws.send_str(json.dumps(message if body is None else message | {event: body}))

    async def media(self, pcm: bytes) -> None:
        await self.send("media", {"payload": base64.b64encode(pcm).decode()})

    async def says(self, pcm: bytes, mark: str = "", *, ahead_s: float = 0.4, rate_hz: int = 8000) -> None:
        """Send audio in messages of 3200 bytes, at most `ahead_s` ahead of real time."""
        now = asyncio.get_running_loop().time
        began = now()
        for at in range(0, len(pcm), CHUNK):
            await asyncio.sleep(max(0.0, began + at / (2 * rate_hz) - ahead_s - now()))
            await self.media(pcm[at : at + CHUNK] + bytes(-len(pcm[at : at + CHUNK]) % 320))
        if mark:
            await self.send("mark", {"name": mark})

    @property
    def heard(self) -> bytes:
        """All of the caller's audio."""
        return b"".join(base64.b64decode(m["media"]["payload"]) for m in self.messages if m["event"] == "media")

    async def read(self) -> None:
        async for message in self.ws:
            if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                data = json.loads(message.data)
                self.messages.append(data)
                if data["event"] == "start":
                    self.stream_sid = data.get("stream_sid") or data.get("streamSid")
                self.arrived.set()
                if data["event"] == "stop":
                    break
        self.gone_at = asyncio.get_running_loop().time()


async def silent_bot(bot: Bot) -> None:
    await asyncio.Event().wait()


class Product:
    """Answers as its fields say, and writes down what it was asked."""

    def __init__(self) -> None:
        self.bot: Callable[[Bot], Awaitable[None]] = silent_bot
        self.bots: list[Bot] = []
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        """Method, path and parameters of every request but sockets."""
        self.headers: dict[str, Mapping[str, str]] = {}
        """Path to the headers of its last request."""
        self.passthru_status = 302
        self.passthru_delay_s = 0.0
        self.plan: object = {"destination": {"numbers": []}}
        self.connect_status = 200
        self.callback_status = 200
        self.callback_types: list[str] = []
        """Content type of every status callback."""
        self.resolver_body: object = None
        """Answered by the resolver instead of the socket's URL."""
        self.socket_query = ""
        self.handshakes: list[Callable[[], Awaitable[None]]] = []
        """What goes wrong with the next handshakes, one each."""
        self.closes_itself = True
        """Whether the socket is closed when the bot is done or the other side has gone."""
        self.url = ""

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.route("*", "/ws-url", self._resolver),
                web.get("/bot", self._socket),
                web.route("*", "/passthru", self._passthru),
                web.route("*", "/connect{more:.*}", self._connect),
                web.route("*", "/after-agent", self._noted),
                web.route("*", "/dial-events", self._noted),
                web.post("/status", self._status),
            ]
        )
        return app

    def params(self, path: str) -> list[dict[str, str]]:
        """The parameters of all requests to a path."""
        return [params for _, asked, params in self.asked if asked == path]

    async def _note(self, request: web.Request) -> dict[str, str]:
        params = dict(request.query) | {key: str(value) for key, value in (await request.post()).items()}
        self.asked.append((request.method, request.path, params))
        self.headers[request.path] = request.headers
        return params

    async def _resolver(self, request: web.Request) -> web.Response:
        await self._note(request)
        socket = self.url.replace("http://", "ws://bot:secret@") + "/bot" + self.socket_query
        return web.json_response({"url": socket} if self.resolver_body is None else self.resolver_body)

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if self.handshakes:
            await self.handshakes.pop(0)()
        ws = web.WebSocketResponse(max_msg_size=0, timeout=1.0, autoclose=self.closes_itself)
        await ws.prepare(request)
        bot = Bot(ws, request)
        self.bots.append(bot)
        reading = asyncio.create_task(bot.read())
        talking = asyncio.ensure_future(self.bot(bot))
        await asyncio.wait([reading, talking], return_when=asyncio.FIRST_COMPLETED)
        if talking.done():
            with suppress(ConnectionError):
                talking.result()
        if not self.closes_itself:
            await asyncio.Event().wait()
        talking.cancel()
        await ws.close()
        reading.cancel()
        await asyncio.gather(reading, talking, return_exceptions=True)
        return ws

    async def _passthru(self, request: web.Request) -> web.Response:
        await self._note(request)
        await asyncio.sleep(self.passthru_delay_s)
        return web.Response(status=self.passthru_status)

    async def _connect(self, request: web.Request) -> web.Response:
        await self._note(request)
        if request.path == "/connect" and self.connect_status != 200:
            return web.Response(status=self.connect_status)
        if isinstance(self.plan, str):
            return web.Response(text=self.plan)
        return web.json_response(self.plan)

    async def _noted(self, request: web.Request) -> web.Response:
        await self._note(request)
        return web.Response()

    async def _status(self, request: web.Request) -> web.Response:
        self.callback_types.append(request.content_type)
        fields = await request.json() if request.content_type == "application/json" else dict(await request.post())
        self.asked.append(("POST", "/status", {key: str(value) for key, value in fields.items()}))
        return web.Response(status=self.callback_status)


class Account:
    """Speaks to the emulated API as the product's client does."""

    def __init__(self, session: aiohttp.ClientSession, product: Product, *, base: str) -> None:
        account = Options(flows={})
        self.session = session
        self.base = f"{base}/v1/Accounts/{account.account_sid}"
        self.headers = {"Authorization": aiohttp.encode_basic_auth(account.api_key, account.api_token)}
        self.form = {
            "From": "+919999900012",
            "CallerId": account.exophones[0],
            "Url": f"http://my.exotel.com/{account.account_sid}/exoml/start_voice/51177",
            "CallType": "trans",
            "TimeLimit": "600",
            "TimeOut": "30",
            "CustomField": "att-1",
            "StatusCallback": product.url + "/status",
            "StatusCallbackEvents[0]": "answered",
            "StatusCallbackEvents[1]": "terminal",
            "StatusCallbackContentType": "application/json",
        }

    async def connect(self, path: str = "/Calls/connect.json", /, **changes: str | None) -> aiohttp.ClientResponse:
        form = {key: value for key, value in (self.form | changes).items() if value is not None}
        response = await self.session.post(self.base + path, data=form, headers=self.headers)
        await response.read()
        return response

    async def get(self, path: str, **query: str) -> Any:
        async with self.session.get(self.base + path, params=query, headers=self.headers) as response:
            return await response.json()

    async def call(self, number: str = "+919999900012", /, **changes: str | None) -> str:
        """Place a call, and return its sid."""
        response = await self.connect(From=normalise(number), **changes)
        assert response.status == 200, await response.text()
        return str((await response.json())["Call"]["Sid"])
