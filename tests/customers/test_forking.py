import asyncio
import os
import subprocess
from collections.abc import AsyncIterator

from local.leash import leashed
from tests.customers.test_main import PROGRAM, ROOT, free_address
from voice.customers import v1 as pb
from voicekit.rpc import channel

FILE = b"name,phone_number,state,loan_id,amount,due_date\nKamala Devi,9999900151,Bihar,LN151,4550,2027-01-05\n"


async def pieces() -> AsyncIterator[pb.ImportCustomersRequest]:
    yield pb.ImportCustomersRequest(info=pb.ImportInfo(filename="b.csv", lender_name="Asha Finance"))
    yield pb.ImportCustomersRequest(chunk=FILE)
    yield pb.ImportCustomersRequest(finished=pb.ImportFinished())


async def test_grpc_stays_out_of_the_fork_that_starts_the_file_checker(database_url: str) -> None:
    address = free_address()
    environment = {**os.environ, "DATABASE_URL": database_url, "CUSTOMERS_LISTEN": address}
    service = await asyncio.create_subprocess_exec(
        *leashed(PROGRAM), cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        async with channel(address, "voice.customers.v1.CustomersService") as there:
            customers = pb.CustomersServiceStub(there)
            done = await customers.ImportCustomers(pieces(), timeout=60, wait_for_ready=True)
    finally:
        service.terminate()
        _, printed = await service.communicate()
    assert len(done.customer_ids) == 1
    assert b"fork" not in printed
