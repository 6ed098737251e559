"""A plain client of the sockets, as a test needs it: it knows nothing of the emulator but its address."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp

from emulators.audio import ulaw_encode
from emulators.sarvam import SarvamEmulator

KEY = {"api-subscription-key": "test-key"}
REALTIME = "/speech-to-text-realtime/ws"
LEGACY = "/speech-to-text/ws"
TTS = "/text-to-speech/ws"
TELEPHONE = {"encoding": "mulaw", "sample_rate": "8000"}


class Wire:
    """One open socket."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws

    async def send(self, **message: Any) -> None:
        await self.ws.send_json(message)

    async def next(self, timeout: float = 30.0) -> dict[str, Any]:
        """Receive the next message; fails when the socket is closed instead."""
        message: dict[str, Any] = await self.ws.receive_json(timeout=timeout)
        return message

    async def until(self, event: str, timeout: float = 30.0) -> list[dict[str, Any]]:
        """Receive up to the first message with this event (or type), and return all of them."""
        received = [await self.next(timeout)]
        while event not in {received[-1].get("event"), received[-1].get("type"), _signal(received[-1])}:
            received.append(await self.next(timeout))
        return received

    async def closing(self, timeout: float = 90.0) -> int | None:
        """Receive until the socket is closed; returns the code, None when the line just died."""
        while True:
            message = await self.ws.receive(timeout=timeout)
            if message.type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}:
                return self.ws.close_code if message.type is aiohttp.WSMsgType.CLOSE else None

    async def say(self, pcm: bytes, *, piece_ms: int = 100) -> None:
        """Send 8 kHz PCM as mu-law `audio_input`, as fast as it would be spoken."""
        for at in range(0, len(pcm), 16 * piece_ms):
            coded = ulaw_encode(pcm[at : at + 16 * piece_ms])
            await self.send(event="audio_input", audio=base64.b64encode(coded).decode())
            await asyncio.sleep(len(coded) / 8000)

    async def hear_reply(self) -> tuple[bytes, list[float]]:
        """Receive audio up to `final`; returns all of it and the loop time of each chunk."""
        audio, times = b"", []
        while _signal(message := await self.next()) != "final":
            audio += base64.b64decode(message["data"]["audio"])
            times.append(asyncio.get_running_loop().time())
        return audio, times


def _signal(message: dict[str, Any]) -> str | None:
    data = message.get("data")
    return (data.get("event_type") or data.get("signal_type")) if isinstance(data, dict) else None


@asynccontextmanager
async def connect(
    sarvam: SarvamEmulator, path: str, headers: dict[str, str] = KEY, /, **query: str
) -> AsyncIterator[Wire]:
    """Open a socket; query names with a hyphen are written with two underscores."""
    params = {name.replace("__", "-"): value for name, value in query.items()}
    async with (
        aiohttp.ClientSession(sarvam.ws_base) as session,
        session.ws_connect(path, params=params, headers=headers) as ws,
    ):
        yield Wire(ws)


SPEECH: Final = {"text": "yes", "language_code": "en-IN", "speech_sample_rate": 8000, "output_audio_codec": "linear16"}
CONFIG: Final = {name: value for name, value in SPEECH.items() if name != "text"}
LONG: Final = "मैं पाँच तारीख को भर दूँगा"


async def reply(wire: Wire, text: str = LONG) -> None:
    await wire.send(type="text", data={"text": text})
    await wire.send(type="flush")
