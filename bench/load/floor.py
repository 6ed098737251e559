"""The floor: a bare server that decodes each frame and sends it back, and runs nothing else."""

import argparse
import asyncio
import base64
import signal
from collections.abc import Awaitable, Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

import orjson
from aiohttp import WSMsgType, web


def echo(data: str | bytes) -> bytes | None:
    """Decode one message and encode it anew; None for one without sound."""
    message = orjson.loads(data)
    if message["event"] != "media":
        return None
    pcm = base64.b64decode(message["media"]["payload"])
    payload = base64.b64encode(pcm).decode()
    return orjson.dumps({"event": "media", "stream_sid": message["stream_sid"], "media": {"payload": payload}})


async def serve_aiohttp(port: int) -> None:
    """Serve with aiohttp."""

    async def handle(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        async for frame in socket:
            if frame.type is WSMsgType.TEXT and (answer := echo(frame.data)):
                await socket.send_str(answer.decode())
        return socket

    app = web.Application()
    app.router.add_get("/floor", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()


async def serve_picows(port: int) -> None:
    """Serve with picows, where it is installed."""
    # Typed as Any: compiled code, which need not be there.
    picows: Any = import_module("picows")

    class Echo(picows.WSListener):  # type: ignore[misc]  # its base is Any
        def on_ws_frame(self, transport: Any, frame: Any) -> None:
            if frame.msg_type == picows.WSMsgType.TEXT and (answer := echo(frame.get_payload_as_bytes())):
                transport.send(picows.WSMsgType.TEXT, answer)
            elif frame.msg_type == picows.WSMsgType.CLOSE:
                transport.disconnect()

    await picows.ws_create_server(lambda _: Echo(), "127.0.0.1", port)


SERVERS: Final[dict[str, Callable[[int], Awaitable[None]]]] = {"aiohttp": serve_aiohttp, "picows": serve_picows}


def available() -> list[str]:
    """Return the libraries that are installed."""
    return [name for name in SERVERS if find_spec(name)]


async def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m bench.load.floor", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--library", choices=tuple(SERVERS), default="aiohttp")
    options = parser.parse_args()
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await SERVERS[options.library](options.port)
    await stopped.wait()


if __name__ == "__main__":
    asyncio.run(main())
