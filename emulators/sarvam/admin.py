"""`/emulator/...`: what tests and the demo ask of the emulator itself."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, fields
from typing import Any

from aiohttp import web

from emulators.sarvam.phrasebook import phrase
from emulators.sarvam.provider import Latency, Provider

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Admin:
    """The emulator's own endpoints; all JSON, no key."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def routes(self) -> list[web.RouteDef]:
        """List them."""
        return [
            web.get("/emulator/health", self.health),
            web.get("/emulator/usage", self.usage),
            web.get("/emulator/rendered", self.rendered),
            web.get("/emulator/understood", self.understood),
            web.get("/emulator/requests", self.requests),
            web.get("/emulator/phrases", self.phrases),
            web.post("/emulator/phrases", self.add_phrases),
            web.get("/emulator/faults", self.faults),
            web.post("/emulator/faults", self.arm_fault),
            web.delete("/emulator/faults", self.disarm_faults),
            web.post("/emulator/latency", self.set_latency),
            web.post("/emulator/reset", self.reset),
        ]

    async def health(self, _: web.Request) -> web.Response:
        """Answer when the emulator is up."""
        return web.json_response({"status": "ok", "phrases": len(self._provider.recogniser.phrases)})

    async def usage(self, _: web.Request) -> web.Response:
        """Tell what would be billed."""
        return web.json_response(asdict(self._provider.journal.usage))

    async def rendered(self, _: web.Request) -> web.Response:
        """List what was spoken."""
        return web.json_response([{**item._asdict(), "pcm": len(item.pcm)} for item in self._provider.journal.rendered])

    async def understood(self, _: web.Request) -> web.Response:
        """List what was recognised; the distance of what was not is null."""
        items = [item._asdict() for item in self._provider.journal.understood]
        return web.json_response([{**item, "distance": _finite(item["distance"])} for item in items])

    async def requests(self, _: web.Request) -> web.Response:
        """List requests and socket messages; audio is left out."""
        journal = self._provider.journal
        frames = [{"at": at, "path": path, "message": message} for at, path, message in journal.frames]
        return web.json_response({"requests": [item._asdict() for item in journal.requests], "messages": frames})

    async def phrases(self, _: web.Request) -> web.Response:
        """List what callers may say."""
        return web.json_response([item._asdict() for item in self._provider.recogniser.phrases])

    async def add_phrases(self, request: web.Request) -> web.Response:
        """Teach `[{"text", "language"}, ...]`."""
        self._provider.recogniser.add([phrase(item) for item in await _json(request, list)])
        return await self.phrases(request)

    async def faults(self, _: web.Request) -> web.Response:
        """List what is armed and what has struck."""
        faults = self._provider.faults
        return web.json_response(
            {"armed": {name: asdict(armed) for name, armed in faults.armed.items()}, "struck": faults.struck}
        )

    async def arm_fault(self, request: web.Request) -> web.Response:
        """Arm `{"name", "value"?, "times"?: 1, "after"?: 0}`; `times` null: until it is disarmed."""
        wish = await _json(request, dict)
        self._provider.faults.arm(
            wish.get("name", ""), wish.get("value"), times=wish.get("times", 1), after=wish.get("after", 0)
        )
        return await self.faults(request)

    async def disarm_faults(self, request: web.Request) -> web.Response:
        """Disarm `?name=`, or all."""
        self._provider.faults.disarm(request.query.get("name"))
        return await self.faults(request)

    async def set_latency(self, request: web.Request) -> web.Response:
        """Change some of `Latency`, in seconds."""
        wish = await _json(request, dict)
        known = {item.name for item in fields(Latency)}
        if unknown := set(wish) - known:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")
        for name, value in wish.items():
            setattr(self._provider.latency, name, float(value))
        return web.json_response(asdict(self._provider.latency))

    async def reset(self, request: web.Request) -> web.Response:
        """Forget the journal and disarm all faults; phrases stay."""
        self._provider.journal.clear()
        self._provider.faults.disarm()
        self._provider.faults.struck.clear()
        return await self.health(request)


@web.middleware
async def explain_mistakes(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 400 with the reason where a wish to `/emulator/...` makes no sense."""
    if not request.path.startswith("/emulator/"):
        return await handler(request)
    try:
        return await handler(request)
    except (ValueError, TypeError) as error:
        return web.json_response({"error": str(error)}, status=400)


async def _json(request: web.Request, kind: type) -> Any:
    body = await request.json()
    if not isinstance(body, kind):
        raise TypeError(f"the body should be a JSON {kind.__name__}")
    return body


def _finite(distance: float) -> float | None:
    return None if distance == float("inf") else round(distance, 3)
