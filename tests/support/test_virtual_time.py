import asyncio

import pytest

pytestmark = pytest.mark.virtual_time


async def test_an_hour_passes_at_once() -> None:
    loop = asyncio.get_running_loop()
    await asyncio.sleep(3600)
    assert loop.time() == pytest.approx(3600)


async def test_sockets_of_the_same_process_are_served_before_time_moves_on() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        before = asyncio.get_running_loop().time()
        for _ in range(1):
            writer.write(b"namaste\n")
            assert await reader.readline() == b"namaste\n"
        writer.close()
    assert asyncio.get_running_loop().time() == before
