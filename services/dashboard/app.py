"""All that can be asked, by path, and the application that answers."""

import asyncio
from dataclasses import dataclass

from aiohttp import web

from services.dashboard.board import Board
from services.dashboard.hub import Hub
from services.dashboard.names import Names
from services.dashboard.people import Role
from services.dashboard.ports import Calls, Customers, Dialing, Holds, Phone, SocketSessions, Uploads
from services.dashboard.recordings import Recordings
from services.dashboard.sign_in import SignIns
from services.dashboard.web.answers import errors_as_json, set_headers
from services.dashboard.web.calling import CallingApi
from services.dashboard.web.calls import CallsApi
from services.dashboard.web.customers import CustomersApi
from services.dashboard.web.endpoint import MAX_BODY, Endpoint, add
from services.dashboard.web.examples import ExamplesApi
from services.dashboard.web.exports import ExportsApi
from services.dashboard.web.guard import Guard
from services.dashboard.web.health import HealthApi
from services.dashboard.web.holds import HoldsApi
from services.dashboard.web.live import LiveApi
from services.dashboard.web.openapi import OpenApi, describe
from services.dashboard.web.original import OriginalPage
from services.dashboard.web.pages import Pages, StaticFiles
from services.dashboard.web.recordings import RecordingsApi
from services.dashboard.web.sign_in import SignInApi
from services.dashboard.web.statistics import StatisticsApi
from services.dashboard.web.uploads import UploadsApi
from voicekit.clock import Now
from voicekit.web import measured


@dataclass(frozen=True)
class Parts:
    """What the application is made of."""

    customers: Customers
    uploads: Uploads
    calls: Calls
    dialing: Dialing
    holds: Holds
    phone: Phone
    sockets: SocketSessions
    sign_ins: SignIns
    names: Names
    hub: Hub
    board: Board
    recordings: Recordings
    begun: asyncio.Event
    """Set once the present has been read."""
    now: Now
    origins: tuple[str, ...] = ()
    secure: bool = True
    """True when browsers come by https."""
    session_seconds: int = 12 * 3600
    lender_name: str = "Asha Finance"
    upload_max_bytes: int = 10 * 1024 * 1024
    max_live_viewers: int = 500


@dataclass(frozen=True)
class Dashboard:
    """The application, and what is told to stop."""

    app: web.Application
    endpoints: list[Endpoint]
    live: LiveApi
    health: HealthApi
    begun: asyncio.Event
    """Set once the present has been read."""


def make_dashboard(parts: Parts) -> Dashboard:
    """Build the application."""
    cookie = "__Host-session" if parts.secure else "session"
    guard = Guard(parts.sign_ins, cookie=cookie, origins=parts.origins)
    live = LiveApi(parts.hub, parts.sign_ins, parts.sockets, guard, parts.now, most=parts.max_live_viewers)
    signing = SignInApi(parts.sign_ins, live.left, cookie=cookie, secure=parts.secure, seconds=parts.session_seconds)
    health = HealthApi(parts.begun)
    api = OpenApi()
    endpoints = [*_open(signing, health), *_signed_in(parts, signing, live, api)]
    api.document = describe(endpoints)
    app = web.Application(middlewares=[measured, errors_as_json], client_max_size=MAX_BODY)
    app.on_response_prepare.append(set_headers)
    for endpoint in endpoints:
        add(app, endpoint, guard)
    app.router.add_get("/static/{path:.+}", StaticFiles().get)
    return Dashboard(app, endpoints, live, health, parts.begun)


def _open(signing: SignInApi, health: HealthApi) -> list[Endpoint]:
    """Return what anybody may ask."""
    return [
        Endpoint("GET", "/healthz/live", health.live, None),
        Endpoint("GET", "/healthz/ready", health.ready, None),
        Endpoint("GET", "/login", signing.form, None, media_type="text/html"),
        Endpoint("POST", "/login", signing.sign_in, None, media_type="text/html"),
    ]


