import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from voicekit import web as ours

Client = TestClient[web.Request, web.Application]


class Recorded:
    """Stands in for a histogram."""

    def __init__(self) -> None:
        self.labels: list[Mapping[str, str | int]] = []

    def record(self, seconds: float, labels: Mapping[str, str | int]) -> None:
        assert seconds >= 0
        self.labels.append(labels)


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Recorded:
    histogram = Recorded()
    monkeypatch.setattr(ours, "_took", histogram)
    return histogram


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.match_info["secret"] == "mistake":
            raise KeyError("Asha Rao")
        if request.match_info["secret"] == "socket":
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            await socket.close()
            return socket
        return web.Response(text="here")

    app = web.Application(middlewares=[ours.measured])
    app.router.add_get("/ws-url/{secret}", answer)
    async with TestClient(TestServer(app)) as opened:
        yield opened


async def test_requests_are_measured_by_route_and_never_by_their_address(client: Client, recorded: Recorded) -> None:
    for path in ("/ws-url/topsecret?From=9999900012", "/ws-url/mistake", "/nothing/Asha"):
        await client.get(path)
    await client.post("/ws-url/x")
    assert [(each["http.route"], each["http.response.status_code"]) for each in recorded.labels] == [
        ("/ws-url/{secret}", 200),
        ("/ws-url/{secret}", 500),
        ("unknown", 404),
        ("unknown", 405),
    ]
    assert recorded.labels[-1]["http.request.method"] == "POST"
    assert "topsecret" not in str(recorded.labels) and "Asha" not in str(recorded.labels)


async def test_a_socket_is_no_slow_request(client: Client, recorded: Recorded) -> None:
    async with client.ws_connect("/ws-url/socket") as socket:
        await socket.receive()
    assert recorded.labels == []


async def answered(port: int, *pieces: bytes) -> tuple[int, Mapping[str, Any]]:
    """Send bytes as they are, and return the status and the body, which must be JSON and the last thing that comes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.read()
    finally:
        writer.close()
    assert b"\r\nContent-Type: application/json" in head
    assert b"\r\nContent-Length: %d\r\n" % len(body) in head
    return int(head.split()[1]), json.loads(body)


@pytest.fixture
async def port() -> AsyncIterator[int]:
    async def read(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    async def fail(_: web.Request) -> web.Response:
        raise KeyError("Asha Rao")

    app = web.Application()
    app.router.add_post("/", read)
    app.router.add_post("/mistake", fail)
    runner = ours.Runner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


POST = b"POST / HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize(
    ("pieces", "status", "code"),
    [
        ([b"Asha Rao\r\n\r\n"], 400, "INVALID_INPUT"),
        ([b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"], 400, "INVALID_INPUT"),
        ([b"GET / HTTP/9.9\r\n\r\n"], 400, "INVALID_INPUT"),
        ([b"GET http://[::1 HTTP/1.1\r\nHost: x\r\n\r\n"], 400, "INVALID_INPUT"),
        ([POST + b"Asha Rao\r\n\r\n"], 400, "INVALID_INPUT"),
        ([POST + b"A: " + b"a" * 9000 + b"\r\n\r\n"], 431, "TOO_LARGE"),
        ([POST + b"Content-Length: Asha\r\n\r\n"], 400, "INVALID_INPUT"),
        ([POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc"], 400, "INVALID_INPUT"),
        ([POST + b"Transfer-Encoding: chunked\r\n\r\n", b"Asha\r\n"], 400, "INVALID_INPUT"),
        ([POST + b"Content-Encoding: gzip\r\nContent-Length: 8\r\n\r\nAsha Rao"], 400, "INVALID_INPUT"),
        ([b"POST /mistake HTTP/1.1\r\nHost: x\r\n\r\n"], 500, "INTERNAL"),
    ],
)
async def test_what_cannot_be_read_is_answered_in_the_one_shape_and_never_repeated(
    port: int, pieces: list[bytes], status: int, code: str
) -> None:
    told, body = await answered(port, *pieces)
    assert (told, body["error"]["code"]) == (status, code)
    assert set(body) == {"error"} and set(body["error"]) == {"code", "message"}
    assert "Asha" not in body["error"]["message"]


async def test_requests_that_can_be_read_are_answered_as_ever(port: int) -> None:
    async with aiohttp.ClientSession() as session:
        for _ in range(2):
            async with session.post(f"http://127.0.0.1:{port}/", data=b"whole") as answer:
                assert (answer.status, await answer.read()) == (200, b"whole")
