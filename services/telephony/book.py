"""The calls that live, as all pods see them; and, while Redis is away, as this one does."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import asdict
from enum import StrEnum
from typing import Any, Final, TypeVar

import orjson
import structlog

from services.telephony.model import Brief, Line, Plan
from services.telephony.ports import Sessions
from voicekit.clock import Now
from voicekit.errors import ProviderDown

log = structlog.get_logger(__name__)

AWAY_FOR: Final = 1.0
"""Seconds for which Redis is not asked again after it did not answer."""
Result = TypeVar("Result")
KEPT: Final = 5000
"""Calls that this process remembers by itself."""


class Phase(StrEnum):
    """How far a call has come."""

    PLACING = "placing"
    DIALLING = "dialling"
    ANSWERED = "answered"
    TRANSFERRED = "transferred"
    ENDED = "ended"


class Entry:
    """What is kept of one call. Every field is a text; a missing one is empty."""

    def __init__(self, fields: dict[str, str]) -> None:
        self.fields = fields

    def __getattr__(self, name: str) -> str:
        if name.startswith("_"):
            raise AttributeError(name)
        return self.fields.get(name, "")

    @property
    def brief(self) -> Brief:
        """What the call knows of the borrower."""
        return Brief(**orjson.loads(self.fields["brief"]))

    @property
    def plan(self) -> Plan:
        """What to say when dialog cannot be reached."""
        return plan_from_json(self.fields.get("plan", ""))

    @property
    def customer(self) -> int:
        """The borrower's id; 0 when not known."""
        return int(self.fields.get("customer_id") or 0)

    def time(self, field: str) -> float:
        """Return a field that is a Unix time; 0 when it is missing."""
        return float(self.fields.get(field) or 0)


