"""gRPC without a wire: stubs meet servicers in this loop, so that a virtual clock rules what lies between.

Messages travel as bytes and errors as statuses, through the real interceptor; a stream's reader slows its writer, and
either side may be lost. What only the real wire shows is tested in `tests/wire`.
"""

import asyncio
import contextvars
import math
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final

import grpc
import grpc.aio

from voicekit.interceptors import ServerErrors

WINDOW: Final = 16
"""Messages of a stream that may wait for whoever reads them."""


def _error(code: grpc.StatusCode, details: str) -> grpc.aio.AioRpcError:
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(), details)


class LoopbackServer:
    """Takes what the generated `add_..._to_server` functions register."""

    def __init__(self) -> None:
        self._handlers: dict[str, Any] = {}

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Any]) -> None:
        self._handlers.update({f"/{service}/{method}": handler for method, handler in handlers.items()})

    def add_generic_rpc_handlers(self, _: object) -> None:
        """The same handlers once more, for older runtimes."""

    async def handler(self, path: str) -> Any:
        """Return the handler of a method, with all that happens around it."""
        details = _Details()
        details.method, details.invocation_metadata = path, ()

        async def found(_: object) -> Any:
            return self._handlers[path]

        return await ServerErrors().intercept_service(found, details)


class _Details(grpc.HandlerCallDetails):
    method: Any
    invocation_metadata: Any


class LoopbackChannel:
    """Does for stubs what a `grpc.aio.Channel` does, and what a pool of one does."""

    def __init__(self, server: LoopbackServer) -> None:
        self.server = server
        self.calls: set[_Call] = set()
        """Those that are under way."""
        self.down = False
        """Whether nobody answers any more."""

    def next(self) -> "LoopbackChannel":
        return self

    def lose(self) -> None:
        """Lose all that is under way, as when the server's machine fails."""
        for call in list(self.calls):
            call.end(_error(grpc.StatusCode.UNAVAILABLE, "the connection was lost"))

    def stream_stream(self, path: str, request_serializer: Any, response_deserializer: Any, **_: object) -> Any:
        def begin(requests: AsyncIterator[Any], *, timeout: float | None = None, metadata: object = None) -> _Call:
            async def written() -> AsyncIterator[bytes]:
                async for request in requests:
                    yield request_serializer(request)

            return _Call(self, path, timeout, response_deserializer, written())

        return begin

    def unary_stream(self, path: str, request_serializer: Any, response_deserializer: Any, **_: object) -> Any:
        def begin(request: Any, *, timeout: float, metadata: object = None) -> _Call:
            return _Call(self, path, timeout, response_deserializer, request_serializer(request))

        return begin

    def unary_unary(self, path: str, request_serializer: Any, response_deserializer: Any, **_: object) -> Any:
        async def ask(request: Any, *, timeout: float) -> Any:
            call = _Call(self, path, timeout, response_deserializer, request_serializer(request))
            try:
                return await anext(aiter(call))
            finally:
                call.cancel()

        return ask

    def stream_unary(self, path: str, **_: object) -> Any:
        """No telephone call uploads anything."""


class _Aborted(grpc.aio.AbortError):
    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        super().__init__(details)
        self.status = _error(code, details)


class _Call:
    """One call: the client reads and cancels it; the server is a task of its own, which knows nothing of its client."""

    def __init__(
        self,
        channel: LoopbackChannel,
        path: str,
        timeout: float | None,
        deserialize: Callable[[bytes], Any],
        sent: bytes | AsyncIterator[bytes],
    ) -> None:
        loop = asyncio.get_running_loop()
        self._channel, self._deserialize, self._sent = channel, deserialize, sent
        self.until = loop.time() + timeout if timeout is not None else math.inf
        self.responses: asyncio.Queue[bytes | grpc.aio.AioRpcError | None] = asyncio.Queue(WINDOW)
        """What the server has written; at last an error, or None when all went well."""
        self._ended: asyncio.Future[grpc.aio.AioRpcError | None] = loop.create_future()
        channel.calls.add(self)
        late = _error(grpc.StatusCode.DEADLINE_EXCEEDED, "too late")
        self._alarm = loop.call_at(self.until, self.end, late) if timeout is not None else None
        self._server: asyncio.Task[None] | None = None
        if channel.down:
            loop.call_soon(self.end, _error(grpc.StatusCode.UNAVAILABLE, "nobody answers"))
        else:
            self._server = loop.create_task(self._serve(path), name=f"serve {path}", context=contextvars.Context())

    def end(self, error: grpc.aio.AioRpcError | None) -> None:
        """End the call for both sides, now; the first end counts."""
        if self._alarm:
            self._alarm.cancel()
        self._channel.calls.discard(self)
        if self._server:
            self._server.cancel()
        if not self._ended.done():
            self._ended.set_result(error)

    def cancel(self) -> None:
        """Cancel the call, as its client."""
        self.end(_error(grpc.StatusCode.CANCELLED, "cancelled by the client"))

    async def __aiter__(self) -> AsyncIterator[Any]:
        while isinstance(response := await self._next(), bytes):
            yield self._deserialize(response)
        self.end(response)
        if response:
            raise response

    async def _next(self) -> bytes | grpc.aio.AioRpcError | None:
        reading = asyncio.ensure_future(self.responses.get())
        either: list[asyncio.Future[Any]] = [reading, self._ended]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            return self._ended.result() if self._ended.done() else reading.result()
        finally:
            reading.cancel()

    async def _serve(self, path: str) -> None:
        handler = await self._channel.server.handler(path)
        context = _Context(self, handler.response_serializer)
        end: grpc.aio.AioRpcError | None = None
        try:
            if not handler.response_streaming:
                await context.write(await handler.unary_unary(self._requests(handler), context))
            else:
                behaviour = handler.stream_stream if handler.request_streaming else handler.unary_stream
                async for response in behaviour(self._requests(handler), context):
                    await context.write(response)
        except _Aborted as aborted:
            end = aborted.status
        await self.responses.put(end)

    def _requests(self, handler: Any) -> Any:
        if isinstance(self._sent, bytes):
            return handler.request_deserializer(self._sent)
        return _read(self._sent, handler.request_deserializer)


async def _read(stream: AsyncIterator[bytes], deserialize: Callable[[bytes], Any]) -> AsyncIterator[Any]:
    async for request in stream:
        yield deserialize(request)


class _Context:
    """What a servicer sees of a call: those parts of `grpc.aio.ServicerContext` that ours use."""

    def __init__(self, call: _Call, serialize: Callable[[Any], bytes]) -> None:
        self._call, self._serialize = call, serialize

    async def write(self, message: Any) -> None:
        await self._call.responses.put(self._serialize(message))

    def time_remaining(self) -> float:
        return max(0.0, self._call.until - asyncio.get_running_loop().time())

    def invocation_metadata(self) -> tuple[()]:
        return ()

    async def abort(self, code: grpc.StatusCode, details: str = "") -> None:
        raise _Aborted(code, details)

    async def abort_with_status(self, status: Any) -> None:
        raise _Aborted(status.code, status.details)
