"""The one place that makes gRPC servers and channels, with the options that were measured to be right.

Why each option is as it is: docs/decisions/grpc.md.
"""

import asyncio
import itertools
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import grpc.aio
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from voicekit.interceptors import ClientDeadlines, ServerErrors

log = structlog.get_logger(__name__)

Options = list[tuple[str, Any]]

_KEEPALIVE: Final[Options] = [
    ("grpc.keepalive_time_ms", 10_000),
    # Also the longest that unacknowledged bytes may wait, so not below 5 s.
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.http2.ping_timeout_ms", 5_000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.keepalive_permit_without_calls", 1),
]
_MEDIA: Final[Options] = [
    # Together they let half a second of audio lie in buffers; the defaults, four minutes.
    ("grpc.http2.bdp_probe", 0),
    ("grpc.http2.lookahead_bytes", 8192),
]
_CHANNEL: Final[Options] = [
    *_KEEPALIVE,
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.dns_min_time_between_resolutions_ms", 1_000),
    # Channels to the same address would otherwise share one connection.
    ("grpc.use_local_subchannel_pool", 1),
]
_SERVER: Final[Options] = [
    *_KEEPALIVE,
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    # Two servers on one port would bind in silence and split the traffic.
    ("grpc.so_reuseport", 0),
    # Makes clients look for new pods; the grace stays unset, since it would cut live streams.
    ("grpc.max_connection_age_ms", 60_000),
]
CALLS_PER_CHANNEL: Final = 20
"""Media streams that share one connection."""


def service_config(service: str, retryable: Iterable[str]) -> str:
    """Return a channel's service config as JSON.

    Args:
        service: the full name of the service, such as "voice.speech.v1.SpeechService".
        retryable: its unary methods that may safely run twice.
    """
    methods = [{"service": service, "method": method} for method in retryable]
    config: dict[str, Any] = {
        "loadBalancingConfig": [{"round_robin": {}}],
        # Streams go only where the service says that it is ready.
        "healthCheckConfig": {"serviceName": service},
    }
    if methods:
        config["methodConfig"] = [
            {
                "name": methods,
                "retryPolicy": {
                    "maxAttempts": 3,
                    "initialBackoff": "0.05s",
                    "maxBackoff": "0.5s",
                    "backoffMultiplier": 2,
                    "retryableStatusCodes": ["UNAVAILABLE"],
                },
            }
        ]
        config["retryThrottling"] = {"maxTokens": 20, "tokenRatio": 0.2}
    return json.dumps(config)


def channel(address: str, service: str, *, retryable: Sequence[str] = (), media: bool = False) -> grpc.aio.Channel:
    """Open a channel; every unary call on it must state its `timeout`.

    Args:
        address: host:port, or dns:///host:port to spread calls over the addresses behind a name.
        service: the full name of the service that is called.
        retryable: unary methods that may safely run twice; UNAVAILABLE is retried, up to 3 attempts.
        media: True for a channel that carries audio.
    """
    options = [*_CHANNEL, ("grpc.service_config", service_config(service, retryable)), *(_MEDIA if media else [])]
    return grpc.aio.insecure_channel(address, options=options, interceptors=[ClientDeadlines()])


class ChannelPool:
    """A few channels to one service, so that not all media streams hang on one connection."""

    def __init__(self, address: str, service: str, *, size: int, retryable: Sequence[str] = ()) -> None:
        self._channels = [channel(address, service, retryable=retryable, media=True) for _ in range(max(1, size))]
        self._turn = itertools.cycle(self._channels)

    def next(self) -> grpc.aio.Channel:
        """Return the channel whose turn it is."""
        return next(self._turn)

    async def close(self) -> None:
        """Close all of them."""
        await asyncio.gather(*(channel.close() for channel in self._channels))


class RpcServer:
    """A gRPC server with health, errors, deadlines, traces and a stop that drains.

    The health names are `<short>-liveness` (the loop turns), `<short>-readiness` (it takes new work) and the full
    name of each service, which follows readiness.
    """

    def __init__(self, short_name: str, address: str, *, reflection_on: bool = False, media: bool = False) -> None:
        """Make a server; `address` is host:port, port 0 for any free one."""
        self._address = address
        self._reflection_on = reflection_on
        self._server = grpc.aio.server(interceptors=[ServerErrors()], options=[*_SERVER, *(_MEDIA if media else [])])
        self._health = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        self._services: list[str] = []
        self._liveness, self._readiness = f"{short_name}-liveness", f"{short_name}-readiness"
        self.port = 0
        """The port in use, once started."""

    def add(self, register: Callable[[Any, grpc.aio.Server], None], servicer: object, full_name: str) -> None:
        """Serve `servicer`, which the generated `register` knows how to add, under `full_name`."""
        register(servicer, self._server)
        self._services.append(full_name)

    async def start(self, *, ready: bool = True) -> int:
        """Listen, tell that the process lives, and unless told otherwise that it is ready; return the port.

        Raises `OSError` when the address is taken.
        """
        if self._reflection_on:
            names = [*self._services, health.SERVICE_NAME, reflection.SERVICE_NAME]
            reflection.enable_server_reflection(names, self._server)
        try:
            self.port = self._server.add_insecure_port(self._address)
        except RuntimeError as error:
            raise OSError(f"cannot listen on {self._address}: {error}") from error
        await self._server.start()
        await self._health.set(self._liveness, health_pb2.HealthCheckResponse.SERVING)
        await self.set_ready(ready)
        log.info("The gRPC server listens.", port=self.port)
        return self.port

    async def set_ready(self, ready: bool) -> None:
        """Tell whether new work may come; what is under way goes on."""
        serving, resting = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING
        for name in ("", self._readiness, *self._services):
            await self._health.set(name, serving if ready else resting)

    async def drain(self, seconds: float) -> None:
        """Take no new work, wait at most `seconds` for what is under way, then end it."""
        await self.set_ready(False)
        await self._server.stop(grace=seconds)
