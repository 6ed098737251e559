"""Lets pytest-grpc serve what is written for asyncio: its `grpc_stub` then talks to our servicers, blocking."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.customers import conftest as customers
from voicekit.rpc import RpcServer

postgres_record = customers.record
"""The fixture of that name: a record in a Postgres of its own."""


@pytest.fixture(scope="module")
def grpc_addr() -> str:
    """Find a free port; the plugin's own fixture leaves its socket open."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture(scope="module")
def grpc_server(
    grpc_addr: str, grpc_add_to_server: Callable[..., None], grpc_servicer: Any, grpc_service_name: str
) -> Iterator[None]:
    """Serve on a loop in a thread of its own, through our own server; the plugin's is a blocking one."""
    started, loop, stop = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        server = RpcServer("contract", grpc_addr)
        server.add(grpc_add_to_server, grpc_servicer, grpc_service_name)
        await server.start()
        started.set()
        await stop.wait()
        await server.drain(0.1)

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run, name="grpc server")
    thread.start()
    assert started.wait(10)
    yield
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    assert not thread.is_alive()