class CallBook:
    """Keeps calls by our id and by the carrier's.

    Only `reserve` needs Redis: without it nobody is rung, because nothing would keep a borrower from being rung twice.
    """

    def __init__(self, sessions: Sessions, now: Now) -> None:
        self._sessions, self._now = sessions, now
        self._local: OrderedDict[str, dict[str, str]] = OrderedDict()
        self._call_ids: dict[str, str] = {}
        self._away_until = 0.0

    async def reserve(self, brief: Brief, phone: str) -> bool:
        """Enter a call that is about to be placed; False when it was entered before. `ProviderDown` without Redis."""
        fields = self._fields(brief, Phase.PLACING) | {"phone": phone}
        if not await self._sessions.create_temp_call(brief.call_id, fields):
            return False
        self._remember(brief.call_id, fields)
        return True

    async def release(self, call_id: str) -> None:
        """Forget a call that was never placed: it may be tried again."""
        self._local.pop(call_id, None)
        await self._try(self._sessions.delete_temp_call(call_id))
        await self._try(self._sessions.leave_live(call_id))

    async def planned(self, call_id: str, plan: Plan) -> None:
        """Keep the plan of a call that is about to be placed."""
        await self.note(call_id, plan=plan_to_json(plan))

    async def dialling(self, call_id: str, *, outcome: str) -> None:
        """The carrier has been asked; from now on the call is watched."""
        await self.note(call_id, phase=Phase.DIALLING, outcome=outcome, placed_at=self._time())
        await self._try(self._sessions.enter_live(call_id, self._now().timestamp()))

    async def name(self, call_id: str, call_sid: str) -> None:
        """The carrier's id of a call has become known, by whichever way."""
        entry = await self.by_call_id(call_id)
        fields = (entry.fields if entry else {}) | {"call_id": call_id, "call_sid": call_sid}
        self._remember(call_id, fields)
        await self._try(self._sessions.update_temp_call(call_id, {"call_sid": call_sid, "outcome": "accepted"}))
        await self._try(self._sessions.name_call(call_id, call_sid))
        await self._try(self._sessions.create_call_session(call_sid, fields))

    async def enter_inbound(self, brief: Brief, call_sid: str) -> Entry:
        """Enter a call that we did not place."""
        fields = self._fields(brief, Phase.DIALLING) | {"call_sid": call_sid}
        self._remember(brief.call_id, fields)
        await self._try(self._sessions.create_call_session(call_sid, fields))
        await self._try(self._sessions.name_call(brief.call_id, call_sid))
        await self._try(self._sessions.enter_live(brief.call_id, self._now().timestamp()))
        return Entry(fields)

    async def by_sid(self, call_sid: str) -> Entry | None:
        """Find a call by the carrier's id."""
        kept = await self._try(self._sessions.get_call_session(call_sid)) or {}
        local = self._local.get(self._call_ids.get(call_sid, ""), {})
        fields = local | kept
        return Entry(fields) if "brief" in fields else None

    async def by_call_id(self, call_id: str) -> Entry | None:
        """Find a call by our id."""
        local = self._local.get(call_id, {})
        sid = await self._try(self._sessions.find_call_sid(call_id)) or local.get("call_sid", "")
        temp = await self._try(self._sessions.get_temp_call(call_id)) or {}
        session = (await self._try(self._sessions.get_call_session(sid)) or {}) if sid else {}
        fields = local | temp | session
        return Entry(fields) if "brief" in fields else None

    async def find(self, either_id: str) -> Entry | None:
        """Find a call by our id or the carrier's."""
        return await self.by_call_id(either_id) or await self.by_sid(either_id)

    def being_placed_to(self, phone: str) -> str:
        """Return the id of a call to `phone` that this process places, and whose carrier's id it lacks; or ""."""
        for call_id, fields in reversed(self._local.items()):
            waits = not fields.get("call_sid") and fields.get("phase") in (Phase.PLACING, Phase.DIALLING)
            if waits and fields.get("phone") == phone:
                return call_id
        return ""

    async def note(self, call_id: str, *, epoch: int = 0, **fields: str) -> None:
        """Keep `fields` of a call: here in any case, and for all pods unless Redis is away or another pod owns it."""
        await self._try(self.write(call_id, epoch, fields))

    async def write(self, call_id: str, epoch: int, fields: Mapping[str, str]) -> bool:
        """Keep `fields` of a call; False when another pod owns it by now, `ProviderDown` when Redis is away."""
        local = self._local.get(call_id, {})
        self._remember(call_id, {**local, **fields})
        sid = local.get("call_sid") or await self._sessions.find_call_sid(call_id)
        if sid:
            return await self._sessions.update_call_session(sid, epoch, fields)
        await self._sessions.update_temp_call(call_id, fields)
        return True

    async def ended(self, call_id: str, *, epoch: int = 0, **fields: str) -> None:
        """The call is over."""
        await self.note(call_id, epoch=epoch, phase=Phase.ENDED, ended_at=self._time(), **fields)
        await self._try(self._sessions.leave_live(call_id))

    async def live(self, offset: int, count: int) -> list[Entry]:
        """Return calls that live, newest first."""
        entries = [await self.by_call_id(call_id) for call_id in await self.live_ids(offset, count)]
        return [entry for entry in entries if entry and entry.phase != Phase.ENDED]

    async def live_ids(self, offset: int, count: int) -> list[str]:
        """Return the ids of calls that live, newest first."""
        listed = await self._try(self._sessions.list_live(offset, count))
        return listed if listed is not None else self.local_live()[offset : offset + count]

    def forget(self, call_id: str) -> None:
        """Remember nothing of a call by ourselves any more: it is another pod's."""
        self._local.pop(call_id, None)

    def is_led_by(self, pod: str, call_id: str) -> bool:
        """Tell whether this process remembers that `pod` leads a call; costs nothing."""
        fields = self._local.get(call_id, {})
        return fields.get("phase") == Phase.ANSWERED and fields.get("owner") == pod

    def local_live(self) -> list[str]:
        """Return the ids of calls that this process remembers and that live, newest first."""
        living = (Phase.DIALLING, Phase.ANSWERED, Phase.TRANSFERRED)
        return [call_id for call_id, fields in reversed(self._local.items()) if fields.get("phase") in living]

    def _fields(self, brief: Brief, phase: Phase) -> dict[str, str]:
        return {
            "call_id": brief.call_id,
            "customer_id": str(brief.customer_id),
            "phase": phase,
            "brief": orjson.dumps(asdict(brief)).decode(),
            "created_at": self._time(),
        }

    def _time(self) -> str:
        return f"{self._now().timestamp():.3f}"

    def _remember(self, call_id: str, fields: dict[str, str]) -> None:
        self._local[call_id] = fields
        self._local.move_to_end(call_id)
        if sid := fields.get("call_sid"):
            self._call_ids[sid] = call_id
        while len(self._local) > KEPT:
            _, old = self._local.popitem(last=False)
            self._call_ids.pop(old.get("call_sid", ""), None)

    async def _try(self, command: Coroutine[Any, Any, Result]) -> Result | None:
        """Return the answer of Redis; None when it is away, or was a moment ago: nobody waits for it twice."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._away_until:
            command.close()
            return None
        try:
            return await command
        except ProviderDown:
            log.warning("Redis is away; calls go on without it.")
            self._away_until = loop.time() + AWAY_FOR
            return None


def plan_to_json(plan: Plan) -> str:
    """Write the part of a plan that a call needs once it is answered."""
    kept = {"language": plan.language, "hold": plan.hold, "goodbye": plan.goodbye}
    return orjson.dumps(kept).decode()


def plan_from_json(text: str) -> Plan:
    """Read it; an empty plan when there is none."""
    if not text:
        return Plan("", ())
    kept = orjson.loads(text)
    lines: Callable[[str], tuple[Line, ...]] = lambda name: tuple(Line(**line) for line in kept[name])  # noqa: E731 -- said twice
    return Plan(kept["language"], (), hold=lines("hold"), goodbye=lines("goodbye"))
