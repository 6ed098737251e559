"""What a broken stream means."""

from collections.abc import Iterator
from contextlib import contextmanager

import grpc.aio

from voicekit.errors import ProviderDown
from voicekit.interceptors import from_rpc_error


@contextmanager
def in_our_words() -> Iterator[None]:
    """Turn what grpc raises within the block into errors of ours."""
    try:
        yield
    except grpc.aio.AioRpcError as error:
        raise from_rpc_error(error) from error
    except grpc.aio.UsageError as error:
        raise ProviderDown("the stream had ended") from error
