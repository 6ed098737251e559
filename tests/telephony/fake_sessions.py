"""What `voicekit.sessions` does, in memory."""

from collections.abc import Callable, Mapping

from voicekit.errors import ProviderDown


class FakeSessions:
    """What `voicekit.sessions` does, in memory: its scripts are tested against a real Redis."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.temp: dict[str, dict[str, str]] = {}
        self.sessions: dict[str, dict[str, str]] = {}
        self.sids: dict[str, str] = {}
        self.live: dict[str, float] = {}
        self.tickets: dict[str, dict[str, str]] = {}
        self.turns: dict[str, float] = {}
        self.slots: dict[str, tuple[int, float]] = {}
        self.down = False
        self._clock = clock

    def _check(self) -> None:
        if self.down:
            raise ProviderDown("Redis is away")

    async def create_temp_call(self, temp_id: str, fields: Mapping[str, str]) -> bool:
        self._check()
        if temp_id in self.temp:
            return False
        self.temp[temp_id] = dict(fields)
        return True

    async def get_temp_call(self, temp_id: str) -> dict[str, str]:
        self._check()
        return dict(self.temp.get(temp_id, {}))

    async def update_temp_call(self, temp_id: str, fields: Mapping[str, str]) -> None:
        self._check()
        if temp_id in self.temp:
            self.temp[temp_id].update(fields)

    async def delete_temp_call(self, temp_id: str) -> None:
        self._check()
        self.temp.pop(temp_id, None)

    async def name_call(self, call_id: str, call_sid: str) -> None:
        self._check()
        self.sids[call_id] = call_sid

    async def find_call_sid(self, call_id: str) -> str:
        self._check()
        return self.sids.get(call_id, "")

    async def create_call_session(self, call_sid: str, fields: Mapping[str, str]) -> None:
        self._check()
        self.sessions[call_sid] = {**fields, **self.sessions.get(call_sid, {})}

    async def get_call_session(self, call_sid: str) -> dict[str, str]:
        self._check()
        return dict(self.sessions.get(call_sid, {}))

    async def update_call_session(self, call_sid: str, epoch: int, fields: Mapping[str, str]) -> bool:
        self._check()
        session = self.sessions.setdefault(call_sid, {})
        if session.get("epoch", "0") not in ("0", str(epoch)):
            return False
        session.update(fields)
        return True

    async def claim(self, call_sid: str, owner: str, lease: float) -> int:
        self._check()
        session = self.sessions.setdefault(call_sid, {})
        taken = float(session.get("lease_until", "0")) > self._clock()
        if session.get("owner", owner) != owner and taken:
            return 0
        epoch = int(session.get("epoch", "0")) + 1
        session.update(owner=owner, epoch=str(epoch), lease_until=str(self._clock() + lease))
        return epoch

    async def renew(self, call_sid: str, epoch: int, lease: float) -> str | None:
        self._check()
        session = self.sessions.setdefault(call_sid, {})
        if session.setdefault("epoch", str(epoch)) != str(epoch):
            return None
        session["lease_until"] = str(self._clock() + lease)
        return session.get("end_asked", "")

    async def ask_end(self, call_sid: str, reason: str) -> None:
        self._check()
        if call_sid in self.sessions:
            self.sessions[call_sid]["end_asked"] = reason

    async def enter_live(self, call_id: str, at: float) -> None:
        self._check()
        self.live[call_id] = at

    async def leave_live(self, call_id: str) -> None:
        self._check()
        self.live.pop(call_id, None)

    async def list_live(self, offset: int, count: int) -> list[str]:
        self._check()
        newest_first = sorted(self.live, key=lambda call_id: (self.live[call_id], call_id), reverse=True)
        return newest_first[offset : offset + count]

    async def count_live(self) -> int:
        self._check()
        return len(self.live)

    async def offer_slots(self, pod: str, slots: int, lease: float) -> None:
        self._check()
        self.slots[pod] = (slots, self._clock() + lease)

    async def offered_slots(self) -> tuple[int, int]:
        self._check()
        offered = [slots for slots, until in self.slots.values() if slots and until >= self._clock()]
        return sum(offered), len(offered)

    async def first(self, what: str, within: float) -> bool:
        self._check()
        if self.turns.get(what, -1.0) > self._clock():
            return False
        self.turns[what] = self._clock() + within
        return True

    async def put_ticket(self, token: str, fields: Mapping[str, str]) -> None:
        self._check()
        self.tickets.setdefault(token, {**fields, "uses": "0"})

    async def use_ticket(self, token: str, uses: int) -> dict[str, str]:
        self._check()
        ticket = self.tickets.get(token)
        if ticket is None or int(ticket["uses"]) >= uses:
            return {}
        ticket["uses"] = str(int(ticket["uses"]) + 1)
        return dict(ticket)
