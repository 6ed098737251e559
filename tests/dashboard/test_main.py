"""The dashboard as it is served."""

import asyncio
import socket

from services.dashboard.__main__ import serve
from services.dashboard.settings import Settings
from tests.voicekit.test_web import answered


async def test_what_is_no_http_is_answered_as_every_error(redis_url: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    stop = asyncio.Event()
    variables = {
        "dashboard_http_listen": f"127.0.0.1:{port}",
        "customers_address": "127.0.0.1:1",
        "telephony_address": "127.0.0.1:1",
        "redis_url": redis_url,
        "dashboard_admin_password": "a long enough password",
    }
    serving = asyncio.create_task(serve(Settings.model_validate(variables), stop))
    async with asyncio.timeout(30):
        while True:
            try:
                status, body = await answered(port, b"GET / HTTP/9.9\r\n\r\n")
                break
            except ConnectionRefusedError:
                await asyncio.sleep(0.05)
    stop.set()
    await serving
    assert (status, body["error"]["code"]) == (400, "INVALID_INPUT")
