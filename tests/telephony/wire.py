"""A gRPC server for a test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from voicekit.rpc import RpcServer


@asynccontextmanager
async def serving(add: Any, servicer: object, *names: str) -> AsyncIterator[str]:
    server = RpcServer("other", "127.0.0.1:0", reflection_on=True)
    for adder, name in zip(add if isinstance(add, tuple) else (add,), names, strict=True):
        server.add(adder, servicer, name)
    port = await server.start()
    yield f"127.0.0.1:{port}"
    await server.drain(0.2)
