"""The emulator's own API, for whoever drives it from another process: personas, calls, findings, faults."""

from dataclasses import fields
from pathlib import Path

from aiohttp import web

from emulators.exotel.call import Call
from emulators.exotel.exchange import Exotel
from emulators.exotel.options import ApiFault
from emulators.exotel.people import parse_people


class Control:
    """Handlers of `/emulator/...`; JSON in and out."""

    def __init__(self, exotel: Exotel) -> None:
        self._exotel = exotel

    def routes(self) -> list[web.RouteDef]:
        """List the routes."""
        return [
            web.get("/emulator/health", self.health),
            web.get("/emulator/calls", self.calls),
            web.get("/emulator/calls/{sid}", self.call),
            web.post("/emulator/calls/{sid}/hang-up", self.hang_up),
            web.get("/emulator/judge", self.judge),
            web.post("/emulator/personas", self.personas),
            web.post("/emulator/dial-in", self.dial_in),
            web.post("/emulator/faults", self.faults),
        ]

    async def health(self, _: web.Request) -> web.Response:
        """Tell that the emulator runs."""
        return web.json_response({"status": "ok", "calls": len(self._exotel.calls)})

    async def calls(self, _: web.Request) -> web.Response:
        """List all calls, the oldest first, each in short."""
        return web.json_response({"calls": [_short(call) for call in self._exotel.calls.values()]})

    async def call(self, request: web.Request) -> web.Response:
        """Describe one call: events, streams, findings."""
        return web.json_response(self._find(request).view())

    async def hang_up(self, request: web.Request) -> web.Response:
        """Let the customer of one call hang up."""
        call = self._find(request)
        call.hang_up("user")
        return web.json_response(_short(call))

    async def judge(self, _: web.Request) -> web.Response:
        """Give the findings of all calls, and how many calls broke each rule."""
        judged = {call.sid: call.findings for call in self._exotel.calls.values() if call.findings.all()}
        totals: dict[str, int] = {}
        for findings in judged.values():
            for rule in findings.rules():
                totals[rule] = totals.get(rule, 0) + 1
        errors = sum(len(findings.rules("error")) for findings in judged.values())
        report = {sid: findings.view() for sid, findings in judged.items()}
        return web.json_response({"errors": errors, "calls_by_rule": totals, "findings": report})

    async def personas(self, request: web.Request) -> web.Response:
        """Add personas and agents; the body is a personas file as JSON."""
        try:
            people = parse_people(await request.json(), Path())
        except ValueError as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        self._exotel.add_people(people)
        return web.json_response({"personas": list(people.personas), "agents": list(people.agents)})

    async def dial_in(self, request: web.Request) -> web.Response:
        """Let a person ring the ExoPhone: `{"from": "+91..."}`."""
        try:
            call = self._exotel.dial_in(str((await request.json())["from"]))
        except (ValueError, KeyError, TypeError) as error:
            raise web.HTTPBadRequest(text=f"from: {error}") from error
        return web.json_response(_short(call))

    async def faults(self, request: web.Request) -> web.Response:
        """Queue faults of the next `Calls/connect` requests: a list of objects with `ApiFault`'s fields."""
        known = {field.name for field in fields(ApiFault)}
        wanted = await request.json()
        if not isinstance(wanted, list) or any(not isinstance(w, dict) or set(w) - known for w in wanted):
            raise web.HTTPBadRequest(text=f"a list of objects with some of {sorted(known)}")
        self._exotel.faults.extend(ApiFault(**fault) for fault in wanted)
        return web.json_response({"queued": len(self._exotel.faults)})

    def _find(self, request: web.Request) -> Call:
        call = self._exotel.calls.get(request.match_info["sid"])
        if call is None:
            raise web.HTTPNotFound(text="no such call")
        return call


def _short(call: Call) -> dict[str, object]:
    view = call.view()
    kept = ("sid", "customer", "direction", "custom_field", "status", "ended_by", "placed_s", "duration_s", "transfer")
    return {name: view[name] for name in kept} | {"findings": sorted(call.findings.rules())}
