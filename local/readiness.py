"""How to know that a program of ours is ready: it says so itself, over gRPC or HTTP."""

import asyncio
import urllib.error
import urllib.request

import grpc
import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from local.processes import Ready


def grpc_ready(address: str, service: str) -> Ready:
    """Ask the gRPC health service at `address` about `<service>-readiness`."""

    async def ask() -> bool:
        async with grpc.aio.insecure_channel(address) as channel:
            request = health_pb2.HealthCheckRequest(service=f"{service}-readiness")
            try:
                answer = await health_pb2_grpc.HealthStub(channel).Check(request, timeout=2)
            except grpc.aio.AioRpcError:
                return False
            return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    return ask


def http_ready(url: str) -> Ready:
    """Ask for `url`; any 2xx is ready."""

    def ask() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 -- an address that we made
                return True
        except urllib.error.URLError:
            return False

    return lambda: asyncio.to_thread(ask)
