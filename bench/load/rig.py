"""The product's processes as the bench runs them: each on its core, with nothing beside them that a call needs not."""

import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from local.postgres import EmbeddedPostgres
from local.processes import Processes, Program
from local.providers import Providers
from local.readiness import grpc_ready, http_ready
from local.redis import EmbeddedRedis
from local.system import Ports, System, migrate, services

EMULATED: Final = Providers(sarvam=False, exotel=False, bedrock=False)
MEASURED: Final = ("telephony", "speech", "dialog")
_ROOMY: Final = {
    # The emulated account has no limits, and the phones ring until the bench lets borrowers pick up.
    "EXOTEL_REQUESTS_PER_MINUTE": "60000",
    "RING_SECONDS": "300",
    "MAX_CALLS": "200",
    "TTS_REQUESTS_PER_MINUTE": "60000",
    "STT_REQUESTS_PER_MINUTE": "60000",
    "RECORDINGS_DIR": "",
}


@dataclass(frozen=True, slots=True)
class Cores:
    """Which cores do what."""

    product: frozenset[int]
    """Of telephony, speech and dialog."""
    rest: frozenset[int]
    """Of the generator, the emulators, customers, Redis and Postgres."""


@dataclass(frozen=True, slots=True)
class Latencies:
    """What the emulated providers take, in milliseconds."""

    stt_final_ms: float = 150.0
    tts_first_byte_ms: float = 150.0
    model_ms: float = 200.0


@contextmanager
def on_cores(cores: frozenset[int]) -> Iterator[None]:
    """Start what is started meanwhile on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def punctual() -> Iterator[None]:
    """Run this thread before all others of its core, where that is allowed; what it starts meanwhile runs as usual."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(1))
    except PermissionError:
        yield
        return
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


@dataclass(frozen=True, slots=True)
class Rig:
    """The system under load."""

    system: System
    telephonies: Sequence[str]
    """Names of the telephony processes."""
    addresses: Sequence[str]
    """Where each takes orders, host:port."""
    webs: Sequence[str]
    """Where each serves Exotel."""
    provider_log: Path
    """What the emulated speech provider was asked."""
    cores: Cores

    @property
    def measured(self) -> dict[str, list[int]]:
        """Process ids of the measured services."""
        pids = {name: [self.system.processes.pid(name)] for name in MEASURED}
        return pids | {"telephony": [self.system.processes.pid(name) for name in self.telephonies]}

    @property
    def beside(self) -> dict[str, list[int]]:
        """Process ids of what else works for the calls."""
        return {name: [self.system.processes.pid(name)] for name in ("customers", "sarvam")}


@asynccontextmanager
async def running(
    folder: Path,
    book: Path,
    cores: Cores,
    latencies: Latencies,
    *,
    telephonies: int = 1,
    milliseconds_a_character: int = 65,
    adapt: Callable[[Program], Program] = lambda program: program,
) -> AsyncIterator[Rig]:
    """Start everything but the carrier; `CannotStart` says what did not come up.

    The emulated voice takes `milliseconds_a_character`; `adapt` may change our services.
    """
    logs = folder / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as servers:
        with on_cores(cores.rest):
            postgres, redis = servers.enter_context(EmbeddedPostgres()), servers.enter_context(EmbeddedRedis())
            await migrate(postgres.url())
        processes = Processes(logs)
        system = System(folder, Ports.free(), processes, EMULATED, postgres.url(), redis.url())
        log = folder / "providers.jsonl"
        programs = {program.name: program for program in services(system)}
        try:
            with on_cores(cores.rest):
                sarvam = _sarvam(system, book, log, latencies)
                pace = ("--ms-a-character", str(milliseconds_a_character))
                sarvam = replace(sarvam, arguments=(*sarvam.arguments, *pace))
                for program in (sarvam, _bedrock(system, latencies)):
                    await processes.start(program)
                await processes.start(programs["customers"])
            with on_cores(cores.product):
                await processes.start(adapt(_roomy(programs["dialog"])))
                await processes.start(adapt(_roomy(programs["speech"])))
                doubles = [_double(programs["telephony"], index) for index in range(telephonies)]
                for program, _, _ in doubles:
                    await processes.start(adapt(program))
            names, addresses, webs = zip(*((program.name, a, w) for program, a, w in doubles), strict=True)
            yield Rig(system, names, addresses, webs, log, cores)
        finally:
            await processes.stop_all()


def _roomy(program: Program) -> Program:
    return replace(program, environment={**program.environment, **_ROOMY, "ENVIRONMENT": "development"})


def _double(program: Program, index: int) -> tuple[Program, str, str]:
    """Return telephony, or another process of it; where it takes orders; where it serves Exotel."""
    program = _roomy(program)
    address = program.environment["TELEPHONY_LISTEN"]
    web = program.environment["BASE_URL"]
    name = "telephony"
    environment = {**program.environment, "POD_NAME": f"telephony-{index + 1}"}
    if index:
        ports = Ports.free()
        address, web = f"127.0.0.1:{ports.telephony}", f"http://127.0.0.1:{ports.telephony_http}"
        name = f"telephony-{index + 1}"
        environment |= {
            "TELEPHONY_LISTEN": address,
            "TELEPHONY_HTTP_PORT": str(ports.telephony_http),
            "BASE_URL": web,
            "METRICS_PORT": str(ports.dashboard),  # nobody else has it
        }
    return replace(program, name=name, environment=environment, ready=grpc_ready(address, "telephony")), address, web


def _sarvam(system: System, book: Path, log: Path, latencies: Latencies) -> Program:
    port = system.ports.sarvam
    arguments = [
        *("-m", "bench.load.providers", "--port", str(port), "--book", str(book), "--log", str(log)),
        *("--stt-final-ms", str(latencies.stt_final_ms), "--tts-first-byte-ms", str(latencies.tts_first_byte_ms)),
    ]
    return Program("sarvam", arguments, ready=http_ready(f"http://127.0.0.1:{port}/emulator/health"))


def _bedrock(system: System, latencies: Latencies) -> Program:
    port = system.ports.bedrock
    arguments = ["-m", "emulators.bedrock", "--port", str(port), "--latency-ms", str(latencies.model_ms)]
    return Program("bedrock", arguments, ready=http_ready(f"http://127.0.0.1:{port}/emulator/health"))


def python_version() -> str:
    """Return the interpreter's version."""
    return sys.version.split()[0]
