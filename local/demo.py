"""`make demo`: upload the borrowers, call them several at once, show how it goes, and judge what came of it."""

import asyncio
import json
import urllib.request
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, Final

import grpc.aio
from rich.console import Console

from local.board import Board, summary
from local.cases import Case, Cases
from local.keepsakes import keep
from local.outcome import Outcome, judge
from local.system import System
from voice.customers import v1 as pb
from voice.telephony import v1 as telephony_pb
from voicekit.rpc import channel

AT_ONCE: Final = 8
CALL_TIMEOUT_S: Final = 130.0
SETTLE_S: Final = 3.0
LENDER: Final = "Asha Finance"
_FINALS: Final = frozenset({pb.CALL_STATUS_COMPLETED, pb.CALL_STATUS_FAILED, pb.CALL_STATUS_NOT_PICKED})


class DemoFailed(Exception):
    """The demo could not go on; the text says why."""


class Demo:
    """One run of the demo against a system that runs."""

    def __init__(self, system: System, cases: Cases, console: Console) -> None:
        self._system, self._cases, self._console = system, cases, console
        to_customers = channel(system.customers_address, "voice.customers.v1.CustomersService")
        to_telephony = channel(system.telephony_address, "voice.telephony.v1.TelephonyService")
        self._channels = (to_customers, to_telephony)
        # Typed as Any: the generated stub is one class for blocking and asyncio channels.
        self._customers: Any = pb.CustomersServiceStub(to_customers)
        self._calls: Any = pb.CallsServiceStub(to_customers)
        self._telephony: Any = telephony_pb.TelephonyServiceStub(to_telephony)
        self._ended: dict[int, asyncio.Event] = {}
        self._call_ids: dict[str, str] = {}

    async def run(self) -> list[Outcome]:
        """Call everybody and return what came of it, in the order of the cases."""
        try:
            customer_ids = await self._upload()
            board = Board(self._cases.cases, self._console)
            for case, customer_id in zip(self._cases.cases, customer_ids, strict=True):
                board.know(customer_id, case)
                self._ended[customer_id] = asyncio.Event()
            with board:
                await self._call_all(board, customer_ids)
            return await self._outcomes()
        finally:
            await asyncio.gather(*(each.close() for each in self._channels))

    async def _upload(self) -> Sequence[int]:
        info = pb.ImportInfo(filename="borrowers.csv", lender_name=LENDER)

        async def pieces() -> AsyncIterator[pb.ImportCustomersRequest]:
            yield pb.ImportCustomersRequest(info=info)
            yield pb.ImportCustomersRequest(chunk=self._cases.csv())
            yield pb.ImportCustomersRequest(finished=pb.ImportFinished())

        done = await self._customers.ImportCustomers(pieces(), timeout=30)
        if done.rejected_rows or len(done.customer_ids) != len(self._cases.cases):
            raise DemoFailed(f"The upload was not taken whole: {[problem.message for problem in done.problems]}")
        self._console.print(f"Uploaded borrowers.csv: {done.imported_rows} new, {done.updated_rows} changed.")
        ids: Sequence[int] = done.customer_ids
        return ids

    async def _call_all(self, board: Board, customer_ids: Sequence[int]) -> None:
        watching = asyncio.create_task(self._watch(board), name="watch")
        places = asyncio.Semaphore(AT_ONCE)
        try:
            async with asyncio.TaskGroup() as calls:
                for case, customer_id in zip(self._cases.cases, customer_ids, strict=True):
                    calls.create_task(self._call(case, customer_id, places), name=case.key)
            # The carrier's own callbacks may come a moment after we have written a final status.
            await asyncio.sleep(SETTLE_S)
        finally:
            watching.cancel()
            await asyncio.wait([watching])

    async def _call(self, case: Case, customer_id: int, places: asyncio.Semaphore) -> None:
        async with places:
            begun = await self._calls.BeginCall(
                pb.BeginCallRequest(request_id=f"demo-{customer_id}", customer_id=customer_id), timeout=5
            )
            self._call_ids[case.key] = begun.brief.call_id
            request = telephony_pb.PlaceCallRequest(brief=begun.brief, phone_number=begun.phone_number)
            try:
                await self._telephony.PlaceCall(request, timeout=45)
                async with asyncio.timeout(CALL_TIMEOUT_S):
                    await self._ended[customer_id].wait()
            except TimeoutError:
                self._console.print(f"{case.key}: no end of the call within {CALL_TIMEOUT_S:g} s", style="red")
            except grpc.aio.AioRpcError as error:
                self._console.print(f"{case.key}: not placed: {error.code().name}: {error.details()}", style="red")

    async def _watch(self, board: Board) -> None:
        """Follow the record, and go on from the last number when the stream breaks."""
        last = 0
        while True:
            stream = self._calls.WatchChanges(pb.WatchChangesRequest(after=last))
            try:
                async with aclosing(aiter(stream)) as changes:
                    async for change in changes:
                        last = change.number or last
                        board.show(change)
                        self._note_end(change)
            except grpc.aio.AioRpcError:
                await asyncio.sleep(0.2)
            finally:
                stream.cancel()

    def _note_end(self, change: pb.WatchChangesResponse) -> None:
        is_end = change.WhichOneof("what") == "call" and change.call.status in _FINALS
        if is_end and (ended := self._ended.get(change.call.customer_id)):
            ended.set()

    async def _outcomes(self) -> list[Outcome]:
        findings = await asyncio.to_thread(self._findings)
        return [await self._outcome(case, findings) for case in self._cases.cases]

    async def _outcome(self, case: Case, findings: dict[str, list[str]]) -> Outcome:
        call_id = self._call_ids.get(case.key)
        if call_id is None:
            return judge(case, None, ())
        record = await self._calls.GetCall(pb.GetCallRequest(call_id=call_id), timeout=5)
        return judge(case, record, findings.get(record.call.call_sid, ()))

    def _findings(self) -> dict[str, list[str]]:
        """Return what the emulated carrier found wrong with our side of its protocol, by CallSid."""
        if not self._system.exotel_url:
            return {}
        judge = f"{self._system.exotel_url}/emulator/judge"
        with urllib.request.urlopen(judge, timeout=5) as answer:  # noqa: S310 -- an emulator on this machine
            report = json.load(answer)
        return {
            sid: [f"{finding['meaning']} ({finding['detail']})" for finding in found if finding["severity"] == "error"]
            for sid, found in report["findings"].items()
        }


async def run_demo(system: System, cases: Cases, console: Console, folder: Path) -> bool:
    """Run the demo, print what came of it, leave the keepsakes in `folder`; return whether all is as it should be."""
    outcomes = await Demo(system, cases, console).run()
    for outcome in outcomes:
        keep(outcome, system.recordings, folder)
    console.print(summary(outcomes))
    well = sum(outcome.as_expected for outcome in outcomes)
    console.print(f"{well} of {len(outcomes)} calls came out as they should.")
    console.print(f"Recordings (borrower left, bot right), transcripts and histories: {folder}")
    return well == len(outcomes)
