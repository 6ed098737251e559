"""What goes wrong with a REST request, before its answer and in the middle of it."""

import asyncio

from aiohttp import web

from emulators.sarvam.errors import ApiError
from emulators.sarvam.faults import Fault, Faults
from emulators.sarvam.sockets import cut

_BAD_GATEWAY = "<html><body><h1>502 Bad Gateway</h1></body></html>"


async def strike_before(faults: Faults, request: web.Request) -> web.Response | None:
    """Let the faults strike that come instead of an answer: `ApiError`, or a response that is none of the API's."""
    if hit := faults.take(Fault.REST_HANG) or faults.take(Fault.REST_SLOW_HEADERS):
        await asyncio.sleep(hit.number)
    if hit := faults.take(Fault.REST_RATE_LIMITED):
        headers = {"Retry-After": f"{hit.number:g}"} if hit.given else {}
        raise ApiError(429, "Rate limit exceeded", headers=headers)
    if faults.take(Fault.REST_QUOTA):
        raise ApiError(429, "You have no credits left", code="insufficient_quota_error")
    for fault, status in (
        (Fault.REST_PAYMENT, 402),
        (Fault.REST_ERROR, 500),
        (Fault.REST_UNAVAILABLE, 503),
    ):
        if faults.take(fault):
            raise ApiError(status, "The service failed")
    if faults.take(Fault.REST_BAD_GATEWAY):
        return web.Response(status=502, text=_BAD_GATEWAY, content_type="text/html")
    return None


async def spoil(faults: Faults, request: web.Request, response: web.Response) -> web.StreamResponse:
    """Let the faults strike that hit the body; returns what was really sent."""
    reset, slow = faults.take(Fault.REST_RESET), faults.take(Fault.REST_SLOW_BODY)
    truncated = faults.take(Fault.REST_TRUNCATED)
    if not (reset or slow or truncated) or not isinstance(response.body, bytes):
        return response
    half, rest = response.body[: len(response.body) // 2], response.body[len(response.body) // 2 :]
    if truncated:
        return web.Response(status=response.status, body=half, content_type=response.content_type)
    partly = web.StreamResponse(status=response.status, headers={"Content-Type": response.content_type})
    partly.content_length = len(response.body)
    await partly.prepare(request)
    await partly.write(half)
    if reset:
        cut(request)
        return partly
    await asyncio.sleep(slow.number if slow else 0.0)
    await partly.write(rest)
    await partly.write_eof()
    return partly
