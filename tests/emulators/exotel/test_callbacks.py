import asyncio

import pytest

from emulators.exotel.exchange import Exotel
from emulators.exotel.options import Options
from emulators.exotel.persona import Persona, Pickup
from tests.emulators.exotel.product import Account, Product

pytestmark = pytest.mark.virtual_time


@pytest.fixture(autouse=True)
def busy(exotel: Exotel) -> None:
    exotel.set_persona("+919999900012", Persona(pickup=Pickup(kind="busy")))


async def test_a_terminal_callback_tells_all_when_events_were_asked_for(
    exotel: Exotel, account: Account, product: Product
) -> None:
    sid = await account.call()
    await (await exotel.next_call()).happens("callback_sent")
    (fields,) = product.params("/status")
    assert product.callback_types == ["application/json"]
    assert fields["CallSid"] == sid
    assert fields["EventType"] == "terminal"
    assert fields["Status"] == "busy"
    assert fields["CustomField"] == "att-1"
    assert fields["DateCreated"] == "2026-11-20 16:00:00"
    assert fields["EndTime"] == "2026-11-20 16:00:04"


async def test_without_events_a_callback_has_four_fields(exotel: Exotel, account: Account, product: Product) -> None:
    account.form = {key: value for key, value in account.form.items() if "Events" not in key}
    await account.call()
    await (await exotel.next_call()).happens("callback_sent")
    assert set(product.params("/status")[0]) == {"CallSid", "DateUpdated", "Status", "RecordingUrl"}


async def test_without_an_address_nothing_is_sent(exotel: Exotel, account: Account, product: Product) -> None:
    await account.call(StatusCallback=None)
    await (await exotel.next_call()).ends()
    await asyncio.sleep(10)
    assert product.params("/status") == []


@pytest.mark.parametrize(
    ("options", "content_type", "encoding"),
    [
        ("default", "application/json", "application/json"),
        ("default", None, "multipart/form-data"),
        ("terse", "application/json", "application/x-www-form-urlencoded"),
        ("posting", "application/json", "multipart/form-data"),
        ("wideband", None, "application/json"),
    ],
    indirect=["options"],
)
async def test_callbacks_are_encoded_as_asked_or_as_the_variant_insists(
    exotel: Exotel, account: Account, product: Product, content_type: str | None, encoding: str
) -> None:
    await account.call(StatusCallbackContentType=content_type)
    await (await exotel.next_call()).happens("callback_sent")
    assert product.callback_types == [encoding]
    fields = product.params("/status")[0]
    assert fields["Status"] == "busy"
    if encoding == "multipart/form-data":
        assert fields["Legs[0][Status]"] == "busy"


async def test_a_callback_is_repeated_until_it_is_accepted(exotel: Exotel, account: Account, product: Product) -> None:
    product.callback_status = 500
    await account.call()
    call = await exotel.next_call()
    await call.happens("callback_sent", count=2)
    product.callback_status = 204
    await call.happens("callback_sent", count=3)
    await asyncio.sleep(60)
    sent = [event.at_s for event in call.events if event.name == "callback_sent"]
    assert sent == pytest.approx([5.5, 10.5, 25.5], abs=0.01)
    assert product.params("/status")[0] == product.params("/status")[2]
    assert call.findings.rules() == {"callback-status"}


async def test_callbacks_may_be_lost_late_or_doubled(
    options: Options, exotel: Exotel, account: Account, product: Product
) -> None:
    options.habits.lose = frozenset({"answered"})
    options.habits.repeat = 2
    options.habits.terminal_delay_s = 600
    exotel.set_persona("+919999900012", Persona())
    await account.call()
    call = await exotel.next_call()
    await call.happens("stream_opened")
    await call.caller.hangs_up()
    await call.happens("callback_sent", count=2, timeout_s=700)
    first, second = product.params("/status")
    assert first == second
    assert first["EventType"] == "terminal"
    assert (await call.happens("callback_sent")).at_s > 600


async def test_a_test_can_forge_any_callback(exotel: Exotel, account: Account, product: Product) -> None:
    answer = await exotel.callbacks.send(product.url + "/status", {"CallSid": "unknown", "Status": "completed"})
    assert answer.accepted
    assert product.params("/status") == [{"CallSid": "unknown", "Status": "completed"}]
