"""An import whose process is killed: what was told accepted stands, and the rest may be sent again."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from local.leash import leashed
from tests.customers.test_check_file import GOOD, HEADER, RAVI
from tests.customers.test_main import PROGRAM, ROOT, free_address
from tests.customers.test_uploads import Desk
from voice.customers import v1 as pb
from voicekit.rpc import channel

SERVICE = "voice.customers.v1.CustomersService"


@asynccontextmanager
async def service(database_url: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, Desk]]:
    address = free_address()
    environment = {**os.environ, "DATABASE_URL": database_url, "CUSTOMERS_LISTEN": address}
    process = await asyncio.create_subprocess_exec(
        *leashed(PROGRAM), cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    try:
        async with channel(address, SERVICE) as to:
            await to.channel_ready()
            yield process, Desk(to)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_killed_import_leaves_nothing_half_done_and_is_told_as_failed(database_url: str) -> None:
    database = await asyncpg.connect(database_url)
    async with service(database_url) as (process, desk):
        assert (await desk.send_and_wait(HEADER + GOOD)).imported_rows == 1
        async with database.transaction():
            await database.execute("LOCK TABLE customers IN SHARE MODE")  # the import gets so far, and no further
            upload_id = await desk.send(HEADER + GOOD.replace("4550.50", "1000") + RAVI)
            async for told in desk.service.WatchUpload(pb.WatchUploadRequest(upload_id=upload_id)):
                if told.upload.phase == pb.UPLOAD_PHASE_WRITING:
                    process.kill()
                    break
            await process.wait()
    await database.execute("UPDATE file_uploads SET alive_at = alive_at - interval '61 seconds'")  # a minute later
    async with service(database_url) as (_, desk):
        end = await desk.end_of(upload_id)
        assert (end.phase, end.failure_code) == (pb.UPLOAD_PHASE_FAILED, "")
        assert "send it again" in end.failure
        assert await database.fetchval("SELECT array_agg(amount_paise) FROM customers") == [455050]
        again = await desk.end_of(await desk.send(HEADER + GOOD.replace("4550.50", "1000") + RAVI))
        assert (again.imported_rows, again.updated_rows) == (1, 1)
    await database.close()
