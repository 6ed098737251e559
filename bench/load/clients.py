"""The product's own doors, as an operator uses them: borrowers are uploaded, calls are ordered."""

import asyncio
import csv
import io
import itertools
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import grpc.aio

from bench.load.rig import Rig
from bench.load.speech import Words
from voice.customers import v1 as pb
from voice.telephony import v1 as telephony_pb
from voicekit.clock import INDIA
from voicekit.rpc import channel

AT_ONCE: Final = 8
_FIRST: Final = ("Suresh", "Anil", "Meena", "Farah", "Kavita", "Ramesh", "Lakshmi", "Deepak", "Harpreet", "Prakash")
_LAST: Final = ("Prasad", "Sharma", "Nair", "Khan", "Patel", "Rao", "Das", "Gowda", "Yadav", "Menon", "Sahoo")
_COLUMNS: Final = ("name", "phone_number", "state", "loan_id", "amount", "due_date")


def index_of(phone: str) -> int:
    """Return which of all borrowers has this number, from 0."""
    return int(phone[-5:])


class Desk:
    """Uploads borrowers and has them called."""

    def __init__(self, rig: Rig, borrowers: Sequence[Words]) -> None:
        self._borrowers = borrowers
        to_customers = channel(rig.system.customers_address, "voice.customers.v1.CustomersService")
        telephonies = [channel(address, "voice.telephony.v1.TelephonyService") for address in rig.addresses]
        self._channels = (to_customers, *telephonies)
        # Typed as Any: the generated stub is one class for blocking and asyncio channels.
        self._customers: Any = pb.CustomersServiceStub(to_customers)
        self._calls: Any = pb.CallsServiceStub(to_customers)
        self._telephonies: list[Any] = [telephony_pb.TelephonyServiceStub(each) for each in telephonies]
        self._turn = itertools.cycle(self._telephonies)
        self._uploaded = 0

    async def close(self) -> None:
        """Close the channels."""
        await asyncio.gather(*(each.close() for each in self._channels))

    async def upload(self, count: int) -> Sequence[int]:
        """Upload so many borrowers, all with values of their own; return their ids."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(_COLUMNS)
        due = (datetime.now(INDIA) + timedelta(days=14)).date().isoformat()
        for index in range(self._uploaded, self._uploaded + count):
            name = f"{_FIRST[index % len(_FIRST)]} {_LAST[index // len(_FIRST) % len(_LAST)]}"
            state = self._borrowers[index % len(self._borrowers)].state
            amount = f"{2000 + index * 37 % 90000}.{index % 100:02}"
            writer.writerow((name, f"+9199990{index:05}", state, f"LN{10_000_000 + index}", amount, due))
        self._uploaded += count
        data = out.getvalue().encode()

        async def pieces() -> AsyncIterator[pb.ImportCustomersRequest]:
            yield pb.ImportCustomersRequest(info=pb.ImportInfo(filename="load.csv", lender_name="Asha Finance"))
            for at in range(0, len(data), 32_768):
                yield pb.ImportCustomersRequest(chunk=data[at : at + 32_768])
            yield pb.ImportCustomersRequest(finished=pb.ImportFinished())

        done = await self._customers.ImportCustomers(pieces(), timeout=60)
        if len(done.customer_ids) != count:
            raise RuntimeError(f"the upload was not taken whole: {[problem.message for problem in done.problems][:3]}")
        ids: Sequence[int] = done.customer_ids
        return ids

    async def place(self, customers: Sequence[int]) -> int:
        """Have borrowers called, some at once; return how many phones ring."""
        places, rings = asyncio.Semaphore(AT_ONCE), 0

        async def one(customer: int) -> None:
            nonlocal rings
            async with places:
                begun = await self._calls.BeginCall(
                    pb.BeginCallRequest(request_id=f"load-{customer}", customer_id=customer), timeout=20
                )
                request = telephony_pb.PlaceCallRequest(brief=begun.brief, phone_number=begun.phone_number)
                try:
                    await next(self._turn).PlaceCall(request, timeout=45)
                except grpc.aio.AioRpcError:
                    return
                rings += 1

        await asyncio.gather(*map(one, customers))
        return rings

    async def live_calls(self) -> int:
        """Count the calls that the product knows to be under way."""
        known = 0
        request = telephony_pb.ListLiveCallsRequest(page_size=200)
        while True:
            page = await self._telephonies[0].ListLiveCalls(request, timeout=10)
            known += len(page.calls)
            if not page.next_page_token:
                return known
            request = telephony_pb.ListLiveCallsRequest(page_size=200, page_token=page.next_page_token)
