"""What happens around every RPC: errors become statuses, deadlines are kept, unary calls are traced and measured."""

from __future__ import annotations  # grpc's own classes take their type parameters in stubs alone

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextvars import ContextVar
from typing import Any, Final

import grpc
import grpc.aio
import structlog
from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status
from opentelemetry import propagate, trace

from voicekit.errors import (
    AlreadyExists,
    InvalidInput,
    NotFound,
    Overloaded,
    ProviderDown,
    Refused,
    VoiceError,
    WrongState,
)
from voicekit.logs import trace_of
from voicekit.telemetry import follow_trace, seconds, span, trace_headers

log = structlog.get_logger(__name__)

STATUS: Final[Mapping[type[VoiceError], grpc.StatusCode]] = {
    InvalidInput: grpc.StatusCode.INVALID_ARGUMENT,
    NotFound: grpc.StatusCode.NOT_FOUND,
    AlreadyExists: grpc.StatusCode.ALREADY_EXISTS,
    WrongState: grpc.StatusCode.FAILED_PRECONDITION,
    Overloaded: grpc.StatusCode.RESOURCE_EXHAUSTED,
    ProviderDown: grpc.StatusCode.UNAVAILABLE,
    Refused: grpc.StatusCode.PERMISSION_DENIED,
}
"""What the thinking raises, as a client sees it. Any other exception is a bug, and shows as INTERNAL."""

DEFAULT_DEADLINE_S: Final = 30.0
"""How long a unary call may take whose client states no deadline."""
_HOP_S: Final = 0.05
_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)
_duration = seconds("rpc.server.call.duration", "How long unary calls take.")


def to_voice_error(error: BaseException) -> VoiceError | None:
    """Find the error that a client is meant to see, also where a TaskGroup has wrapped it; None when there is none."""
    if isinstance(error, VoiceError):
        return error
    if isinstance(error, BaseExceptionGroup):
        found = [inner for inner in map(to_voice_error, error.exceptions) if inner]
        return found[0] if found else None
    return None


def from_rpc_error(error: grpc.aio.AioRpcError) -> VoiceError:
    """Turn another service's status into an error of ours, without its text."""
    return from_code(error.code())


def from_code(code: grpc.StatusCode) -> VoiceError:
    """Turn the code with which another service failed into an error of ours."""
    for kind, ours in STATUS.items():
        if code is ours:
            return kind("another service refused the request")
    return ProviderDown(f"another service answered {code.name}")


def code_of(error: BaseException) -> grpc.StatusCode:
    """Return the code that a client sees of an error; INTERNAL when it is a mistake of ours."""
    known = to_voice_error(error)
    return next((STATUS[kind] for kind in type(known).__mro__ if kind in STATUS), grpc.StatusCode.INTERNAL)


def _status_of(error: VoiceError) -> status_pb2.Status:
    code = code_of(error)
    details = []
    if error.field:
        violation = error_details_pb2.BadRequest.FieldViolation(field=error.field, description=str(error))
        detail = any_pb2.Any()
        detail.Pack(error_details_pb2.BadRequest(field_violations=[violation]))
        details.append(detail)
    return status_pb2.Status(code=code_pb2.Code.Value(code.name), message=str(error), details=details)


async def _abort(context: grpc.aio.ServicerContext[Any, Any], error: BaseException, method: str) -> None:
    known = to_voice_error(error)
    if known and code_of(known) is not grpc.StatusCode.INTERNAL:
        await context.abort_with_status(rpc_status.to_status(_status_of(known)))
    log.error(
        "A request failed through a mistake of ours.", method=method, error=type(error).__name__, trace=trace_of(error)
    )
    await context.abort(grpc.StatusCode.INTERNAL, "a mistake of ours; the log tells more")


class ServerErrors(grpc.aio.ServerInterceptor):
    """Turns errors into statuses, bounds unary calls by their deadline, traces and measures them.

    Streams are neither traced nor measured message by message: that costs more than the work itself. What they do is
    traced by whoever does it, as a part of the trace that came with the stream.
    """

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any] | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        """Wrap the handler of one method."""
        handler = await continuation(handler_call_details)
        method = str(handler_call_details.method)
        # Health and reflection raise their own statuses.
        if handler is None or method.startswith("/grpc."):
            return handler
        make, behaviour = _parts(handler)
        wrap = _guard_stream if handler.response_streaming else _guard_unary
        wrapped: grpc.RpcMethodHandler[Any, Any] = make(
            wrap(behaviour, method),
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )
        return wrapped


def _parts(handler: Any) -> tuple[Any, Any]:
    """Return what makes a handler of this kind, and the servicer's own method."""
    if handler.request_streaming and handler.response_streaming:
        return grpc.stream_stream_rpc_method_handler, handler.stream_stream
    if handler.request_streaming:
        return grpc.stream_unary_rpc_method_handler, handler.stream_unary
    if handler.response_streaming:
        return grpc.unary_stream_rpc_method_handler, handler.unary_stream
    return grpc.unary_unary_rpc_method_handler, handler.unary_unary


def _guard_unary(behaviour: Any, method: str) -> Any:
    async def guarded(request: Any, context: Any) -> Any:
        loop = asyncio.get_running_loop()
        began = loop.time()
        left = context.time_remaining()
        bound = DEFAULT_DEADLINE_S if left is None else left
        _deadline.set(began + bound)
        parent = propagate.extract(dict(context.invocation_metadata() or ()))
        with span(method, parent, kind=trace.SpanKind.SERVER):
            try:
                async with asyncio.timeout(bound):
                    return await behaviour(request, context)
            except grpc.aio.AbortError:
                raise
            except TimeoutError:
                await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, f"not done within {bound:.1f} s")
            except (Exception, BaseExceptionGroup) as error:
                await _abort(context, error, method)
            finally:
                _duration.record(loop.time() - began, {"rpc.method": method})

    return guarded


def _guard_stream(behaviour: Any, method: str) -> Any:
    async def guarded(request: Any, context: Any) -> AsyncIterator[Any]:
        follow_trace(dict(context.invocation_metadata() or ()))
        try:
            if inspect.isasyncgenfunction(behaviour):
                responses = behaviour(request, context)
                try:
                    async for response in responses:
                        yield response
                finally:
                    # The servicer's clean-up runs now, not when the garbage is collected.
                    await responses.aclose()
            else:
                await behaviour(request, context)
        except grpc.aio.AbortError:
            raise
        except (Exception, BaseExceptionGroup) as error:
            await _abort(context, error, method)

    return guarded


class ClientDeadlines(grpc.aio.UnaryUnaryClientInterceptor):
    """Sees to it that every unary call has a deadline, and none longer than that of the call it serves."""

    async def intercept_unary_unary(
        self, continuation: Callable[..., Any], client_call_details: grpc.aio.ClientCallDetails, request: Any
    ) -> Any:
        """Shorten the timeout where need be, hand on the trace, and make the call."""
        if client_call_details.timeout is None:
            raise ValueError(f"{client_call_details.method!r} is called without a timeout")
        timeout = client_call_details.timeout
        if (deadline := _deadline.get()) is not None:
            timeout = min(timeout, max(0.001, deadline - asyncio.get_running_loop().time() - _HOP_S))
        metadata = client_call_details.metadata or grpc.aio.Metadata()
        for key, value in trace_headers():
            metadata.add(key, value)
        details = grpc.aio.ClientCallDetails(
            method=client_call_details.method,
            timeout=timeout,
            metadata=metadata,
            credentials=client_call_details.credentials,
            wait_for_ready=client_call_details.wait_for_ready,
        )
        return await continuation(details, request)
