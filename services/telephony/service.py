"""Telephony, put together from its parts: what `__main__` serves, and tests begin and end."""

from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import structlog
from aiohttp import web

from services.telephony.app import Addresses, App
from services.telephony.book import CallBook
from services.telephony.callers import Callers
from services.telephony.endings import Endings
from services.telephony.offers import Offers
from services.telephony.pacer import Pacer
from services.telephony.parts import Parts
from services.telephony.placing import Placing
from services.telephony.ports import Carrier, Customers, Dialog, Sessions, Speech
from services.telephony.recorder import Recorder
from services.telephony.recording import Recordings
from services.telephony.servicer import TelephonyServicer
from services.telephony.settings import Settings
from services.telephony.settling import Settler
from services.telephony.signer import Signer
from services.telephony.switchboard import Switchboard
from services.telephony.tasks import Tasks
from services.telephony.tickets import Tickets
from services.telephony.transfers import Transfers
from services.telephony.voice import Fallbacks
from services.telephony.voicebot import Voicebot
from voicekit.clock import Now, utc_now
from voicekit.web import Runner

log = structlog.get_logger(__name__)

LIMIT_MARGIN: Final = 15.0
"""Seconds before the carrier's limit at which we end a call ourselves, with a goodbye."""
STRAGGLERS: Final = 15.0
"""Seconds in which calls may still come after readiness was taken back: routers need a moment to notice."""
FLUSH: Final = 10.0
"""Seconds that endings and the record get at the very end."""


@dataclass(frozen=True, slots=True)
class Outside:
    """Everything that telephony needs from outside: one answer to each port."""

    speech: Speech
    dialog: Dialog
    customers: Customers
    carrier: Carrier
    sessions: Sessions
    now: Now = utc_now


class Telephony:
    """All of the service but its gRPC server, which `__main__` puts around `servicer`.

    Enter it inside a running loop; leaving it drains for as long as the settings say.
    """

    def __init__(self, settings: Settings, outside: Outside, addresses: Addresses) -> None:
        self._settings, self._addresses = settings, addresses
        now, sessions = outside.now, outside.sessions
        exophone, agent = settings.exotel_virtual_number, settings.agent_phone_number
        self.book = CallBook(sessions, now)
        self._recorder = Recorder(outside.customers)
        self._endings = Endings(self._recorder, self.book, now)
        self.transfers = Transfers(
            self.book,
            self._endings,
            self._recorder,
            agent_phone=agent,
            exophone=exophone,
            ring_seconds=settings.ring_seconds,
            now=now,
        )
        parts = Parts(
            outside.speech,
            outside.dialog,
            Pacer(),
            Fallbacks(outside.speech),
            out_chunk_ms=settings.out_chunk_ms,
            time_limit=settings.call_seconds - LIMIT_MARGIN,
        )
        self.switchboard = Switchboard(
            parts=parts,
            callers=Callers(self.book, outside.customers, lender_name=settings.lender_name, exophone=exophone, now=now),
            sessions=sessions,
            recorder=self._recorder,
            endings=self._endings,
            transfers=self.transfers,
            recordings=Recordings(settings.recordings_dir),
            pod=settings.pod,
            max_calls=settings.max_calls,
            now=now,
        )
        self.placing = Placing(
            self.book,
            outside.dialog,
            outside.speech,
            outside.carrier,
            parts.fallbacks,
            status_url=addresses.status,
            has_room=self.switchboard.has_room,
            now=now,
        )
        self.settler = Settler(
            book=self.book,
            sessions=sessions,
            carrier=outside.carrier,
            endings=self._endings,
            transfers=self.transfers,
            recorder=self._recorder,
            pod=settings.pod,
            ring_seconds=settings.ring_seconds,
            now=now,
        )
        self._offers = Offers(sessions, pod=settings.pod, max_calls=settings.max_calls)
        self.servicer = TelephonyServicer(self.placing, self.switchboard, self.book, sessions, now)
        self._tickets = Tickets(sessions)
        self._tasks = Tasks()
        self.http_port = 0

    async def __aenter__(self) -> Self:
        settings = self._settings
        self._runner = Runner(self._app(), access_log=None, handle_signals=False, shutdown_timeout=5.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, settings.telephony_http_host, settings.telephony_http_port)
        await site.start()
        self.http_port = self._runner.addresses[0][1]
        self._tasks.start(self.settler.sweep(), "sweep")
        self._tasks.start(self._offers.repeat(), "offer")
        log.info("Exotel is listened to.", port=self.http_port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.drain(self._settings.drain_seconds if error is None else 0.0)

    async def drain(self, within: float) -> None:
        """Take no new calls, wait for those that live, write what is left, and stop listening."""
        await self._offers.withdraw()
        await self.placing.drain(min(within, STRAGGLERS))
        await self.switchboard.drain(max(0.0, within - FLUSH))
        await self._tasks.cancel()
        await self.settler.drain(1.0)
        await self._endings.drain(FLUSH)
        await self._recorder.drain(FLUSH)
        await self._runner.cleanup()

    def _app(self) -> web.Application:
        settings = self._settings
        voicebot = Voicebot(
            self.switchboard,
            self._tickets,
            user=settings.socket_user,
            password=settings.socket_password.get_secret_value(),
            numbered=settings.numbered_media,
        )
        app = App(
            self._addresses, self._tickets, voicebot, self.transfers, self.settler, ready=self.switchboard.has_room
        )
        return app.build()


def addresses_of(settings: Settings) -> Addresses:
    """Return the addresses that we hand out."""
    password = settings.socket_password.get_secret_value()
    return Addresses(
        str(settings.base_url).rstrip("/"),
        Signer(settings.webhook_secret.get_secret_value()),
        settings.sample_rate,
        f"{settings.socket_user}:{password}@" if settings.socket_user else "",
    )
