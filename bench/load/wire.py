"""A WebSocket client that costs next to nothing: one protocol object a call, frames written as bytes.

Its masking key is zero, which leaves the payload as it is; the server unmasks all the same.
"""

import asyncio
import base64
import os
import struct
from collections.abc import Callable
from typing import Final, Self
from urllib.parse import urlsplit

_TEXT: Final = 0x1
_CLOSE: Final = 0x8
_PING: Final = 0x9
_PONG: Final = 0xA
_MASKED: Final = 0x80
_KEY: Final = bytes(4)


class Refused(Exception):
    """The server did not take the handshake; the text is its first line."""


def frame(payload: bytes, opcode: int = _TEXT) -> bytes:
    """Return a whole frame of the client's side."""
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, _MASKED | size)) + _KEY + payload
    return struct.pack("!BBH", 0x80 | opcode, _MASKED | 126, size) + _KEY + payload


class Socket(asyncio.Protocol):
    """One connection. `on_text` is called with each message, `on_close` once with the close code, 1006 for none."""

    def __init__(self, on_text: Callable[[bytes], None], on_close: Callable[[int], None]) -> None:
        self._on_text, self._on_close = on_text, on_close
        self._transport: asyncio.Transport | None = None
        self._data = bytearray()
        self._parts = bytearray()
        self._open: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._closed = False

    @classmethod
    async def connect(cls, url: str, on_text: Callable[[bytes], None], on_close: Callable[[int], None]) -> Self:
        """Open a socket; `Refused` or `OSError` when that fails."""
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 80
        _, socket = await asyncio.get_running_loop().create_connection(lambda: cls(on_text, on_close), host, port)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        key = base64.b64encode(os.urandom(16)).decode()
        lines = (
            f"GET {path} HTTP/1.1",
            f"Host: {host}:{port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
        )
        socket.write("\r\n".join((*lines, "", "")).encode())
        async with asyncio.timeout(10):
            await socket._open
        return socket

    def write(self, data: bytes) -> None:
        """Send bytes that are frames already."""
        if self._transport and not self._closed:
            self._transport.write(data)

    def send(self, text: bytes) -> None:
        """Send a message."""
        self.write(frame(text))

    def close(self) -> None:
        """Say goodbye and close."""
        if self._transport and not self._closed:
            self._transport.write(frame(struct.pack("!H", 1000), _CLOSE))
            self._closed = True
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take bytes: the answer to the handshake, then frames."""
        self._data += data
        if not self._open.done():
            end = self._data.find(b"\r\n\r\n")
            if end < 0:
                return
            first = bytes(self._data).split(b"\r\n", 1)[0]
            del self._data[: end + 4]
            if b" 101 " not in first + b" ":
                self._open.set_exception(Refused(first.decode(errors="replace")))
                return
            self._open.set_result(None)
        self._read_frames()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell that it is over."""
        if not self._open.done():
            self._open.set_exception(Refused("the connection was closed"))
        self._end(1006)

    def _read_frames(self) -> None:
        data, at = self._data, 0
        while len(data) - at >= 2:
            size, head = data[at + 1] & 0x7F, 2
            if size == 126:
                head = 4
            elif size == 127:
                head = 10
            if len(data) - at < head:
                break
            if head > 2:
                size = int.from_bytes(data[at + 2 : at + head], "big")
            if len(data) - at < head + size:
                break
            payload = bytes(data[at + head : at + head + size])
            self._take(data[at], payload)
            at += head + size
        del data[:at]

    def _take(self, first: int, payload: bytes) -> None:
        opcode = first & 0x0F
        if opcode == _PING:
            self.write(frame(payload, _PONG))
        elif opcode == _CLOSE:
            code = int.from_bytes(payload[:2], "big") if len(payload) >= 2 else 1005
            self.write(frame(payload[:2], _CLOSE))
            self._end(code)
        elif opcode != _PONG:
            self._parts += payload
            if first & 0x80:
                message, self._parts = bytes(self._parts), bytearray()
                self._on_text(message)

    def _end(self, code: int) -> None:
        if not self._closed:
            self._closed = True
            self._on_close(code)
        if self._transport:
            self._transport.close()
