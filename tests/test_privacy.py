"""One borrower whom nobody else resembles goes through the whole system, and leaves no trace where none may be."""

import asyncio
import json
import os
import urllib.request
from collections.abc import AsyncIterator, Iterable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

import grpc.aio
import httpx
import pytest
import redis.asyncio
from rich.console import Console

from local.cases import Case, Cases, Expected
from local.demo import Demo
from local.outcome import Outcome
from local.system import System, running
from tests.support.otlp import Collector, collecting
from tests.support.real_system import EMULATED, SETTINGS
from voice.customers import v1 as pb
from voice.telephony import v1 as telephony_pb
from voicekit.rpc import channel

NAME, LOAN, WORDS = "Zubinquex Vadakkumthala", "ZQXLN7751904", "तरबूज़ वाला जादुई मामला"
PHONES: Final = ("+919999907351", "+919999907352", "+919999907353", "+919999907354")
BAD_PHONE, BAD_DATE = "99999073", "32-zqxmonth-2026"
SERVICES: Final = ("telephony", "speech", "dialog", "customers", "dashboard")


def case(key: str, number: int, persona: dict[str, Any], expected: Expected) -> Case:
    borrower = {
        "name": f"{NAME} {key}",
        "phone_number": PHONES[number],
        "state": "Bihar",
        "loan_id": f"{LOAN}{number}",
        "amount": "4550.00",
        "due_date": "2027-01-05",
    }
    return Case(key, key, borrower, {"language": "hi-IN", **persona}, expected)


ANSWERS: Final = ["wait_for_bot_to_finish", {"say": "हाँ जी, बोल रहा हूँ"}, "wait_for_bot_to_finish", {"say": WORDS}]
TALKS: Final = case(
    "talks",
    0,
    {"steps": [*ANSWERS, "wait_for_bot_to_finish", "hang_up"]},
    Expected("completed", "hung_up", "hi-IN", verified=True),
)
BUSY: Final = case("busy", 1, {"pickup": {"kind": "busy", "after_s": 1}}, Expected("not_picked", "busy"))
LOSES_US: Final = case("loses us", 2, {"steps": [*ANSWERS, "stay_silent"]}, Expected("failed", "dialog_lost"))
ALL: Final = Cases((TALKS, BUSY, LOSES_US), {})


def spellings(secret: str) -> set[str]:
    """How a text may stand in a log or an address: as it is, escaped, or quoted; a phone also without its prefix."""
    plain = secret.removeprefix("+91")
    return {each.lower() for each in (plain, json.dumps(plain)[1:-1], quote(plain), quote(plain, safe="").lower())}


def leaks(secrets: Iterable[str], text: str) -> list[str]:
    """Which of the secrets stand in a text."""
    lower = text.lower()
    return sorted(secret for secret in secrets if any(spelling in lower for spelling in spellings(secret)))


@pytest.mark.parametrize(
    "line",
    [
        '{"event": "Ringing.", "to": "+919999907351"}',
        "GET /x?From=09999907351",
        "GET /x?name=Zubinquex%20Vadakkumthala",
        '{"error": "zubinquex vadakkumthala"}',
    ],
)
def test_a_leak_is_seen(line: str) -> None:
    assert leaks([NAME, PHONES[0]], line)
    assert not leaks([NAME, PHONES[0]], '{"event": "Ringing.", "to": "******7351"}')


def test_a_leak_in_another_script_is_seen_also_where_it_is_escaped() -> None:
    assert leaks(["बोल रहा"], json.dumps({"error": "बोल रहा हूँ"}))


