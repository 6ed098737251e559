"""Puts the emulated API and the emulator's own API on one web application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from emulators.exotel.api import Api
from emulators.exotel.control import Control
from emulators.exotel.exchange import Exotel
from emulators.exotel.options import Options


def build(exotel: Exotel) -> web.Application:
    """Build the application that `Exotel.serve` serves."""
    api = Api(exotel)
    app = web.Application(middlewares=[api.middleware])
    app.add_routes(api.routes() + Control(exotel).routes())
    return app


@asynccontextmanager
async def running(options: Options, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Exotel]:
    """Run an emulated account in this loop; its API listens at `exotel.url`."""
    async with Exotel(options) as exotel:
        await exotel.serve(build(exotel), host, port)
        yield exotel
