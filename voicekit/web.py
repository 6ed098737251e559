"""What every HTTP server of ours does: it measures, and whatever goes wrong is answered in one shape."""

import asyncio
from http import HTTPStatus
from typing import Final

import orjson
import structlog
from aiohttp import hdrs, web
from aiohttp.http_exceptions import LineTooLong
from aiohttp.typedefs import Handler

from voicekit.telemetry import seconds

log = structlog.get_logger(__name__)

_took: Final = seconds("http.server.request.duration", "How long HTTP requests take, by route and status.")


@web.middleware
async def measured(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Measure how long an answer takes; sockets are left out, since they last as long as somebody looks or speaks."""
    if request.headers.get(hdrs.UPGRADE, "").lower() == "websocket":
        return await handler(request)
    began, status = asyncio.get_running_loop().time(), 500
    try:
        response = await handler(request)
        status = response.status
    except web.HTTPException as answer:
        status = answer.status
        raise
    else:
        return response
    finally:
        resource = request.match_info.route.resource
        # Never the path: it bears secrets and ids.
        route = resource.canonical if resource else "unknown"
        method = request.method if request.method in hdrs.METH_ALL else "_OTHER"
        labels: dict[str, str | int] = {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
        }
        _took.record(asyncio.get_running_loop().time() - began, labels)


def refusal(status: int, code: str, message: str) -> web.Response:
    """Return the answer to what cannot be done: `code` is fixed, for programs; `message` is for people."""
    body = orjson.dumps({"error": {"code": code, "message": message}})
    headers = {"Cache-Control": "no-store"}
    return web.Response(body=body, status=status, content_type="application/json", headers=headers)


class Runner(web.AppRunner):
    """Serves an application. What is no HTTP, and so never reaches it, is answered in the shape of every error.

    aiohttp answers that in plain text, which repeats what was sent, and has no setting for it.
    """

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Server(made.request_handler, request_factory=made.request_factory, **self._kwargs)


class _Server(web.Server):
    def __call__(self) -> web.RequestHandler:
        return _RequestHandler(self, loop=asyncio.get_running_loop(), **self._kwargs)


class _RequestHandler(web.RequestHandler):
    __slots__ = ()

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """Answer what no handler answers; `message` is left out, since it repeats what was sent."""
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun")
        if isinstance(exc, LineTooLong):
            status, code, words = 431, "TOO_LARGE", "A line of the request is too long."
        elif status < HTTPStatus.INTERNAL_SERVER_ERROR or isinstance(exc, web.RequestPayloadError):
            status, code, words = 400, "INVALID_INPUT", "This cannot be read as HTTP."
        else:
            log.error("A request failed through a mistake of ours.", exc_info=exc)
            code, words = "INTERNAL", "A mistake of ours; the log tells more."
        answer = refusal(status, code, words)
        answer.force_close()
        return answer