@pytest.mark.timeout(300)
async def test_nothing_personal_is_in_logs_metrics_spans_keys_and_addresses(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    async with collecting() as collector:
        await look_everywhere(tmp_path, collector)


async def look_everywhere(tmp_path: Path, collector: Collector) -> None:
    # At twice the pace calls are shorter, and no quieter about borrowers.
    told = {**os.environ, **SETTINGS, "OTEL_EXPORTER_OTLP_ENDPOINT": collector.address}
    async with running(tmp_path, ALL, EMULATED, None, told) as system:
        outcomes = await call(system, TALKS, BUSY)
        metrics = await metrics_of(system, *SERVICES)
        outcomes += await call_and_kill_dialog(system)
        await send_what_is_refused(system)
        assert outcomes[0].record
        await look_for_the_borrower(system, outcomes[0].record.call.call_id)
        keys = await redis_keys(system)
        metrics += await metrics_of(system, *(name for name in SERVICES if name != "dialog"))
        addresses = await asyncio.to_thread(lambda: list(addresses_of(system)))
    assert [outcome.problems for outcome in outcomes] == [(), (), ()]  # else the calls did not do what leaves traces
    assert WORDS in said(outcomes)
    secrets = {NAME, NAME.partition(" ")[0], LOAN, WORDS, *PHONES, BAD_PHONE, BAD_DATE, *said(outcomes)}
    for service in SERVICES:
        log = system.processes.log_of(service)
        assert log.stat().st_size, log.name
        assert leaks(secrets, log.read_text()) == [], log.name
        for file in log_files(tmp_path / "logs" / service):
            assert leaks(secrets, file.read_text()) == [], file
    assert_events_are_told(tmp_path / "logs")
    assert "calls_finished_total" in metrics
    assert leaks(secrets, metrics) == []
    assert leaks(secrets, "\n".join(collector.texts)) == []
    assert_one_trace(collector, outcomes[0].record.call.call_id)
    assert any(key.startswith("call:session:") for key in keys)
    assert leaks(secrets, "\n".join(keys)) == []
    assert len(addresses) > 5
    assert leaks(secrets, "\n".join(addresses)) == []


def log_files(folder: Path) -> list[Path]:
    """Return the log files of a service; each is there, whether anything was told in it or not."""
    files = sorted(folder.glob("*.*"))
    assert {"application.log", "errors.log", "calls.json", "database.log"} <= {file.name for file in files}
    return [file for file in files if file.name != ".lock"]


def assert_events_are_told(logs: Path) -> None:
    """What users look for is in the files where they look, in both forms, with the fields that they know."""
    for file, event, fields in (
        ("telephony/calls.json", "CALL_INITIATED", {"customer_id", "phone", "language"}),
        ("telephony/calls.json", "LANGUAGE_DETECTED", {"language", "transcript"}),
        ("telephony/websocket.json", "WEBSOCKET_CONNECTED", {"session_id", "client"}),
        ("telephony/websocket.json", "WEBSOCKET_DISCONNECTED", {"session_id", "code", "messages_in", "messages_out"}),
    ):
        told = [json.loads(line) for line in (logs / file).read_text().splitlines()]
        lines = [line for line in told if line["event"] == event]
        assert lines, event
        assert all(fields <= set(line) for line in lines), event
        assert event in (logs / file).with_suffix(".log").read_text()
    for file, said in (
        ("speech/tts.log", "TTS_SYNTHESIS_SUCCESS text_length="),
        ("customers/database.log", "DATABASE_OPERATION operation=CALL target=apply_call_event affected_rows="),
    ):
        assert said in (logs / file).read_text()


async def metrics_of(system: System, *services: str) -> str:
    """Return what Prometheus reads."""
    async with httpx.AsyncClient(timeout=20, trust_env=False) as prometheus:
        answers = [await prometheus.get(system.metrics_url(service)) for service in services]
    return "\n".join(answer.raise_for_status().text for answer in answers)


def assert_one_trace(collector: Collector, call_id: str) -> None:
    """A call is one trace, through all services, under its own id."""
    mine = [span for span in collector.spans if span.trace_id == UUID(call_id).hex]
    assert {span.service for span in mine} >= {"telephony", "dialog", "speech", "customers"}
    assert {span.name for span in mine} >= {"call", "greeting", "turn", "dialog.answer", "speech.words"}


async def call(system: System, *cases: Case) -> list[Outcome]:
    return await Demo(system, Cases(cases, {}), Console(file=StringIO())).run()


async def call_and_kill_dialog(system: System) -> list[Outcome]:
    """Kill dialog as soon as the borrower has said something; when the call ends before that, say how."""
    async with channel(system.customers_address, "voice.customers.v1.CallsService") as connection:
        calling = asyncio.create_task(call(system, LOSES_US), name="call")
        speaking = asyncio.create_task(borrower_speaks(pb.CallsServiceStub(connection)), name="speaking")
        try:
            await asyncio.wait((calling, speaking), return_when=asyncio.FIRST_COMPLETED)
            if not calling.done():
                await speaking
                await system.processes.kill("dialog")
            return await calling
        finally:
            calling.cancel()
            speaking.cancel()
            await asyncio.wait((calling, speaking))


async def borrower_speaks(calls: Any) -> None:
    """Return when a borrower has said something from now on."""
    stream = calls.WatchChanges(pb.WatchChangesRequest())
    try:
        async for change in stream:
            if change.WhichOneof("what") == "turn" and change.turn.turn.speaker == pb.SPEAKER_BORROWER:
                return
    finally:
        stream.cancel()
    raise AssertionError("the record ended before the borrower spoke")


async def send_what_is_refused(system: System) -> None:
    """A file with a bad row, a borrower whom nobody knows, and a call that cannot be placed."""
    bad = (
        "name,phone_number,state,loan_id,amount,due_date\n"
        f"{NAME},{PHONES[3]},Goa,{LOAN}8,4550.00,2027-01-05\n"
        f"{NAME},{BAD_PHONE},Goa,{LOAN}9,{WORDS},{BAD_DATE}\n"
    )

    async def pieces() -> AsyncIterator[pb.ImportCustomersRequest]:
        yield pb.ImportCustomersRequest(info=pb.ImportInfo(filename=f"{NAME}.csv", lender_name="Asha Finance"))
        yield pb.ImportCustomersRequest(chunk=bad.encode())
        yield pb.ImportCustomersRequest(finished=pb.ImportFinished())

    brief = pb.CallBrief(call_id="refused", customer_id=1, customer_name=NAME, loan_id=LOAN, due_date=BAD_DATE)
    request = telephony_pb.PlaceCallRequest(brief=brief, phone_number=PHONES[0])
    async with (
        channel(system.customers_address, "voice.customers.v1.CustomersService") as to_customers,
        channel(system.telephony_address, "voice.telephony.v1.TelephonyService") as to_telephony,
    ):
        customers: Any = pb.CustomersServiceStub(to_customers)
        telephony: Any = telephony_pb.TelephonyServiceStub(to_telephony)
        assert (await customers.ImportCustomers(pieces(), timeout=20)).rejected_rows == 1
        with pytest.raises(grpc.aio.AioRpcError, match="NOT_FOUND"):
            await customers.FindCustomer(pb.FindCustomerRequest(phone_number="+919999907399"), timeout=5)
        with pytest.raises(grpc.aio.AioRpcError):
            await telephony.PlaceCall(request, timeout=20)


async def look_for_the_borrower(system: System, call_id: str) -> None:
    """In the dashboard: by what would stand in the address of every search."""
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{system.ports.dashboard}", timeout=20, trust_env=False
    ) as browser:
        form = {"name": "admin", "password": system.admin_password}
        assert (await browser.post("/login", data=form)).status_code == 303
        found = (await browser.get("/customers", params={"text": PHONES[0]})).json()
        assert NAME in json.dumps(found)
        customer_id = found["customers"][0]["id"]
        assert NAME in (await browser.get(f"/customers/{customer_id}")).text
        assert (await browser.get("/customers", params={"text": NAME})).status_code == 200
        assert (await browser.get("/customers", params={"status": NAME})).status_code == 400
        assert (await browser.get(f"/customers/{NAME}")).status_code in (400, 404)
        assert (await browser.get("/calls", params={"customer": str(customer_id)})).status_code == 200
        assert WORDS in (await browser.get(f"/calls/{call_id}")).text


