"""One bidirectional stream: the provider is the client, the service under test the server."""

import asyncio
import json
import os
import socket
import struct
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal

import aiohttp
from yarl import URL

from emulators.exotel.call import Call
from emulators.exotel.ear import Ear
from emulators.exotel.inbox import Inbox
from emulators.exotel.judge import BOTH_SILENT_S, StreamJudge
from emulators.exotel.lift import Lift
from emulators.exotel.persona import DropMoment
from emulators.exotel.pulse import sleep_until
from emulators.exotel.variant import Variant
from emulators.exotel.wire import Message, Wire

HANDSHAKE_S: Final = 10.0
HALF_OPEN_S: Final = 30.0
_CLOSE_S: Final = 2.0
_OPEN_AFTER_STOP_S: Final = 5.0
_BEFORE_START_S: Final = 0.01
"""Long enough for a service that speaks too early to be found out."""
_CUT_MESSAGE: Final = b"\x81\xfe\x04\x00mask" + b"{" * 100
"""The head of a 1024-byte text frame and the first 100 bytes of its body."""
_NORMAL_CODES: Final = (1000, 1001, 1005)


@dataclass(frozen=True, slots=True)
class StreamOutcome:
    """What Passthru is told about a stream."""

    sid: str
    url: str
    status: Literal["completed", "failed", "cancelled"]
    disconnected_by: Literal["user", "bot", "NA"]
    duration_s: float = 0.0
    error: str = ""
    detailed_status: str = ""


