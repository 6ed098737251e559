"""`/emulator/...`: what tests and the demo ask of the emulator itself."""

import functools
from collections.abc import Awaitable, Callable
from dataclasses import asdict

from aiohttp import web

from emulators.bedrock.brain import Brain
from emulators.bedrock.mind import rules

Handler = Callable[[web.Request], Awaitable[web.Response]]


class Admin:
    """The emulator's own endpoints; all JSON, unsigned."""

    def __init__(self, brain: Brain) -> None:
        self._brain = brain

    def routes(self) -> list[web.RouteDef]:
        """List them."""
        return [
            web.get("/emulator/health", self.health),
            web.get("/emulator/requests", self.requests),
            web.get("/emulator/script", self.script),
            web.post("/emulator/script", _explained(self.add_rules)),
            web.get("/emulator/faults", self.faults),
            web.post("/emulator/faults", _explained(self.arm_fault)),
            web.delete("/emulator/faults", _explained(self.disarm_faults)),
            web.post("/emulator/latency", _explained(self.set_latency)),
            web.post("/emulator/reset", self.reset),
        ]

    async def health(self, _: web.Request) -> web.Response:
        """Answer when the emulator is up."""
        return web.json_response({"status": "ok", "rules": len(self._brain.script)})

    async def requests(self, _: web.Request) -> web.Response:
        """List what was asked of models, whole."""
        return web.json_response([item._asdict() for item in self._brain.asked])

    async def script(self, _: web.Request) -> web.Response:
        """List the rules."""
        return web.json_response([asdict(rule) for rule in self._brain.script])

    async def add_rules(self, request: web.Request) -> web.Response:
        """Put `[{"match", "input"}, ...]` before the rules there are."""
        self._brain.script[:0] = rules(await request.json())
        return await self.script(request)

    async def faults(self, _: web.Request) -> web.Response:
        """List what is armed and what has struck."""
        faults = self._brain.faults
        return web.json_response(
            {"armed": {name: asdict(armed) for name, armed in faults.armed.items()}, "struck": faults.struck}
        )

    async def arm_fault(self, request: web.Request) -> web.Response:
        """Arm `{"name", "value"?, "times"?: 1, "after"?: 0}`; `times` null: until it is disarmed."""
        wish = await request.json()
        self._brain.faults.arm(
            wish.get("name", ""), wish.get("value"), times=wish.get("times", 1), after=wish.get("after", 0)
        )
        return await self.faults(request)

    async def disarm_faults(self, request: web.Request) -> web.Response:
        """Disarm `?name=`, or all."""
        self._brain.faults.disarm(request.query.get("name"))
        return await self.faults(request)

    async def set_latency(self, request: web.Request) -> web.Response:
        """Change `median_s`, `spread` or both."""
        wish, latency = await request.json(), self._brain.latency
        latency.median_s = float(wish.get("median_s", latency.median_s))
        latency.spread = float(wish.get("spread", latency.spread))
        return web.json_response(asdict(latency))

    async def reset(self, request: web.Request) -> web.Response:
        """Forget what was asked and disarm all faults; the rules stay."""
        self._brain.asked.clear()
        self._brain.faults.disarm()
        self._brain.faults.struck.clear()
        return await self.health(request)


def _explained(handler: Handler) -> Handler:
    """Answer 400 with the reason where a wish makes no sense."""

    @functools.wraps(handler)
    async def explain(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except (ValueError, TypeError, AttributeError) as error:
            return web.json_response({"error": str(error)}, status=400)

    return explain
