"""What placing and settling expect of whoever rings the phones."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest

from emulators.exotel.app import running
from emulators.exotel.flow import recommended
from emulators.exotel.options import ApiFault, Options
from emulators.exotel.persona import Persona, Pickup
from services.telephony.exotel import ExotelCarrier, exotel_client
from services.telephony.ports import Carrier, CarrierCall, CarrierRefused, OutcomeUnknown
from tests.telephony.fakes import MORNING, FakeCarrier, loop_clock
from tests.telephony.world import EXOPHONE, PHONE, free_rate
from voicekit.errors import Overloaded, ProviderDown

pytestmark = pytest.mark.virtual_time

CALLBACK = "http://127.0.0.1:9/status"
FAULTS: dict[type[Exception], ApiFault] = {
    CarrierRefused: ApiFault(status=403),
    Overloaded: ApiFault(status=429),
    OutcomeUnknown: ApiFault(status=503, created=True),
}


@dataclass
class Subject:
    carrier: Carrier
    fail: Callable[[type[Exception]], None]
    """Let the next request to ring fail so."""
    lose_answer: Callable[[], None]
    """Let the next request ring, and be answered by nothing."""


@asynccontextmanager
async def fake() -> AsyncIterator[Subject]:
    carrier = FakeCarrier()

    def fail(kind: type[Exception]) -> None:
        error = CarrierRefused("account", 403) if kind is CarrierRefused else kind("as the test wishes")
        carrier.answers.append(error)

    def lose_answer() -> None:
        fail(OutcomeUnknown)
        carrier.listed = CarrierCall("sid-1", "in-progress", "call-1", PHONE)

    yield Subject(carrier, fail, lose_answer)


@asynccontextmanager
async def exotel() -> AsyncIterator[Subject]:
    flow = recommended(resolver_url=CALLBACK, passthru_url=CALLBACK, connect_url=CALLBACK)
    busy = Persona(pickup=Pickup(kind="busy", after_s=2))
    options = Options(flows={"default": flow}, default_persona=busy, started=MORNING)
    async with running(options) as exchange, exotel_client(exchange.url, "exotel-key", "exotel-token") as client:
        carrier = ExotelCarrier(
            client,
            "ashafinance1",
            flow_url="http://my.exotel.com/ashafinance1/exoml/start_voice/51177",
            exophone=EXOPHONE,
            ring_seconds=30,
            call_seconds=480,
            may_ask=free_rate,
        )
        yield Subject(
            carrier,
            lambda kind: exchange.faults.append(FAULTS[kind]),
            lambda: exchange.faults.append(ApiFault(created=True, lost=True)),
        )


@pytest.fixture(params=[fake, exotel], ids=["fake", "exotel"])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    async with request.param() as made:
        yield made


async def test_each_call_has_an_id_of_its_own_by_which_it_is_known(subject: Subject) -> None:
    sids = [await subject.carrier.connect(PHONE, f"call-{number}", CALLBACK) for number in (1, 2)]
    assert len(set(sids)) == 2
    call = await subject.carrier.details(sids[0])
    assert call
    assert call.sid == sids[0]
    assert call.status == call.status.lower() != ""


async def test_originating_takes_its_time(subject: Subject) -> None:
    began = asyncio.get_running_loop().time()
    await subject.carrier.connect(PHONE, "call-1", CALLBACK)
    assert 0.3 < asyncio.get_running_loop().time() - began < 30


async def test_a_call_that_the_carrier_never_had_is_none(subject: Subject) -> None:
    assert await subject.carrier.details("nobodys-sid") is None


@pytest.mark.parametrize("kind", FAULTS)
async def test_whether_somebody_was_rung_is_told_by_the_error(subject: Subject, kind: type[Exception]) -> None:
    subject.fail(kind)
    with pytest.raises(kind):
        await subject.carrier.connect(PHONE, "call-1", CALLBACK)
    await subject.carrier.connect(PHONE, "call-1", CALLBACK)  # one bad answer spoils nothing


async def test_a_call_whose_answer_was_lost_is_found(subject: Subject) -> None:
    since = loop_clock()
    assert await subject.carrier.find(PHONE, "call-1", since) is None
    subject.lose_answer()
    with pytest.raises(OutcomeUnknown):
        await subject.carrier.connect(PHONE, "call-1", CALLBACK)
    found = await subject.carrier.find(PHONE, "call-1", since - timedelta(seconds=1))
    assert found
    assert found.sid
    assert found.custom_field in ("", "call-1")  # a carrier's list need not bear our id


async def test_nobody_there_is_an_error_of_ours() -> None:
    away = FakeCarrier()
    away.down = True
    async with exotel_client("http://127.0.0.1:9", "key", "token") as client:
        nowhere = ExotelCarrier(
            client, "a", flow_url="u", exophone=EXOPHONE, ring_seconds=30, call_seconds=480, may_ask=free_rate
        )
        for carrier in (away, nowhere):
            with pytest.raises(ProviderDown):
                await carrier.connect(PHONE, "call-1", CALLBACK)
            with pytest.raises(ProviderDown):
                await carrier.details("sid-1")
            with pytest.raises(ProviderDown):
                await carrier.find(PHONE, "call-1", loop_clock())
