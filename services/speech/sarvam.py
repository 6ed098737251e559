"""What all of Sarvam's interfaces share: the account, the names of languages, sockets, and what an error means.

Odia is `od-IN` on most of them and `or-IN` on the realtime socket; "find it out" has three spellings. Nothing that
leaves this file holds the key, an address or a text of the provider's: its messages quote what was sent.

Source: Sarvam's API reference and Python SDK 0.1.39.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp
import orjson
import structlog

from services.speech.ports import ProviderRefused
from voicekit.errors import ProviderDown
from voicekit.languages import LANGUAGES

log = structlog.get_logger(__name__)

_OURS: Final[Mapping[str, str]] = {
    **{code: code for code in LANGUAGES},
    "od-IN": "or-IN",
    # Near enough that the borrower is understood, and understands.
    "ur-IN": "hi-IN",
    "mai-IN": "hi-IN",
    "doi-IN": "hi-IN",
    "ne-IN": "hi-IN",
}


def to_sarvam(language: str) -> str:
    """Return the code by which all but the realtime socket know one of our languages; "unknown" for an empty one."""
    return "od-IN" if language == "or-IN" else language or "unknown"


def to_realtime(language: str) -> str:
    """Return the code by which the realtime socket knows one of our languages; "auto" for an empty one."""
    return language or "auto"


def from_sarvam(code: object) -> str:
    """Return our code for one of theirs, in either spelling; empty when it is none of ours."""
    return _OURS.get(code, "") if isinstance(code, str) else ""


def number(value: object) -> float | None:
    """Read a number that may come as a text; None when it is none."""
    try:
        return float(value) if isinstance(value, int | float | str) else None
    except ValueError:
        return None


def error_of(status: int, code: str) -> ProviderDown:
    """Return what an answer with this HTTP status and error code means for the next attempt."""
    label = code if re.fullmatch(r"[a-z_]{1,60}", code) else "no code"
    words = f"Sarvam answered {status} ({label})"
    quota = status == 402 or (status == 429 and "quota" in code)
    transient = status in (408, 409, 429) or status >= 500
    return ProviderDown(words) if transient and not quota else ProviderRefused(words)


def _code_in(body: bytes) -> str:
    try:
        return str(orjson.loads(body)["error"]["code"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ""


async def _failures_are_errors(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Raise for every answer but success, also to a handshake, whose body tells used-up quota from haste."""
    response = await handler(request)
    if response.status < 400:
        return response
    try:
        body = await response.content.read(4096)
    except aiohttp.ClientError:
        body = b""
    response.close()
    raise error_of(response.status, _code_in(body))


class JsonSocket:
    """A socket that carries JSON objects, both ways."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    @property
    def closed(self) -> bool:
        """Whether it is known to be closed."""
        return self._socket.closed

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send one object; `ProviderDown` when the socket is closed."""
        try:
            await self._socket.send_str(orjson.dumps(message).decode())
        except (aiohttp.ClientError, ConnectionError):
            raise ProviderDown("Sarvam's socket closed while we sent") from None

    async def receive(self) -> dict[str, Any]:
        """Return the next object, whatever else comes left out; `SocketClosed` when there will be none."""
        while True:
            message = await self._socket.receive()
            if message.type is aiohttp.WSMsgType.TEXT:
                try:
                    value = orjson.loads(message.data)
                except orjson.JSONDecodeError:
                    continue
                if isinstance(value, dict):
                    return value
            elif message.type is not aiohttp.WSMsgType.BINARY:
                raise SocketClosed(self._socket.close_code or 1006)

    async def close(self) -> None:
        """Close it, without waiting long for the other side."""
        await self._socket.close()


class SocketClosed(ProviderDown):
    """The other side closed the socket, or the line to it broke."""

    def __init__(self, code: int) -> None:
        super().__init__(f"Sarvam's socket closed with {code}")
        self.code = code


class SarvamAccount:
    """Our account: one HTTP client, its key and the addresses."""

    def __init__(self, http: aiohttp.ClientSession, *, http_base: str, ws_base: str) -> None:
        self._http, self._http_base, self._ws_base = http, http_base.rstrip("/"), ws_base.rstrip("/")

    @classmethod
    @asynccontextmanager
    async def open(cls, *, key: str, http_base: str, ws_base: str) -> AsyncIterator["SarvamAccount"]:
        """Open the client that all requests share."""
        async with aiohttp.ClientSession(
            headers={"api-subscription-key": key},
            middlewares=[_failures_are_errors],
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=60),
            auto_decompress=True,
        ) as http:
            yield cls(http, http_base=http_base, ws_base=ws_base)

    async def connect(
        self, path: str, parameters: Mapping[str, str], *, heartbeat_s: float | None = None
    ) -> JsonSocket:
        """Open a socket; `ProviderDown` or `ProviderRefused` when that fails."""
        try:
            socket = await self._http.ws_connect(
                f"{self._ws_base}{path}",
                params=parameters,
                heartbeat=heartbeat_s,
                timeout=aiohttp.ClientWSTimeout(ws_close=0.2),
                max_msg_size=1 << 22,
            )
        except (aiohttp.ClientError, OSError) as error:
            raise ProviderDown(f"Sarvam's socket does not open ({type(error).__name__})") from None
        return JsonSocket(socket)

    async def post(self, path: str, *, within_s: float, **body: Any) -> dict[str, Any]:
        """Send a request and return the object it is answered with; `ProviderDown` when none comes in time."""
        try:
            async with (
                asyncio.timeout(within_s),
                self._http.post(f"{self._http_base}{path}", allow_redirects=False, **body) as response,
            ):
                answer = orjson.loads(await response.read())
        except TimeoutError:
            raise ProviderDown("Sarvam did not answer in time") from None
        except (aiohttp.ClientError, OSError, orjson.JSONDecodeError) as error:
            raise ProviderDown(f"Sarvam's answer did not arrive whole ({type(error).__name__})") from None
        if not isinstance(answer, dict):
            raise ProviderDown("Sarvam answered something unknown")
        return answer