def _signed_in(parts: Parts, signing: SignInApi, live: LiveApi, api: OpenApi) -> list[Endpoint]:
    """Return what needs a role."""
    customers, pages = CustomersApi(parts.customers), Pages()
    calls = CallsApi(parts.calls, parts.phone, parts.names)
    recordings = RecordingsApi(parts.calls, parts.recordings)
    exports = ExportsApi(parts.customers, parts.calls, parts.names)
    calling, holds = CallingApi(parts.dialing), HoldsApi(parts.holds)
    original, examples = OriginalPage(parts.customers, calling), ExamplesApi(parts.now, given=not parts.secure)
    uploads = UploadsApi(parts.uploads, lender_name=parts.lender_name, max_bytes=parts.upload_max_bytes)
    return [
        Endpoint("GET", "/", pages.dashboard, Role.VIEWER, page=True, media_type="text/html"),
        Endpoint("GET", "/original", original.show, Role.VIEWER, page=True, media_type="text/html"),
        Endpoint("POST", "/original", original.call, Role.OPERATOR, media_type="text/html"),
        Endpoint("GET", "/openapi.json", api.get, Role.VIEWER),
        Endpoint("GET", "/me", signing.me, Role.VIEWER),
        Endpoint("POST", "/logout", signing.sign_out, Role.VIEWER),
        Endpoint("GET", "/customers", customers.list, Role.VIEWER),
        Endpoint("GET", "/customers/{customer_id}", customers.get, Role.VIEWER),
        Endpoint("PUT", "/customers/{customer_id}/status", customers.set_status, Role.OPERATOR),
        Endpoint("GET", "/counts", customers.count, Role.VIEWER),
        Endpoint("GET", "/customers/{customer_id}/suppressions", holds.list, Role.VIEWER),
        Endpoint("POST", "/customers/{customer_id}/suppressions", holds.hold, Role.OPERATOR),
        Endpoint("POST", "/suppressions/{suppression_id}/lift", holds.lift, Role.OPERATOR),
        Endpoint("GET", "/examples/borrowers.csv", examples.clean, Role.VIEWER, media_type="text/csv"),
        Endpoint("GET", "/examples/mistakes.csv", examples.messy, Role.VIEWER, media_type="text/csv"),
        Endpoint("GET", "/uploads", uploads.list, Role.VIEWER),
        Endpoint("GET", "/uploads/{upload_id}", uploads.get, Role.OPERATOR),
        Endpoint("GET", "/uploads/{upload_id}/progress", uploads.progress, Role.VIEWER, media_type="text/event-stream"),
        Endpoint("GET", "/uploads/{upload_id}/rejected-rows", uploads.rejected_rows, Role.OPERATOR),
        Endpoint("GET", "/uploads/{upload_id}/error-file", uploads.error_file, Role.OPERATOR, media_type="text/csv"),
        Endpoint("GET", "/calls", calls.list, Role.VIEWER),
        Endpoint("GET", "/calls/{call_id}", calls.get, Role.VIEWER),
        Endpoint("GET", "/calls/{call_id}/waveform", recordings.waveform, Role.VIEWER),
        Endpoint("GET", "/calls/{call_id}/recording", recordings.play, Role.VIEWER, media_type="audio/wav"),
        Endpoint("GET", "/statistics", StatisticsApi(parts.board, parts.dialing).get, Role.VIEWER),
        Endpoint("GET", "/exports/customers", exports.customers, Role.OPERATOR, media_type="text/csv"),
        Endpoint("GET", "/exports/calls", exports.calls, Role.OPERATOR, media_type="text/csv"),
        Endpoint("POST", "/calls/{call_id}/end", calls.end, Role.OPERATOR),
        Endpoint("POST", "/upload-customers", uploads.upload, Role.OPERATOR, takes_file=True),
        Endpoint("POST", "/trigger-call/{customer_id}", calling.trigger, Role.OPERATOR),
        Endpoint("POST", "/trigger-bulk-calls", calling.trigger_bulk, Role.OPERATOR),
        Endpoint("GET", "/campaigns", calling.campaigns, Role.VIEWER),
        Endpoint("GET", "/campaigns/{campaign_id}", calling.campaign, Role.VIEWER),
        Endpoint("POST", "/campaigns/{campaign_id}/control", calling.control, Role.OPERATOR),
        Endpoint("GET", "/ws/dashboard/{websocket_id}", live.watch, Role.VIEWER, websocket=True),
    ]
