"""The whole system in one loop: all that thinks is ours and real, between Exotel and Sarvam on loopback sockets.

Only what cannot live under a virtual clock is stood in for: gRPC's wire, Redis, Postgres, and Bedrock.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from emulators.exotel.app import running
from emulators.exotel.exchange import Exotel
from emulators.exotel.flow import recommended
from emulators.exotel.options import Options
from emulators.exotel.variant import Variant
from emulators.sarvam import SarvamEmulator
from services.customers.servicer import CallsServicer, CustomersServicer
from services.dialog.deciding import Decider
from services.dialog.office import Office
from services.dialog.ports import IntentModel
from services.dialog.reading import languages_of_state, read
from services.dialog.servicer import DialogServicer
from services.speech.hearing import Ears
from services.speech.limits import ProcessLimit
from services.speech.sarvam import SarvamAccount
from services.speech.sarvam_legacy import SarvamLegacy
from services.speech.sarvam_realtime import SarvamRealtime
from services.speech.sarvam_rest import SarvamRest
from services.speech.sarvam_tts_rest import SarvamTtsRest
from services.speech.sarvam_tts_socket import SarvamTtsSocket
from services.speech.sarvam_voice import Voice
from services.speech.servicer import SpeechServicer
from services.speech.speaking import Speaking
from services.speech.stores import MemoryStore
from services.telephony.exotel import ExotelCarrier, exotel_client
from services.telephony.grpc_customers import GrpcCustomers
from services.telephony.grpc_dialog import GrpcDialog
from services.telephony.grpc_speech import GrpcSpeech
from services.telephony.service import Outside, Telephony, addresses_of
from services.telephony.settings import Settings
from tests.support.loopback import LoopbackChannel, LoopbackServer
from tests.support.memory_record import MemoryCalls, MemoryCustomers
from tests.support.studio import SharedLines, Studio
from tests.telephony.fake_sessions import FakeSessions
from tests.telephony.fakes import MORNING, loop_clock
from tests.telephony.world import EXOPHONE, SECRET, free_port, free_rate, settings_for
from voice.customers.v1 import add_CallsServiceServicer_to_server, add_CustomersServiceServicer_to_server
from voice.dialog.v1 import add_DialogServiceServicer_to_server
from voice.speech.v1 import add_SpeechServiceServicer_to_server
from voice.telephony.v1 import add_TelephonyServiceServicer_to_server

LONGEST_CALL = 600.0
ENOUGH = 10_000
"""Requests a minute: no story is about the provider's limits."""


@dataclass
class WholeSystem:
    telephony: Telephony
    exotel: Exotel
    sarvam: SarvamEmulator
    to_speech: LoopbackChannel
    to_dialog: LoopbackChannel
    to_customers: LoopbackChannel
    to_telephony: LoopbackChannel
    customers: MemoryCustomers
    calls: MemoryCalls
    sessions: FakeSessions

    speech: GrpcSpeech
    """Telephony's client of it."""

    @property
    def channels(self) -> list[LoopbackChannel]:
        return [self.to_speech, self.to_dialog, self.to_customers, self.to_telephony]


