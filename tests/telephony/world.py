"""Telephony as it is, between an emulated Exotel and stand-ins for the other services; all in one virtual time."""

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pydantic import AnyHttpUrl, SecretStr

from emulators.exotel.app import running
from emulators.exotel.call import Call
from emulators.exotel.exchange import Exotel
from emulators.exotel.flow import recommended
from emulators.exotel.options import Options
from emulators.exotel.persona import Persona
from emulators.exotel.variant import Variant
from services.telephony.exotel import ExotelCarrier, exotel_client
from services.telephony.model import Brief
from services.telephony.placing import Placed
from services.telephony.service import Outside, Telephony, addresses_of
from services.telephony.settings import Settings
from tests.telephony.fake_sessions import FakeSessions
from tests.telephony.fakes import (
    MORNING,
    FakeCustomers,
    FakeDialog,
    FakeSpeech,
    loop_clock,
    unix_time,
    until,
)

SECRET = "a-secret-that-nobody-guesses"
PHONE = "+919999900012"
AGENT = "+919999911111"
EXOPHONE = "+918045670001"
BRIEF = Brief("call-1", 7, "Asha", "Asha Finance", "LN0042", 1_250_000, "2026-12-05", "Karnataka")


def free_port() -> int:
    """Find a port below those that the system gives to connections, so that none takes it before we do."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as free, contextlib.suppress(OSError):
            free.bind(("127.0.0.1", port))
            return port


@dataclass
class World:
    telephony: Telephony
    exotel: Exotel
    speech: FakeSpeech
    dialog: FakeDialog
    customers: FakeCustomers
    sessions: FakeSessions
    url: str

    async def rings(self, brief: Brief = BRIEF, phone: str = PHONE) -> Call:
        """Place a call, and return it while the phone rings."""
        placed, call = await asyncio.gather(self.telephony.placing.place(brief, phone), self.exotel.next_call())
        assert placed == Placed(call.sid)
        return call

    async def final(self, call_id: str = BRIEF.call_id, within: float = 120.0) -> tuple[str, str]:
        """Wait for the final status, and then a minute more for one too many."""
        await until(lambda: self.customers.finals(call_id), within)
        await asyncio.sleep(60)
        (ending,) = self.customers.finals(call_id)
        return str(ending.status), ending.reason


def settings_for(port: int, api: str, **more: object) -> Settings:
    usual: dict[str, object] = {
        "environment": "development",
        "exotel_sid": "ashafinance1",
        "exotel_api_key": SecretStr("exotel-key"),
        "exotel_token": SecretStr("exotel-token"),
        "exotel_virtual_number": EXOPHONE,
        "exotel_app_id": "51177",
        "exotel_api_base": AnyHttpUrl(api),
        "agent_phone_number": AGENT,
        "base_url": AnyHttpUrl(f"http://127.0.0.1:{port}"),
        "webhook_secret": SecretStr(SECRET),
        "redis_url": SecretStr("redis://nowhere"),
        "telephony_listen": "127.0.0.1:0",
        "telephony_http_host": "127.0.0.1",
        "telephony_http_port": port,
        "pod_name": "pod-1",
        "drain_seconds": 30.0,
    }
    return Settings.model_validate({**usual, **more})


async def free_rate() -> float:
    return 0.0


@asynccontextmanager
async def world(
    dialog: FakeDialog, *, variant: Variant | None = None, persona: Persona | None = None, **more: object
) -> AsyncIterator[World]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    flow = recommended(
        resolver_url=f"{url}/ws-url?token={SECRET}",
        passthru_url=f"{url}/passthru-handler/{SECRET}",
        connect_url=f"{url}/connect-numbers/{SECRET}",
    )
    options = Options(
        flows={"51177": flow, "default": flow},
        variant=variant or Variant(),
        default_persona=persona or Persona(),
        started=MORNING,
    )
    speech, customers = FakeSpeech(), FakeCustomers()
    sessions = FakeSessions(unix_time)
    async with running(options) as exotel:
        settings = settings_for(port, exotel.url, **more)
        async with exotel_client(exotel.url, "exotel-key", "exotel-token") as client:
            carrier = ExotelCarrier(
                client,
                settings.exotel_sid,
                flow_url=settings.flow_url,
                exophone=EXOPHONE,
                ring_seconds=settings.ring_seconds,
                call_seconds=settings.call_seconds,
                may_ask=free_rate,
            )
            outside = Outside(speech, dialog, customers, carrier, sessions, now=loop_clock)
            telephony = Telephony(settings, outside, addresses_of(settings))
            async with telephony:
                yield World(telephony, exotel, speech, dialog, customers, sessions, url)