class Stream:
    """Carries the caller's voice to the service, and the service's to the caller's ear."""

    def __init__(self, sid: str, call: Call, url: str, variant: Variant) -> None:
        full = URL(url)
        loop = asyncio.get_running_loop()
        self.sid = sid
        self.url = str(full.with_user(None))
        self.opened = loop.time()
        self.live = False
        self.log: list[Message] = []
        """Every message in both directions, without the audio itself."""
        rate = full.query.get("sample-rate") or full.query.get("sample_rate") or "8000"
        rate_hz = variant.sample_rate_hz or int(rate)
        self.judge = StreamJudge(call.findings, call.began)
        self.ear = Ear(rate_hz, self.opened, call.pulse)
        self._headers = (
            {"Authorization": aiohttp.encode_basic_auth(full.user, full.password or "")} if full.user else None
        )
        custom = {key: value for key, value in full.query.items() if key.replace("_", "-") != "sample-rate"}
        self._wire = Wire(sid, call, rate_hz, custom, variant)
        self._inbox = Inbox(sid, self.ear, self.judge, variant, self._record)
        self._lift = Lift(rate_hz)
        self._call = call
        self._variant = variant
        self._now = loop.time
        self._drop: asyncio.Future[DropMoment] = loop.create_future()
        self._last_voice = self.opened
        self._ws: aiohttp.ClientWebSocketResponse

    async def run(self) -> StreamOutcome:
        """Connect, carry audio until one side ends it, and tell how it ended."""
        error = ""
        for _attempt in range(2):  # one automatic retry
            async with aiohttp.ClientSession(headers=self._headers) as session:
                try:
                    self._ws = await self._connect(session)
                except (aiohttp.ClientError, TimeoutError, OSError) as problem:
                    error = f"3009 failed to establish ws conn: {getattr(problem, 'status', type(problem).__name__)}"
                    self._call.note("handshake_failed", error=error)
                    self.judge.broke("handshake", self._now(), error)
                else:
                    try:
                        return await self._converse(session)
                    finally:
                        await self._ws.close()
            if self._call.hung_up.is_set():
                break
        return self._outcome("failed", "NA", error)

    async def press(self, digit: str, *, flat: bool | None = None) -> None:
        """Send one key press; `flat` overrides the variant's shape."""
        flat = self._variant.dtmf == "flat" if flat is None else flat
        await self.send(self._wire.dtmf(digit, flat=flat))

    async def send(self, message: Message) -> None:
        """Send any message, such as an event that no document names."""
        text = json.dumps(message)
        with suppress(ConnectionError):  # the other end has just gone: the listener will notice
            if self._variant.binary_messages:
                await self._ws.send_bytes(text.encode())
            else:
                await self._ws.send_str(text)
        body = message.get(str(message.get("event")))
        details = {key: value for key, value in body.items() if key != "payload"} if isinstance(body, dict) else {}
        self._record("service", str(message.get("event")), details)

    def drop(self, moment: DropMoment) -> None:
        """Lose the network at the given moment: a TCP reset without a close frame."""
        if not self._drop.done():
            self._drop.set_result(moment)

    def view(self) -> Message:
        """Describe the stream: measures for the judge's report."""
        return {
            "sid": self.sid,
            "first_audio_s": self.judge.first_audio_s,
            "most_ahead_s": round(self.judge.most_ahead_s, 3),
            "clear_delays_s": self.judge.clear_delays_s,
            "messages": len(self.log),
        }

    async def _connect(self, session: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
        async with asyncio.timeout(HANDSHAKE_S):
            return await session.ws_connect(
                self.url, max_msg_size=0, timeout=aiohttp.ClientWSTimeout(ws_receive=None, ws_close=_CLOSE_S)
            )

    async def _converse(self, session: aiohttp.ClientSession) -> StreamOutcome:
        self.opened = self.ear.opened = self._last_voice = self._now()
        if self._call.drop_next_stream:
            self._call.drop_next_stream = False
            await self._reset(session, "before start")
            return self._outcome("failed", "NA", "1006 abnormal closure")
        self.live = True
        self._call.ears.append(self.ear)
        self._call.note("stream_opened", stream=self.sid[:8])
        listening = asyncio.create_task(self._listen(), name="listen")
        works = [
            asyncio.create_task(self._talk(), name="talk"),
            asyncio.create_task(self._echo(), name="echo"),
            asyncio.create_task(self._hang_up(), name="hang up"),
            asyncio.create_task(self._lose_network(), name="drop"),
        ]
        try:
            done, _ = await asyncio.wait([listening, *works], return_when=asyncio.FIRST_COMPLETED)
            self._fall_silent()
            await _cancel(works)
            for work in done:
                work.result()
            return await self._part({work.get_name() for work in done}, session, listening)
        finally:
            self._fall_silent()
            await _cancel([listening, *works])

    def _fall_silent(self) -> None:
        if self.live:
            self.live = False
            self.ear.close(self._now())
            self._call.mouth.hush()

    async def _part(
        self, causes: set[str], session: aiohttp.ClientSession, listening: asyncio.Task[None]
    ) -> StreamOutcome:
        if "drop" in causes:
            await _cancel([listening])
            await self._reset(session, self._drop.result())
            return self._outcome("failed", "NA", "1006 abnormal closure")
        if "hang up" in causes and not listening.done():
            await self._leave(listening)
            by_user = self._call.ended_by == "user"
            return self._outcome("cancelled" if by_user else "completed", "user" if by_user else "NA")
        if self._ws.close_code in _NORMAL_CODES:
            return self._outcome("completed", "bot")
        self.judge.broke("abnormal-close", self._now(), f"code {self._ws.close_code}")
        return self._outcome("failed", "NA", f"{self._ws.close_code} closed abnormally")

    async def _talk(self) -> None:
        await self.send({"event": "connected"})
        await asyncio.sleep(_BEFORE_START_S)
        await self.send(self._wire.start())
        self.judge.started(self._now())
        said = bytearray()
        self._call.said.append((self._now(), said))
        frame_ms, sent, was_speaking = self._variant.frame_ms, 0, False
        while True:
            speaking = self._call.mouth.speaking
            if speaking and not was_speaking and self._bot_is_heard():
                self.judge.caller_spoke(self._now())
            pcm = self._call.mouth.take(frame_ms)
            said += pcm
            sent += 1
            await sleep_until(self.opened + sent * frame_ms / 1000)  # sound is sent once it has been picked up
            await self.send(self._wire.media(self._lift(pcm), sent * frame_ms))
            if speaking and not self._call.mouth.speaking:
                self._call.pulse.beat()
            self._watch_silence(speaking)
            was_speaking = speaking

    async def _listen(self) -> None:
        async for message in self._ws:
            if self.live and message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                self._inbox.take(message.data, self._now())

    async def _echo(self) -> None:
        while True:
            for name in self.ear.due_marks(self._now()):
                await self.send(self._wire.mark(name))
            await self._call.pulse.wait(self.ear.next_mark_at())

    async def _hang_up(self) -> None:
        await self._call.hung_up.wait()

    async def _lose_network(self) -> None:
        await asyncio.shield(self._drop)

    async def _leave(self, listening: asyncio.Task[None]) -> None:
        """End the stream from the telephone's side, in the variant's manner."""
        if self._variant.hangup != "close":
            await self.send(self._wire.stop("callended" if self._call.ended_by == "user" else "stopped"))
        stopped = self._now()
        open_s = {"stop": _OPEN_AFTER_STOP_S, "stop_and_close": 0.05, "close": 0.0}[self._variant.hangup]
        await asyncio.wait([listening], timeout=open_s)
        await self._ws.close()
        if self._now() - stopped > _CLOSE_S:
            self.judge.broke("open-after-stop", self._now(), f"{self._now() - stopped:.1f} s")

    async def _reset(self, session: aiohttp.ClientSession, moment: DropMoment) -> None:
        self._call.note("network_lost", moment=moment)
        if moment == "half-open":
            await asyncio.sleep(HALF_OPEN_S)
        connection = self._ws.get_extra_info("socket")
        if connection is not None:
            if moment == "in a message":
                os.write(connection.fileno(), _CUT_MESSAGE)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await session.close()

    def _watch_silence(self, speaking: bool) -> None:
        now = self._now()
        if speaking or self.ear.ahead(now) > 0:
            self._last_voice = now
        elif now - self._last_voice > BOTH_SILENT_S:
            self.judge.broke("left-open", now)
            self._last_voice = now

    def _bot_is_heard(self) -> bool:
        now = self._now()
        return any(span.start <= now < span.end for span in self.ear.spans)

    def _record(self, to: str, event: str, body: Message) -> None:
        self.log.append({"at_s": round(self._now() - self.opened, 3), "to": to, "event": event, "body": body})

    def _outcome(
        self, status: Literal["completed", "failed", "cancelled"], by: Literal["user", "bot", "NA"], error: str = ""
    ) -> StreamOutcome:
        duration_s = self._now() - self.opened if self.log else 0.0
        self._call.note("stream_closed", stream=self.sid[:8], status=status, by=by, error=error)
        return StreamOutcome(self.sid, self.url, status, by, duration_s, error)


async def _cancel(works: Sequence[asyncio.Task[None]]) -> None:
    for work in works:
        work.cancel()
    await asyncio.gather(*works, return_exceptions=True)
