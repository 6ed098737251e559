import asyncio

import pytest

from services.telephony.signer import Signer
from services.telephony.tickets import LASTS, Tickets
from tests.telephony.fake_sessions import FakeSessions
from tests.telephony.fakes import unix_time

pytestmark = pytest.mark.virtual_time


@pytest.mark.parametrize("away", [False, True])
async def test_a_ticket_is_good_twice_and_stands_for_its_call(away: bool) -> None:
    sessions = FakeSessions(unix_time)
    sessions.down = away
    tickets = Tickets(sessions)
    token = await tickets.mint({"call_sid": "sid"})
    for _ in range(2):
        ticket = await tickets.use(token)
        assert ticket is not None
        assert ticket["call_sid"] == "sid"
    assert await tickets.use(token) is None


async def test_a_ticket_that_redis_never_saw_lasts_a_minute() -> None:
    sessions = FakeSessions(unix_time)
    sessions.down = True
    tickets = Tickets(sessions)
    token = await tickets.mint({"call_sid": "sid"})
    await asyncio.sleep(LASTS + 1)
    assert await tickets.use(token) is None


@pytest.mark.parametrize("token", ["", "short", "x" * 65, "é" * 20, "never-minted-by-anybody"])
async def test_what_was_never_minted_admits_nobody(token: str) -> None:
    assert await Tickets(FakeSessions(unix_time)).use(token) is None


def test_a_signature_is_of_one_purpose_and_one_call() -> None:
    signer = Signer("a-secret-that-nobody-guesses")
    good = signer.sign("status-callback", "c1")
    assert len(good) == 32
    assert signer.is_signed("status-callback", "c1", good)
    for purpose, call_id, signature in (
        ("dial-events", "c1", good),
        ("status-callback", "c2", good),
        ("status-callback", "c1", ""),
        ("status-callback", "c1", "é"),
    ):
        assert not signer.is_signed(purpose, call_id, signature)
    assert not Signer("another-secret-of-others").is_signed("status-callback", "c1", good)
