"""The whole system on this machine, as separate processes that meet over real sockets."""

import asyncio
import os
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields
from datetime import datetime, time
from itertools import count, islice
from pathlib import Path
from typing import Final

from local.cases import Cases
from local.leash import leashed
from local.postgres import EmbeddedPostgres
from local.processes import Processes, Program, Sink
from local.providers import EmulatedAccount, Providers, new_secret
from local.readiness import grpc_ready, http_ready
from local.redis import EmbeddedRedis
from local.running_now import announced
from local.server_process import CannotStart
from voicekit.clock import INDIA

MODEL: Final = "global.anthropic.claude-haiku-4-5-20251001-v1:0"


_LOWEST_PORT: Final = 12_000
_BLOCK: Final = 20
_BLOCKS: Final = 397
"""Blocks of ports, up to just under 20,000; a prime number of them."""
_turns: Final = count()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # one that was closed a moment ago may be had
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@dataclass(slots=True)
class Ports:
    """A free port for each thing that listens."""

    customers: int
    dialog: int
    speech: int
    telephony: int
    telephony_http: int
    dashboard: int
    dialer: int
    exotel: int
    sarvam: int
    bedrock: int
    customers_metrics: int
    dialer_metrics: int
    dialog_metrics: int
    speech_metrics: int
    telephony_metrics: int
    dashboard_metrics: int

    @classmethod
    def free(cls) -> "Ports":
        """Find free ports of the loopback.

        They lie below those that the system gives to connections, so that none takes one before its program does; and
        each process tries blocks of its own, so that two systems that start at once do not meet.
        """
        for turn in islice(_turns, _BLOCKS):
            first = _LOWEST_PORT + (os.getpid() + turn * 331) % _BLOCKS * _BLOCK
            ports = range(first, first + len(fields(cls)))
            if all(map(_is_free, ports)):
                return cls(*ports)
        raise CannotStart(f"no ports are free between {_LOWEST_PORT} and 20000")


@dataclass(slots=True)
class System:
    """The system as it runs."""

    folder: Path
    """Where logs and recordings lie."""
    ports: Ports
    processes: Processes
    providers: Providers
    database_url: str
    redis_url: str
    programs: dict[str, Program] = field(default_factory=dict)
    admin_password: str = field(default_factory=lambda: secrets.token_urlsafe(9))
    """With the name admin, opens the dashboard."""

    @property
    def customers_address(self) -> str:
        """host:port of the customers service."""
        return f"127.0.0.1:{self.ports.customers}"

    @property
    def telephony_address(self) -> str:
        """host:port of the telephony service."""
        return f"127.0.0.1:{self.ports.telephony}"

    @property
    def exotel_url(self) -> str:
        """Address of the emulated Exotel; empty when the real one is used."""
        return "" if self.providers.exotel else f"http://127.0.0.1:{self.ports.exotel}"

    @property
    def recordings(self) -> Path:
        """Where the emulated carrier leaves what both sides of each call heard."""
        return self.folder / "recordings"

    def addresses(self) -> list[tuple[str, str]]:
        """Return what a person may want to look at, with its address."""
        listed = [
            ("dashboard", f"http://127.0.0.1:{self.ports.dashboard}"),
            ("its sign-in", f"admin / {self.admin_password}"),
            ("telephony, HTTP", f"http://127.0.0.1:{self.ports.telephony_http}"),
            *((f"{name}, gRPC", f"127.0.0.1:{getattr(self.ports, name)}") for name in _GRPC),
            ("Postgres", self.database_url),
            ("Redis", self.redis_url),
        ]
        if self.exotel_url:
            listed.append(("emulated Exotel", self.exotel_url))
        return listed

    def metrics_url(self, name: str) -> str:
        """Address of a service's metrics, as Prometheus reads them."""
        return f"http://127.0.0.1:{getattr(self.ports, f'{name}_metrics')}/metrics"

    async def start(self, name: str) -> None:
        """Start one program, or start it again."""
        await self.processes.start(self.programs[name])


_GRPC: Final = ("telephony", "speech", "dialog", "customers")