def said(outcomes: Iterable[Outcome]) -> set[str]:
    """What both sides said, but for words so short that they may stand anywhere."""
    records = [outcome.record for outcome in outcomes if outcome.record]
    return {turn.text for record in records for turn in record.turns if len(turn.text) > 12}


async def redis_keys(system: System) -> list[str]:
    async with redis.asyncio.Redis.from_url(system.redis_url, decode_responses=True) as client:
        return [key async for key in client.scan_iter()]


def addresses_of(system: System) -> Iterator[str]:
    """Every address that we asked providers for, or gave them; what the carrier adds to ours is its own affair."""
    sarvam = read_json(f"http://127.0.0.1:{system.ports.sarvam}/emulator/requests")
    for request in sarvam["requests"]:
        yield f"{request['path']}?{json.dumps(request['query'])}"
    for listed in read_json(f"{system.exotel_url}/emulator/calls")["calls"]:
        yield listed["custom_field"]
        yield from texts_with("://", read_json(f"{system.exotel_url}/emulator/calls/{listed['sid']}"))


def texts_with(part: str, data: object) -> Iterator[str]:
    if isinstance(data, str) and part in data:
        yield data
    elif isinstance(data, dict):
        for value in data.values():
            yield from texts_with(part, value)
    elif isinstance(data, list):
        for value in data:
            yield from texts_with(part, value)


def read_json(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.load(answer)
