"""The emulator as a web application, and as a server that a test or the demo starts."""

import asyncio
import json
import re
import socket
import struct
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import unquote

from aiohttp import web

from emulators.bedrock import event_stream
from emulators.bedrock.admin import Admin
from emulators.bedrock.brain import Brain, Latency
from emulators.bedrock.errors import Refusal, invalid
from emulators.bedrock.faults import Fault
from emulators.bedrock.mind import Rule
from emulators.bedrock.quotas import Quota
from emulators.bedrock.signature import check_signature

_OPERATION: Final = re.compile(r"/model/(?P<model>[^/]+)/(?P<operation>[a-z-]+)")
_HTML: Final = "<html><body>503 Service Temporarily Unavailable</body></html>"


def utc_now() -> datetime:
    """Return the wall's present."""
    return datetime.now(UTC)


class BedrockEmulator:
    """The emulator on a loopback port, as long as an `async with` lasts.

    Args:
        script: what the model answers to which words; nothing is found in words that no rule fits.
        host: address to listen on.
        port: 0 picks a free one.
        region: where it stands; requests signed for another region are refused.
        secrets: secret access keys by access key id, to check signatures with; empty: any signature is let in.
        application_profiles: model ids by application inference profile id.
        quota: requests and tokens a minute.
        latency_s: median time of an answer; see `Latency` for its spread.
        latency_spread: 0 for a constant latency.
        seed: of everything random.
        now: the wall's present, against which signatures are fresh.
    """

    def __init__(
        self,
        script: Iterable[Rule] = (),
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        region: str = "ap-south-1",
        secrets: Mapping[str, str] | None = None,
        application_profiles: Mapping[str, str] | None = None,
        quota: Quota | None = None,
        latency_s: float = 0.3,
        latency_spread: float = 0.0,
        seed: int = 0,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.brain = Brain(
            list(script),
            application_profiles=application_profiles or {},
            quota=quota or Quota(),
            latency=Latency(latency_s, latency_spread),
            seed=seed,
        )
        self._host, self._port = host, port
        self._region, self._secrets, self._now = region, secrets or {}, now
        self._running = AsyncExitStack()

    @property
    def url(self) -> str:
        """What `endpoint_url` or `AWS_ENDPOINT_URL_BEDROCK_RUNTIME` is set to."""
        return f"http://{self._host}:{self._port}"

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=8 * 2**20)
        app.add_routes(Admin(self.brain).routes())
        # Model ids hold encoded slashes and colons, so everything else is routed by the raw path.
        app.router.add_route("*", "/{path:.*}", self._serve)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        self._running.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, self._host, self._port).start()
        self._port = runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._running.aclose()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        request_id = str(uuid.UUID(int=self.brain.chance.getrandbits(128), version=4))
        try:
            answer, streamed = await self._answer(request, request_id)
            response = await (self._stream if streamed else self._send)(request, answer, request_id)
        except Refusal as refusal:
            response = refusal.response()
            response.headers["x-amzn-RequestId"] = request_id
        return response

    async def _answer(self, request: web.Request, request_id: str) -> tuple[dict[str, Any], bool]:
        """Answer a Converse request; returns also whether it wants a stream."""
        body = await request.read()
        check_signature(request, body, region=self._region, now=self._now(), secrets=self._secrets)
        found = _OPERATION.fullmatch(request.raw_path.partition("?")[0])
        if not found or request.method != "POST":
            raise Refusal(404, "UnknownOperationException", "There is no such operation.")
        if found["operation"] not in {"converse", "converse-stream"}:
            raise invalid(f"The emulator answers converse and converse-stream, not {found['operation']}.")
        try:
            parsed = json.loads(body)
        except ValueError:
            raise Refusal(400, "SerializationException", "The request body is no JSON.") from None
        answer = await self.brain.converse(unquote(found["model"]), parsed, request_id)
        return answer, found["operation"] == "converse-stream"

    async def _send(self, request: web.Request, answer: dict[str, Any], request_id: str) -> web.StreamResponse:
        faults, body = self.brain.faults, json.dumps(answer).encode()
        if faults.take(Fault.UNAVAILABLE_HTML):
            return web.Response(status=503, text=_HTML, content_type="text/html")
        headers = {"Content-Type": "application/json", "x-amzn-RequestId": request_id}
        if faults.take(Fault.TRUNCATED):
            body = body[: len(body) // 2]
        stall, reset, stale = faults.take(Fault.STALL), faults.take(Fault.RESET), faults.take(Fault.STALE)
        if not (stall or reset or stale):
            return web.Response(body=body, headers=headers)
        response = web.StreamResponse(headers=headers)
        response.content_length = len(body)
        await response.prepare(request)
        if stall:
            await asyncio.sleep(float(stall.value))
        await response.write(body[: len(body) // 2] if reset else body)
        if reset:
            _reset(request)
        elif stale and request.transport is not None:
            request.transport.close()  # behind the client's back: it finds out with its next request
        return response

    async def _stream(self, request: web.Request, answer: dict[str, Any], request_id: str) -> web.StreamResponse:
        headers = {"Content-Type": event_stream.CONTENT_TYPE, "x-amzn-RequestId": request_id}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        with suppress(ConnectionError):  # the client may have had enough of it
            async for message in self._messages(answer):
                await response.write(message)
            await response.write_eof()
        return response

    async def _messages(self, answer: dict[str, Any]) -> AsyncIterator[bytes]:
        """Cut an answer into the events of a stream, or break it off as a fault asks for."""
        faults, event = self.brain.faults, event_stream.event
        yield event("messageStart", {"role": "assistant"})
        for index, block in enumerate(answer["output"]["message"]["content"]):
            if "toolUse" in block:
                start = {name: block["toolUse"][name] for name in ("toolUseId", "name")}
                yield event("contentBlockStart", {"contentBlockIndex": index, "start": {"toolUse": start}})
            for piece in _pieces(block):
                broken = faults.take(Fault.STREAM_BAD_CRC) is not None
                yield event("contentBlockDelta", {"contentBlockIndex": index, "delta": piece}, broken=broken)
            if faults.take(Fault.STREAM_CUT):
                return
            if faults.take(Fault.STREAM_THROTTLED):
                yield event_stream.exception("throttlingException", "Too many requests.")
                return
            yield event("contentBlockStop", {"contentBlockIndex": index})
        yield event("messageStop", {"stopReason": answer["stopReason"]})
        yield event("metadata", {"usage": answer["usage"], "metrics": answer["metrics"]})


def _reset(request: web.Request) -> None:
    """Cut the TCP connection so that the client sees a reset and no orderly end."""
    if request.transport is not None:
        connection = request.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()


def _pieces(block: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Cut a block into deltas; a tool's input comes as fragments of a JSON text, cut anywhere, in escapes too."""
    if "toolUse" in block:
        text = json.dumps(block["toolUse"]["input"])
        return [{"toolUse": {"input": text[at : at + 7]}} for at in range(0, len(text), 7)]
    if "reasoningContent" in block:
        return [{"reasoningContent": {"text": block["reasoningContent"]["reasoningText"]["text"]}}]
    return [{"text": word} for word in re.findall(r"\S+\s*", block["text"])]