@asynccontextmanager
async def running(
    folder: Path, cases: Cases, providers: Providers, sink: Sink | None, environment: Mapping[str, str] | None = None
) -> AsyncIterator[System]:
    """Start everything in order, and stop it in the reverse order; `CannotStart` says what did not come up, and why.

    `folder` must be there; it takes logs and recordings. All programs are told what stands in `environment`, or in our
    own without one, as far as they are not told otherwise.
    """
    told = os.environ if environment is None else environment
    logs = folder / "logs"
    with EmbeddedPostgres() as postgres, EmbeddedRedis() as redis:
        database_url = told.get("DATABASE_URL") or postgres.url()
        redis_url = told.get("REDIS_URL") or redis.url()
        processes = Processes(logs, sink, told)
        system = System(folder, Ports.free(), processes, providers, database_url, redis_url)
        system.programs = {program.name: program for program in _programs(system, cases)}
        try:
            await migrate(database_url)
            await _start_all(system)
            with announced(folder, (program.environment for program in system.programs.values())):
                yield system
        finally:
            await processes.stop_all()


_START_ORDER: Final = (
    ("exotel", "sarvam", "bedrock", "customers", "dialog"),
    ("speech",),
    ("telephony",),
    ("dialer", "dashboard"),
)


async def _start_all(system: System) -> None:
    for group in _START_ORDER:
        starting = [system.start(name) for name in group if name in system.programs]
        results = await asyncio.gather(*starting, return_exceptions=True)
        for problem in results:
            if problem is not None:
                raise problem


