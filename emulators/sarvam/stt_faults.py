"""What goes wrong at the end of an utterance, on either STT socket."""

import asyncio
from collections.abc import Mapping
from typing import Any

from emulators.sarvam.faults import Fault, Faults
from emulators.sarvam.provider import Provider
from emulators.sarvam.sockets import Socket


async def sleep_until_due(provider: Provider, ended_at: float) -> None:
    """Wait until the final of an utterance that ended at a loop time may be sent."""
    slow = provider.faults.take(Fault.STT_SLOW_FINAL)
    delay = slow.number if slow else provider.latency.stt_final_s
    await asyncio.sleep(max(0.0, ended_at + delay - asyncio.get_running_loop().time()))


async def strike_at_end(provider: Provider, socket: Socket, fatal: Mapping[str, Any]) -> None:
    """Let the faults strike that come instead of a final, or before it; `Dropped` when they end the session."""
    faults = provider.faults
    if hit := faults.take(Fault.STT_CLOSE):
        await socket.close(int(hit.number))
    if faults.take(Fault.STT_FATAL):
        await socket.send(fatal)
        await socket.close(1011, "internal error")
    if faults.take(Fault.STT_UNKNOWN_EVENT):
        await socket.send({"event": "model.mood", "type": "mood", "data": {"mood": "fine"}, "mood": "fine"})
    if faults.take(Fault.STT_NOT_JSON):
        await socket.send_text("<html>not json")


def spoil_text(faults: Faults, text: str) -> str:
    """Empty a transcript or make it very long, where a fault asks for it."""
    if faults.take(Fault.STT_EMPTY_TEXT):
        return ""
    if hit := faults.take(Fault.STT_LONG_TEXT):
        return " ".join([text or "um"] * int(hit.number))
    return text
