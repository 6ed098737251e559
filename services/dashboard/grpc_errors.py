"""Another service's statuses, as errors of ours with its words: our services put nothing personal into them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import grpc
import grpc.aio
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from services.dashboard.ports import Forgotten
from voicekit.errors import AlreadyExists, InvalidInput, NotFound, Overloaded, ProviderDown, VoiceError, WrongState

_KINDS: Final[dict[grpc.StatusCode, type[VoiceError]]] = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidInput,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.ALREADY_EXISTS: AlreadyExists,
    grpc.StatusCode.FAILED_PRECONDITION: WrongState,
    grpc.StatusCode.ABORTED: WrongState,
    grpc.StatusCode.RESOURCE_EXHAUSTED: Overloaded,
}


@contextmanager
def our_errors(who: str) -> Iterator[None]:
    """Turn what a call to `who` raises into an error of ours."""
    try:
        yield
    except grpc.aio.AioRpcError as error:
        if error.code() is grpc.StatusCode.OUT_OF_RANGE:  # only a stream of changes answers so
            raise Forgotten from error
        kind = _KINDS.get(error.code())
        if kind is None:
            raise ProviderDown(f"{who} does not answer at the moment") from error
        field = _field_of(error)
        message = error.details() or "refused"
        raise kind(message.removeprefix(f"{field}: ") if field else message, field) from error


def _field_of(error: grpc.aio.AioRpcError) -> str | None:
    try:
        status = rpc_status.from_call(error)
    except ValueError:  # details that contradict the status
        return None
    for detail in status.details if status else ():
        problem = error_details_pb2.BadRequest()
        if detail.Unpack(problem) and problem.field_violations:
            return str(problem.field_violations[0].field)
    return None