@asynccontextmanager
async def whole_system(
    studio: Studio,
    *,
    lines: SharedLines | None = None,
    variant: Variant | None = None,
    model: IntentModel | None = None,
    asked_with: str = "",
    **settings: object,
) -> AsyncIterator[WholeSystem]:
    """Run everything.

    `lines` are those rendered before, the studio's when None; `asked_with` is the query with which the carrier's flow
    asks for the socket; `settings` are telephony's.
    """
    async with AsyncExitStack() as stack:
        sarvam = await stack.enter_async_context(SarvamEmulator(phrases=()))
        sarvam.provider.recogniser = studio.recogniser
        studio.journals.append(sarvam.provider.journal)
        to_speech = await stack.enter_async_context(_speech(sarvam, studio, lines or studio.lines))
        to_dialog = _dialog(model)
        customers = MemoryCustomers(loop_clock)
        calls = MemoryCalls(customers, loop_clock)
        to_customers = _customers(customers, calls)
        sessions = FakeSessions(asyncio.get_running_loop().time)
        port = free_port()
        exotel = await stack.enter_async_context(running(_account(port, asked_with, variant or Variant())))
        told = settings_for(port, exotel.url, **settings)
        speech = GrpcSpeech(to_speech, longest_call=LONGEST_CALL)  # type: ignore[arg-type]  # a pool of one
        stack.push_async_callback(speech.close)
        outside = Outside(
            speech,
            GrpcDialog(to_dialog, longest_call=LONGEST_CALL),  # type: ignore[arg-type]  # does what a channel does
            GrpcCustomers(to_customers, to_customers),  # type: ignore[arg-type]  # does what a channel does
            await stack.enter_async_context(_carrier(exotel, told)),
            sessions,
            now=loop_clock,
        )
        telephony = await stack.enter_async_context(Telephony(told, outside, addresses_of(told)))
        to_telephony = _serve((add_TelephonyServiceServicer_to_server, telephony.servicer))
        yield WholeSystem(
            telephony,
            exotel,
            sarvam,
            to_speech,
            to_dialog,
            to_customers,
            to_telephony,
            customers,
            calls,
            sessions,
            speech,
        )


def _serve(*services: tuple[Any, object]) -> LoopbackChannel:
    server = LoopbackServer()
    for add, servicer in services:
        add(servicer, server)
    return LoopbackChannel(server)


@asynccontextmanager
async def _speech(sarvam: SarvamEmulator, studio: Studio, lines: SharedLines) -> AsyncIterator[LoopbackChannel]:
    async with SarvamAccount.open(key="any", http_base=sarvam.http_base, ws_base=sarvam.ws_base) as account:
        voice, limit = Voice(), ProcessLimit(ENOUGH, 60.0)
        socket = SarvamTtsSocket(account, voice)
        speaking = Speaking(
            [socket, SarvamTtsRest(account, voice)],
            limit,
            lines,
            voice_name=voice.name,
            memory=MemoryStore(1 << 26),
        )
        ears = Ears(studio.model, [SarvamRealtime(account), SarvamLegacy(account)], SarvamRest(account, limit))
        async with socket.running():
            yield _serve((add_SpeechServiceServicer_to_server, SpeechServicer(ears, speaking)))
            await speaking.aclose()


def _dialog(model: IntentModel | None) -> LoopbackChannel:
    office = Office(read, Decider(model), languages_of_state, now=loop_clock)
    return _serve((add_DialogServiceServicer_to_server, DialogServicer(office)))


def _customers(customers: MemoryCustomers, calls: MemoryCalls) -> LoopbackChannel:
    # A call asks neither for uploads, nor for changes, nor for what only lists of borrowers need.
    nothing: Any = None
    borrowers: Any = customers
    return _serve(
        (add_CustomersServiceServicer_to_server, CustomersServicer(borrowers, nothing, nothing)),
        (add_CallsServiceServicer_to_server, CallsServicer(calls, borrowers, nothing)),
    )


def _account(port: int, asked_with: str, variant: Variant) -> Options:
    url = f"http://127.0.0.1:{port}"
    flow = recommended(
        resolver_url=f"{url}/ws-url/{SECRET}{asked_with}",
        passthru_url=f"{url}/passthru-handler/{SECRET}",
        connect_url=f"{url}/connect-numbers/{SECRET}",
    )
    return Options(flows={"51177": flow, "default": flow}, variant=variant, started=MORNING)


@asynccontextmanager
async def _carrier(exotel: Exotel, settings: Settings) -> AsyncIterator[ExotelCarrier]:
    async with exotel_client(exotel.url, "exotel-key", "exotel-token") as client:
        yield ExotelCarrier(
            client,
            settings.exotel_sid,
            flow_url=settings.flow_url,
            exophone=EXOPHONE,
            ring_seconds=settings.ring_seconds,
            call_seconds=settings.call_seconds,
            may_ask=free_rate,
        )
