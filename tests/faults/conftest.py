import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest_asyncio
import redis.asyncio
from pytest import TempPathFactory
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff

from local.leash import leashed
from local.readiness import grpc_ready
from local.redis import find_program
from tests.calls.phrases import NO_HINDI, YES_HINDI
from tests.support.real_system import RealSystem, case, real_system
from tests.telephony.world import free_port

LISTENS: dict[str, object] = {"wait_for_bot_to_finish": {"quiet_ms": 2500, "patience_s": 40}}
"""Longer than any pause that a fault may make, so that a gap is not taken for our end."""
STEPS = ["wait_for_bot_to_finish", {"say": YES_HINDI.text}, LISTENS, {"say": NO_HINDI.text}, "stay_silent"]
KEYS = ("dialog-dies", "all-dialogs-die", "speech-dies", "all-speech-dies", "record-away", "redis-away", "redis-back")
CASES = [case(key, number, STEPS) for number, key in enumerate(KEYS, start=51)]


class Redis:
    """A Redis that may be stopped and comes back empty, at the same address."""

    def __init__(self) -> None:
        self._port = free_port()
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        settings = ("--port", str(self._port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
        self._process = await asyncio.create_subprocess_exec(
            *leashed([str(find_program()), *settings]),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with redis.asyncio.Redis.from_url(self.url, retry=Retry(ConstantBackoff(0.05), 100)) as client:
            await client.ping()

    async def stop(self) -> None:
        if self._process:
            self._process.kill()
            await self._process.wait()
            self._process = None


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def redis_server() -> AsyncIterator[Redis]:
    server = Redis()
    await server.start()
    yield server
    await server.stop()


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def system(tmp_path_factory: TempPathFactory, redis_server: Redis) -> AsyncIterator[RealSystem]:
    """The system with two of each service that telephony works with."""
    async with real_system(tmp_path_factory.mktemp("faults"), CASES, REDIS_URL=redis_server.url) as system:
        await add_second_ones(system)
        yield system


async def add_second_ones(real: RealSystem) -> None:
    system, addresses = real.system, {}
    for name in ("dialog", "speech"):
        first, port = system.programs[name], free_port()
        address = f"127.0.0.1:{port}"
        environment = {**first.environment, f"{name.upper()}_LISTEN": address, "METRICS_PORT": "0"}
        second = replace(first, name=f"{name}-2", environment=environment, ready=grpc_ready(address, name))
        system.programs[second.name] = second
        await system.start(second.name)
        addresses[f"{name.upper()}_ADDRESS"] = f"ipv4:127.0.0.1:{getattr(system.ports, name)},{address}"
    telephony = system.programs["telephony"]
    system.programs["telephony"] = replace(telephony, environment={**telephony.environment, **addresses})
    await system.processes.stop("telephony")
    await system.start("telephony")
