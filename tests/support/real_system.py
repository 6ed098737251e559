"""The whole system as processes of this machine, in real time, and what a test asks of it.

It speaks at double speed, so that a whole call takes half a minute.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import aiohttp
import grpc.aio
import numpy as np

from emulators.audio import read_wav, samples
from local.cases import Case, Cases, Expected
from local.providers import Providers
from local.system import System, running
from voice.customers import v1 as pb
from voice.telephony import v1 as telephony_pb
from voicekit.clock import INDIA
from voicekit.rpc import channel

EMULATED: Final = Providers(sarvam=False, exotel=False, bedrock=False)
FINALS: Final = frozenset({pb.CALL_STATUS_COMPLETED, pb.CALL_STATUS_FAILED, pb.CALL_STATUS_NOT_PICKED})
AGENTS: Final = {"+919999911111": {"pickup": {"after_s": 1}, "talk_s": 3}}
SETTINGS: Final = {"SARVAM_TTS_PACE": "2.0"}
_VOICED_RMS: Final = 184.0
_PACKET: Final = 160


def case(key: str, number: int, steps: Sequence[Any]) -> Case:
    """A borrower in Bihar who speaks Hindi and picks up at once."""
    borrower = {
        "name": "Kamala Devi",
        "phone_number": f"+9199999{number:05d}",
        "state": "Bihar",
        "loan_id": f"LN{number:08d}",
        "amount": "4550.00",
        "due_date": (datetime.now(INDIA) + timedelta(days=14)).date().isoformat(),
    }
    persona = {"language": "hi-IN", "pickup": {"after_s": 0.2}, "steps": steps}
    return Case(key, key, borrower, persona, Expected("completed"))


class RealCall:
    """One call, by what the record tells of it while it goes on."""

    def __init__(self, system: "RealSystem", call_id: str, call_sid: str) -> None:
        self._system, self.call_id, self.call_sid = system, call_id, call_sid

    async def record(self) -> pb.GetCallResponse:
        record: pb.GetCallResponse = await self._system.calls.GetCall(
            pb.GetCallRequest(call_id=self.call_id), timeout=5
        )
        return record

    async def borrower_has_said(self, turns: int, *, within: float = 40.0) -> None:
        """Wait until the borrower has spoken so often, and was understood."""
        await self._system.changes.until(lambda: self._said(pb.SPEAKER_BORROWER) >= turns, within)

    async def we_have_said(self, state: str, *, within: float = 40.0) -> None:
        """Wait until a turn of ours in that state was heard."""
        await self._system.changes.until(
            lambda: any(turn.state == state and turn.speaker == pb.SPEAKER_BOT for turn in self._turns), within
        )

    async def ends(self, *, within: float = 60.0) -> tuple[str, str, str]:
        """Wait for the final status; return it with reason and disposition."""
        await self._system.changes.until(lambda: self._system.changes.calls.get(self.call_id) in FINALS, within)
        call = (await self.record()).call
        status = pb.CallStatus.Name(call.status).removeprefix("CALL_STATUS_").lower()
        return status, call.reason, call.disposition

    async def on_the_line(self) -> Mapping[str, Any]:
        """The call as the carrier has it, once it is over there too."""
        for _ in range(100):  # the carrier tells nobody of its end but us, and that we do not see
            view: Mapping[str, Any] = await self._system.exotel("GET", f"calls/{self.call_sid}")
            if view["status"] == "completed":
                return view
            await asyncio.sleep(0.1)
        raise AssertionError("the call is not over at the carrier")

    async def longest_pause(self) -> float:
        """Seconds of the longest silence of ours between two sounds that the borrower heard."""
        await self.on_the_line()
        sound = read_wav(self._system.system.recordings / f"{self.call_sid}.wav")
        heard = samples(sound.pcm).reshape(-1, 2)[:, 1].astype(np.float32)
        packets = heard[: len(heard) // _PACKET * _PACKET].reshape(-1, _PACKET)
        voiced = np.flatnonzero(np.sqrt(np.mean(packets**2, axis=1)) > _VOICED_RMS)
        return float(np.diff(voiced).max()) * _PACKET / sound.rate_hz

    @property
    def _turns(self) -> list[pb.CallTurn]:
        return self._system.changes.turns.get(self.call_id, [])

    def _said(self, speaker: "pb.Speaker.ValueType") -> int:
        return sum(turn.speaker == speaker for turn in self._turns)


class Changes:
    """Follows the record, over as many streams as it takes."""

    def __init__(self, calls: Any) -> None:
        self._service, self._news = calls, asyncio.Condition()
        self.calls: dict[str, int] = {}
        """Status by id."""
        self.turns: dict[str, list[pb.CallTurn]] = {}

    async def until(self, holds: Callable[[], bool], within: float) -> None:
        """Wait until the record tells something."""
        async with asyncio.timeout(within), self._news:
            await self._news.wait_for(holds)

    async def follow(self) -> None:
        last = 0
        while True:
            try:
                async for change in self._service.WatchChanges(pb.WatchChangesRequest(after=last)):
                    last = change.number or last
                    async with self._news:
                        self._take(change)
                        self._news.notify_all()
            except grpc.aio.AioRpcError:
                await asyncio.sleep(0.2)  # the record may be away for a while

    def _take(self, change: pb.WatchChangesResponse) -> None:
        if change.HasField("call"):
            self.calls[change.call.call_id] = change.call.status
        elif change.HasField("turn"):
            self.turns.setdefault(change.turn.call_id, []).append(change.turn.turn)


class RealSystem:
    """A system that runs."""

    def __init__(self, system: System, cases: Cases, web: aiohttp.ClientSession) -> None:
        self.system, self._cases, self._web = system, cases, web
        self._channels = [
            channel(system.customers_address, "voice.customers.v1.CallsService"),
            channel(system.telephony_address, "voice.telephony.v1.TelephonyService"),
        ]
        # Typed as Any: the generated stub is one class for blocking and asyncio channels.
        self.customers: Any = pb.CustomersServiceStub(self._channels[0])
        self.calls: Any = pb.CallsServiceStub(self._channels[0])
        self.telephony: Any = telephony_pb.TelephonyServiceStub(self._channels[1])
        self.changes = Changes(self.calls)
        self._ids: dict[str, int] = {}

    async def begin(self) -> None:
        """Put the borrowers on record, as the collections team does."""

        async def pieces() -> AsyncIterator[pb.ImportCustomersRequest]:
            yield pb.ImportCustomersRequest(info=pb.ImportInfo(filename="b.csv", lender_name="Asha Finance"))
            yield pb.ImportCustomersRequest(chunk=self._cases.csv())
            yield pb.ImportCustomersRequest(finished=pb.ImportFinished())

        done = await self.customers.ImportCustomers(pieces(), timeout=30)
        assert len(done.customer_ids) == len(self._cases.cases), done
        self._ids = {each.key: id_ for each, id_ in zip(self._cases.cases, done.customer_ids, strict=True)}

    async def end(self) -> None:
        await asyncio.gather(*(each.close() for each in self._channels))

    async def rings(self, key: str) -> RealCall:
        """Ring a borrower, who picks up at once."""
        begin = pb.BeginCallRequest(request_id=f"request-{key}", customer_id=self._ids[key])
        begun = await self.calls.BeginCall(begin, timeout=5)
        place = telephony_pb.PlaceCallRequest(brief=begun.brief, phone_number=begun.phone_number)
        placed = await self.telephony.PlaceCall(place, timeout=45)
        return RealCall(self, begun.brief.call_id, placed.call_sid)

    async def exotel(self, method: str, path: str) -> Any:
        """Ask the emulated carrier's own API."""
        async with self._web.request(method, f"{self.system.exotel_url}/emulator/{path}") as answer:
            return await answer.json()

    def log_of(self, name: str) -> Sequence[str]:
        """What a program has printed."""
        return self.system.processes.log_of(name).read_text("utf-8").splitlines()

    async def errors_of_the_carrier(self) -> Any:
        """What the carrier found wrong with our side of its protocol."""
        findings = (await self.exotel("GET", "judge"))["findings"]
        return [each for found in findings.values() for each in found if each["severity"] == "error"]


@asynccontextmanager
async def real_system(folder: Path, cases: Sequence[Case], **environment: str) -> AsyncIterator[RealSystem]:
    """Start everything; `environment` is told to all programs that are not told otherwise."""
    (folder / "logs").mkdir()
    everybody = Cases(tuple(cases), AGENTS)
    told = {**os.environ, **SETTINGS, **environment}
    async with running(folder, everybody, EMULATED, None, told) as system, aiohttp.ClientSession() as web:
        real = RealSystem(system, everybody, web)
        await real.begin()
        following = asyncio.create_task(real.changes.follow(), name="follow the record")
        try:
            yield real
        finally:
            following.cancel()
            await asyncio.wait([following])
            await real.end()