async def migrate(database_url: str) -> None:
    """Bring a database up to date; `CannotStart` holds what was printed when it could not be."""
    migration = await asyncio.create_subprocess_exec(
        *leashed([sys.executable, "-m", "services.customers.migrate"]),
        env={**os.environ, "DATABASE_URL": database_url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await migration.communicate()
    if migration.returncode:
        raise CannotStart(f"The database could not be migrated:\n{printed.decode(errors='replace')}")


def _programs(system: System, cases: Cases) -> list[Program]:
    emulators = _emulators(system, cases)
    return [*emulators, *services(system), _dialer(system), _dashboard(system)]


def _emulators(system: System, cases: Cases) -> list[Program]:
    """Return the emulators of those providers that are not the real ones."""
    ports, account, programs = system.ports, EmulatedAccount(), []
    if not system.providers.exotel:
        personas = system.folder / "personas.yaml"
        personas.write_text(cases.personas_yaml(), encoding="utf-8")
        web, token = f"http://127.0.0.1:{ports.telephony_http}", WEBHOOK_SECRET
        arguments = [
            *("-m", "emulators.exotel", "--port", str(ports.exotel), "--personas", str(personas)),
            *("--account-sid", account.sid, "--api-key", account.api_key, "--api-token", account.token),
            *("--exophone", account.exophone, "--record-dir", str(system.recordings)),
            *("--resolver-url", f"{web}/ws-url/{token}", "--passthru-url", f"{web}/passthru-handler/{token}"),
            *("--connect-url", f"{web}/connect-numbers/{token}"),
        ]
        programs.append(Program("exotel", arguments, ready=http_ready(f"{system.exotel_url}/emulator/health")))
    if not system.providers.sarvam:
        phrases = system.folder / "phrases.json"
        phrases.write_text(cases.phrases_json(), encoding="utf-8")
        arguments = ["-m", "emulators.sarvam", "--port", str(ports.sarvam), "--phrasebook", str(phrases)]
        health = http_ready(f"http://127.0.0.1:{ports.sarvam}/emulator/health")
        for voice in sorted(cases.voices()):
            arguments += ["--caller-voice", voice]
        programs.append(Program("sarvam", arguments, ready=health))
    if not system.providers.bedrock:
        health = http_ready(f"http://127.0.0.1:{ports.bedrock}/emulator/health")
        programs.append(Program("bedrock", ["-m", "emulators.bedrock", "--port", str(ports.bedrock)], ready=health))
    return programs


WEBHOOK_SECRET: Final = new_secret()
"""The token of the addresses that stand in the emulated flow."""


def _shared(system: System, name: str) -> Mapping[str, str]:
    """Return what every program of ours is told."""
    return {
        "ENVIRONMENT": "development",
        "LOG_DIR": str(system.folder / "logs"),
        "METRICS_HOST": "127.0.0.1",
        "METRICS_PORT": str(getattr(system.ports, f"{name}_metrics")),
    }


def services(system: System) -> list[Program]:
    """Return the four services that meet over gRPC."""
    environments = {
        "customers": _customers_environment(system),
        "dialog": _dialog_environment(system),
        "speech": _speech_environment(system),
        "telephony": _telephony_environment(system),
    }
    return [
        Program(
            name,
            ["-m", f"services.{name}"],
            environment={
                **_shared(system, name),
                f"{name.upper()}_LISTEN": f"127.0.0.1:{getattr(system.ports, name)}",
                **environment,
            },
            ready=grpc_ready(f"127.0.0.1:{getattr(system.ports, name)}", name),
        )
        for name, environment in environments.items()
    ]


def _customers_environment(system: System) -> Mapping[str, str]:
    shared = {"DATABASE_URL": system.database_url}
    if system.providers.exotel:
        return shared
    # Emulated borrowers are called at whatever hour the demo runs.
    return {**shared, "EXOTEL_API_BASE": system.exotel_url, "CALLING_CLOCK": _eleven(), "CALL_QUIET_DAYS": ""}


def _eleven() -> str:
    return datetime.combine(datetime.now(INDIA).date(), time(11), INDIA).isoformat()


def _dialer(system: System) -> Program:
    """Return the worker that takes calls from the queue; it listens only to be asked how it is."""
    address = f"127.0.0.1:{system.ports.dialer}"
    environment = {
        **_shared(system, "dialer"),
        "DIALER_LISTEN": address,
        "TELEPHONY_ADDRESS": system.telephony_address,
        **_customers_environment(system),
    }
    return Program("dialer", ["-m", "services.customers.dialer"], environment, ready=grpc_ready(address, "dialer"))


def _dashboard(system: System) -> Program:
    address = f"127.0.0.1:{system.ports.dashboard}"
    environment = {
        **_shared(system, "dashboard"),
        "DASHBOARD_HTTP_LISTEN": address,
        "CUSTOMERS_ADDRESS": system.customers_address,
        "TELEPHONY_ADDRESS": system.telephony_address,
        "REDIS_URL": system.redis_url,
        "DASHBOARD_ADMIN_PASSWORD": system.admin_password,
        **({} if system.providers.exotel else {"CALLING_CLOCK": _eleven()}),
        "RECORDINGS_DIR": str(system.folder / "calls"),
    }
    ready = http_ready(f"http://{address}/healthz/ready")
    return Program("dashboard", ["-m", "services.dashboard"], environment=environment, ready=ready)


def _dialog_environment(system: System) -> Mapping[str, str]:
    if system.providers.bedrock:
        return {}
    return {
        "CLAUDE_INTENT_MODEL_ID": MODEL,
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": f"http://127.0.0.1:{system.ports.bedrock}",
        "AWS_REGION": "ap-south-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        # Agents are there, at whatever hour the demo runs.
        "CALLING_CLOCK": _eleven(),
    }


def _speech_environment(system: System) -> Mapping[str, str]:
    shared = {"REDIS_URL": system.redis_url}
    if system.providers.sarvam:
        return shared
    return {
        **shared,
        "SARVAM_API_KEY": "local",
        "SARVAM_HTTP_BASE": f"http://127.0.0.1:{system.ports.sarvam}",
        "SARVAM_WS_BASE": f"ws://127.0.0.1:{system.ports.sarvam}",
        # The emulated account has no limit; the users' 60 a minute would make a dozen first calls wait for minutes.
        "TTS_REQUESTS_PER_MINUTE": "1200",
    }


def _telephony_environment(system: System) -> Mapping[str, str]:
    ports, account = system.ports, EmulatedAccount()
    shared = {
        "REDIS_URL": system.redis_url,
        "RECORDINGS_DIR": str(system.folder / "calls"),
        "TELEPHONY_HTTP_HOST": "127.0.0.1",
        "TELEPHONY_HTTP_PORT": str(ports.telephony_http),
        "SPEECH_ADDRESS": f"127.0.0.1:{ports.speech}",
        "DIALOG_ADDRESS": f"127.0.0.1:{ports.dialog}",
        "CUSTOMERS_ADDRESS": f"127.0.0.1:{ports.customers}",
    }
    if system.providers.exotel:
        return shared
    return {
        **shared,
        "BASE_URL": f"http://127.0.0.1:{ports.telephony_http}",
        "EXOTEL_SID": account.sid,
        "EXOTEL_API_KEY": account.api_key,
        "EXOTEL_TOKEN": account.token,
        "EXOTEL_VIRTUAL_NUMBER": account.exophone,
        "EXOTEL_API_BASE": system.exotel_url,
        "EXOTEL_APP_ID": account.app_id,
        "AGENT_PHONE_NUMBER": "+919999911111",
        "WEBHOOK_SECRET": WEBHOOK_SECRET,
        "RING_SECONDS": "12",
    }
