"""What every HTTP server of ours measures."""

import asyncio
from typing import Final

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from voicekit.telemetry import seconds

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
