"""What the carrier's socket costs by WebSocket library: frames of 20 ms read, 100 ms pieces sent, nothing else done.

Each library serves in a process of its own, with the product's own reading and writing of messages, while a client
sends every call a frame each 20 ms over loopback. What is measured is the server's CPU time. Libraries that are not
installed are left out: only aiohttp is the product's; try the others with `pip install picows websockets` in a copy of
the environment.
"""

import argparse
import asyncio
import base64
import importlib.util
import json
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, Final

import uvloop
from aiohttp import ClientSession, ClientWebSocketResponse, web

from bench.lines import table
from services.telephony.media import Inbound, Media, Outbound, Started, parse
from voicekit.audio import FRAME_BYTES, FRAME_MS

PIECE_FRAMES: Final = 5
_START: Final = Started("stream", "call")


class Call:
    """What the product does with a frame before it hears it, and with a piece of sound before it is sent."""

    def __init__(self) -> None:
        self._inbound, self._outbound, self._frames = Inbound(_START), Outbound("stream"), 0

    def take(self, data: str | bytes) -> str:
        """Read a message; return one to send after every fifth, empty otherwise."""
        message = parse(data)
        if not isinstance(message, Media):
            return ""
        self._inbound.feed(message.payload)
        self._frames += 1
        return "" if self._frames % PIECE_FRAMES else self._outbound.media(bytes(FRAME_BYTES * PIECE_FRAMES))


async def serve_aiohttp() -> int:
    """Serve, and return the port."""

    async def handle(request: web.Request) -> web.WebSocketResponse:
        socket, call = web.WebSocketResponse(autoping=False, compress=False), Call()
        await socket.prepare(request)
        async for frame in socket:
            if answer := call.take(frame.data):
                await socket.send_str(answer)
        return socket

    app = web.Application()
    app.router.add_get("/", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port: int = runner.addresses[0][1]
    return port


async def serve_websockets() -> int:
    """Serve, and return the port."""
    websockets: Any = importlib.import_module("websockets.asyncio.server")
    closed = importlib.import_module("websockets.exceptions").ConnectionClosed

    async def handle(socket: Any) -> None:
        call = Call()
        with suppress(closed):
            async for data in socket:
                if answer := call.take(data):
                    await socket.send(answer)

    server = await websockets.serve(handle, "127.0.0.1", 0, compression=None)
    port: int = server.sockets[0].getsockname()[1]
    return port


async def serve_picows() -> int:
    """Serve, and return the port."""
    picows: Any = importlib.import_module("picows")

    class Listener(picows.WSListener):  # type: ignore[misc]  # typed as Any: it may not be installed
        def on_ws_connected(self, transport: Any) -> None:
            self.call = Call()

        def on_ws_frame(self, transport: Any, frame: Any) -> None:
            if answer := self.call.take(frame.get_payload_as_bytes()):
                transport.send(picows.WSMsgType.TEXT, answer.encode())

    server = await picows.ws_create_server(lambda _: Listener(), "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    return port


LIBRARIES: Final[dict[str, Callable[[], Any]]] = {
    "aiohttp": serve_aiohttp,
    "websockets": serve_websockets,
    "picows": serve_picows,
}


def _serve(library: str, pipe: Connection) -> None:
    async def run() -> None:
        pipe.send(await LIBRARIES[library]())
        ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(pipe.fileno(), ended.set)
        await ended.wait()
        pipe.recv()
        began = time.process_time()
        ended.clear()
        await ended.wait()
        pipe.send(time.process_time() - began)

    uvloop.run(run())


async def _drop_all(socket: ClientWebSocketResponse) -> None:
    async for _ in socket:
        pass


async def _send(port: int, calls: int, seconds: float, pipe: Connection) -> None:
    sound = base64.b64encode(os.urandom(FRAME_BYTES)).decode()
    frame = json.dumps({"event": "media", "stream_sid": "stream", "media": {"chunk": "2", "payload": sound}})
    loop = asyncio.get_running_loop()
    async with ClientSession() as client:
        sockets = [await client.ws_connect(f"http://127.0.0.1:{port}/", compress=0) for _ in range(calls)]
        readers = [asyncio.create_task(_drop_all(socket)) for socket in sockets]
        pipe.send("begin")
        began = loop.time()
        for turn in range(round(seconds * 1000 / FRAME_MS)):
            for socket in sockets:
                await socket.send_str(frame)
            await asyncio.sleep(began + (turn + 1) * FRAME_MS / 1000 - loop.time())
        pipe.send("end")
        for reader in readers:
            reader.cancel()


def measure(library: str, calls: int, seconds: float) -> float:
    """Return the CPU milliseconds that a second of one call costs with this library."""
    context = multiprocessing.get_context("fork")  # nothing runs in this process yet that would not survive it
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(library, theirs), daemon=True)
    process.start()
    try:
        uvloop.run(_send(ours.recv(), calls, seconds, ours))
        cpu_s: float = ours.recv()
    finally:
        process.terminate()
        process.join()
    return cpu_s * 1000 / calls / seconds


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=50, help="calls at once (default 50)")
    parser.add_argument("--seconds", type=float, default=5.0, help="length of a run (default 5)")
    parser.add_argument("--runs", type=int, default=3, help="runs, of which the median is told (default 3)")
    options = parser.parse_args()
    installed = [name for name in LIBRARIES if importlib.util.find_spec(name)]
    found: dict[str, list[float]] = {name: [] for name in installed}
    for _ in range(options.runs):
        for name in installed:
            found[name].append(measure(name, options.calls, options.seconds))
    bare = statistics.median(found["aiohttp"])
    rows = [
        (
            name,
            f"{statistics.median(costs):.2f}",
            f"{min(costs):.2f}-{max(costs):.2f}",
            f"{statistics.median(costs) / bare:.2f}",
        )
        for name, costs in found.items()
    ]
    print(f"{options.calls} calls, frames of {FRAME_MS} ms, median of {options.runs}")
    print(table(("library", "CPU-ms per call-second", "spread", "times aiohttp"), rows))
    if left_out := set(LIBRARIES) - set(installed):
        print(f"Not installed, so left out: {', '.join(sorted(left_out))}")


if __name__ == "__main__":
    main()
