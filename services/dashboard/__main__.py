"""Serves the dashboard: `python -m services.dashboard`."""

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from aiohttp import web

from services.dashboard.app import Dashboard, Parts, make_dashboard
from services.dashboard.board import Board
from services.dashboard.follower import Follower
from services.dashboard.grpc_customers import GrpcCalls, GrpcCustomers, open_calls_channel, open_customers_channel
from services.dashboard.grpc_dialing import GrpcDialing, open_dialing_channel
from services.dashboard.grpc_suppressions import GrpcSuppressions
from services.dashboard.grpc_telephony import GrpcTelephony, open_channel
from services.dashboard.grpc_uploads import GrpcUploads
from services.dashboard.hub import Hub
from services.dashboard.names import Names
from services.dashboard.passwords import hash_password
from services.dashboard.people import Account, Directory, Role
from services.dashboard.recordings import Recordings
from services.dashboard.redis_sign_ins import RedisSignIns
from services.dashboard.settings import Settings
from services.dashboard.sign_in import SignIns
from voicekit.clock import clock_from, utc_now
from voicekit.process import run
from voicekit.sessions import Sessions, connect
from voicekit.settings import load
from voicekit.web import Runner

log = structlog.get_logger(__name__)


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Serve until `stop` is set, then send live pages elsewhere and let requests under way end."""
    async with built(settings) as dashboard:
        runner = Runner(
            dashboard.app, access_log=None, shutdown_timeout=settings.drain_seconds, handler_cancellation=True
        )
        await runner.setup()
        host, _, port = settings.dashboard_http_listen.rpartition(":")
        await web.TCPSite(runner, host.strip("[]"), int(port)).start()
        log.info("The dashboard listens.", port=runner.addresses[0][1])
        await stop.wait()
        dashboard.health.draining = True
        await dashboard.live.close_all()
        await runner.cleanup()


@asynccontextmanager
async def built(settings: Settings) -> AsyncIterator[Dashboard]:
    """Build the parts, follow the record meanwhile, and close the connections."""
    redis = connect(settings.redis_url.get_secret_value())
    async with (
        redis,
        open_customers_channel(settings.customers_address) as customers_channel,
        open_calls_channel(settings.customers_address) as calls_channel,
        open_dialing_channel(settings.customers_address) as dialing_channel,
        open_channel(settings.telephony_address) as telephony_channel,
    ):
        customers, calls = GrpcCustomers(customers_channel), GrpcCalls(calls_channel)
        phone = GrpcTelephony(telephony_channel)
        now = clock_from(settings.calling_clock) if settings.calling_clock else utc_now
        board = Board(now)
        hub = Hub(lambda number: board.snapshot(number).model_dump_json())
        names = Names(customers, board)
        follower = Follower(calls, phone, names=names, board=board, hub=hub, now=now)
        directory = Directory(accounts_of(settings), settings.dashboard_api_tokens)
        idle, most = settings.session_idle_seconds, settings.session_seconds
        sign_ins = SignIns(directory, RedisSignIns(redis), utc_now, idle_seconds=idle, most_seconds=most)
        parts = Parts(
            customers=customers,
            uploads=GrpcUploads(customers_channel),
            calls=calls,
            dialing=GrpcDialing(dialing_channel),
            holds=GrpcSuppressions(dialing_channel),
            phone=phone,
            sockets=Sessions(redis),
            sign_ins=sign_ins,
            names=names,
            hub=hub,
            board=board,
            recordings=Recordings(settings.recordings_dir),
            begun=follower.begun,
            now=utc_now,
            origins=tuple(settings.dashboard_origins),
            secure=settings.environment == "production",
            session_seconds=most,
            lender_name=settings.lender_name,
            upload_max_bytes=settings.upload_max_bytes,
            max_live_viewers=settings.max_live_viewers,
        )
        following = asyncio.create_task(follower.run(), name="follow")
        try:
            yield make_dashboard(parts)
        finally:
            following.cancel()
            await asyncio.wait([following])


def accounts_of(settings: Settings) -> dict[str, Account]:
    """Return who may sign in: those of the settings, and `admin`."""
    accounts = {
        name: Account(name, user.role, user.password_hash.get_secret_value())
        for name, user in settings.dashboard_users.items()
    }
    if settings.dashboard_admin_password:
        password = settings.dashboard_admin_password.get_secret_value()
    elif accounts:
        return accounts
    else:
        password = secrets.token_urlsafe(12)
        # To the terminal and not to the log: logs are kept.
        print(f"Sign in as admin with the password {password}", file=sys.stderr, flush=True)
    return {"admin": Account("admin", Role.ADMIN, hash_password(password)), **accounts}


def main() -> None:
    """Read the settings and serve."""
    settings = load(Settings, program="python -m services.dashboard", description=__doc__ or "")
    run("dashboard", settings, lambda stop: serve(settings, stop))


if __name__ == "__main__":
    main()
