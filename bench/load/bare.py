"""Measures the floor: what it costs to take in and give back the frames of N calls, and do nothing else."""

import asyncio
import socket
from functools import partial
from pathlib import Path
from typing import Final

from bench.load.beat import Beat
from bench.load.floor import available
from bench.load.meters import cpu_s
from bench.load.rig import Cores, on_cores
from bench.load.speech import NOISES, Stock
from bench.load.wire import Socket, frame
from local.processes import Processes, Program

SETTLE_S: Final = 1.5


class Bare:
    """A call that only sends and receives."""

    def __init__(self, number: int, stock: Stock) -> None:
        self._frames, self._at = stock.idle[NOISES[number % len(NOISES)]], number
        self.received = 0
        self.socket: Socket | None = None

    def tick(self, _due: float) -> None:
        """Send one frame."""
        self._at += 1
        payload = self._frames[self._at % len(self._frames)]
        head = b'{"event":"media","sequence_number":"%d","stream_sid":"floor","media":{"chunk":"%d","timestamp":"%d"'
        if self.socket:
            message = head % (self._at, self._at, self._at * 20) + b',"payload":"%b"}}' % payload
            self.socket.write(frame(message))

    def take(self, _text: bytes) -> None:
        """Take one frame back."""
        self.received += 1


async def floors(calls: int, seconds: float, stock: Stock, cores: Cores, folder: Path) -> list[dict[str, object]]:
    """Measure each library that is installed; CPU-milliseconds of a call's second."""
    found: list[dict[str, object]] = []
    for name in available():
        processes, port = Processes(folder / "logs"), _free_port()
        arguments = ("-m", "bench.load.floor", "--port", str(port), "--library", name)
        try:
            with on_cores(cores.product):
                await processes.start(Program("floor", arguments, ready=partial(_listens, port)))
            found.append({"name": name, **await _floor(port, processes.pid("floor"), calls, seconds, stock)})
        finally:
            await processes.stop_all()
    return found


async def _floor(port: int, pid: int, calls: int, seconds: float, stock: Stock) -> dict[str, object]:
    beat = Beat(stock.frame_ms)
    try:
        callers = [Bare(number, stock) for number in range(calls)]
        for caller in callers:
            caller.socket = await Socket.connect(f"ws://127.0.0.1:{port}/floor", caller.take, lambda _: None)
            beat.add(caller.tick)
        await asyncio.sleep(SETTLE_S)
        before = cpu_s(pid)
        await asyncio.sleep(seconds)
        spent = cpu_s(pid) - before
        echoed = min(caller.received for caller in callers)
        for caller in callers:
            if caller.socket:
                caller.socket.close()
        return {"calls": calls, "cpu_ms": 1000 * spent / seconds / calls, "least_echoed": echoed}
    finally:
        beat.stop()


async def _listens(port: int) -> bool:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
