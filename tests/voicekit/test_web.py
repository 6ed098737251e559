from collections.abc import AsyncIterator, Mapping

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
