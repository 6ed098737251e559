"""The emulator as a web application, and as a server that a test or the demo starts."""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from emulators.sarvam import rest, text
from emulators.sarvam.admin import Admin, Handler, explain_mistakes
from emulators.sarvam.errors import ApiError
from emulators.sarvam.journal import Request
from emulators.sarvam.legacy import serve_legacy
from emulators.sarvam.provider import Provider
from emulators.sarvam.realtime import serve_realtime
from emulators.sarvam.rest_faults import spoil, strike_before
from emulators.sarvam.tts_socket import serve_tts

Endpoint = Callable[[Provider, web.Request, str], Awaitable[web.Response]]
SocketEndpoint = Callable[[Provider, web.Request], Awaitable[web.StreamResponse]]

SCENARIO_HEADER = "x-emu-scenario"
"""Header with the name of a fault, or `name=value`, that is armed as the request arrives."""


def make_app(provider: Provider) -> web.Application:
    """Build the application: Sarvam's paths, and the emulator's own under `/emulator/`."""
    app = web.Application(middlewares=[_in_envelope(provider), explain_mistakes], client_max_size=8 * 2**20)
    for path, endpoint, pool in (
        ("/speech-to-text", rest.speech_to_text, "stt"),
        ("/text-to-speech", rest.text_to_speech, "tts"),
        ("/text-to-speech/stream", rest.text_to_speech_stream, "tts"),
        ("/text-lid", text.text_lid, None),
        ("/translate", text.translate, None),
        ("/transliterate", text.transliterate, None),
    ):
        app.router.add_post(path, functools.partial(_serve_rest, provider, endpoint, pool))
    for path, serve in (
        ("/speech-to-text-realtime/ws", serve_realtime),
        ("/speech-to-text/ws", serve_legacy),
        ("/text-to-speech/ws", serve_tts),
        ("/text-to-speech/ws/v2", serve_tts),
    ):
        app.router.add_get(path, functools.partial(_serve_socket, provider, serve))
    app.add_routes(Admin(provider).routes())
    return app


async def _serve_rest(
    provider: Provider, endpoint: Endpoint, pool: str | None, request: web.Request
) -> web.StreamResponse:
    body = await request.json() if request.content_type == "application/json" and await request.text() else {}
    _note(provider, request, body if isinstance(body, dict) else {})
    provider.journal.usage.requests += 1
    account = provider.account(request)
    if (instead := await strike_before(provider.faults, request)) is not None:
        return instead
    provider.check_credits()
    if pool:
        account.count_request(pool)
    await asyncio.sleep(provider.latency.rest_s)
    return await spoil(provider.faults, request, await endpoint(provider, request, provider.request_id()))


async def _serve_socket(provider: Provider, serve: SocketEndpoint, request: web.Request) -> web.StreamResponse:
    _note(provider, request, {})
    return await serve(provider, request)


def _note(provider: Provider, request: web.Request, body: dict[str, Any]) -> None:
    at = asyncio.get_running_loop().time()
    provider.journal.requests.append(Request(at, request.method, request.path, dict(request.query), body))


def _in_envelope(provider: Provider) -> Any:
    """Make the middleware that turns refusals, and paths that do not exist, into the service's envelope."""

    @web.middleware
    async def envelope(request: web.Request, handler: Handler) -> web.StreamResponse:
        if scenario := request.headers.get(SCENARIO_HEADER):
            name, _, value = scenario.partition("=")
            provider.faults.arm(name, value or None)
        try:
            return await handler(request)
        except ApiError as error:
            return error.response(provider.request_id())
        except (web.HTTPNotFound, web.HTTPMethodNotAllowed) as error:
            return ApiError(error.status, "Not found", code="not_found_error").response(provider.request_id())
        except ValueError:
            return ApiError(422, "The body is no JSON").response(provider.request_id())

    return envelope


class SarvamEmulator:
    """The emulator on a loopback port, as long as an `async with` lasts.

    Takes the arguments of `Provider`, and a port: 0 picks a free one.
    """

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0, **provider: Any) -> None:
        self.provider = Provider(**provider)
        self._host, self._port = host, port
        self._running = AsyncExitStack()

    @property
    def http_base(self) -> str:
        """Base URL of the REST endpoints."""
        return f"http://{self._host}:{self._port}"

    @property
    def ws_base(self) -> str:
        """Base URL of the sockets."""
        return f"ws://{self._host}:{self._port}"

    async def __aenter__(self) -> Self:
        runner = web.AppRunner(make_app(self.provider), access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        self._running.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, self._host, self._port)
        await site.start()
        self._port = runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._running.aclose()
