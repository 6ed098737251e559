"""What Exotel sees over HTTP: who is let in, and what odd requests are answered."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.telephony.signer import Signer
from tests.support.virtual_time import VirtualTimeLoop
from tests.telephony.fakes import FakeDialog, turn, until
from tests.telephony.world import AGENT, BRIEF, EXOPHONE, PHONE, SECRET, World, world
from tests.voicekit.test_web import answered

pytestmark = pytest.mark.virtual_time

START = {"event": "start", "stream_sid": "st", "start": {"stream_sid": "st", "call_sid": "sid-x", "from": PHONE}}


@dataclass
class Browser:
    it: World
    client: aiohttp.ClientSession

    async def ask(self, method: str, path: str, **more: object) -> tuple[int, dict[str, object]]:
        url = self.it.url + path
        async with self.client.request(method, url, allow_redirects=False, **more) as response:  # type: ignore[arg-type]  # by name
            body = await response.read()
            assert response.content_type == "application/json"
            return response.status, json.loads(body)

    async def socket_url(self, call_sid: str = "sid-x") -> str:
        _, body = await self.ask("GET", f"/ws-url?token={SECRET}&CallSid={call_sid}")
        return str(body["url"])


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with world(FakeDialog(turn(1, "hello"))) as it, aiohttp.ClientSession() as client:
        yield Browser(it, client)


@pytest.mark.parametrize("path", ["/ws-url", "/passthru-handler", "/connect-numbers"])
async def test_the_flow_s_addresses_want_the_token(browser: Browser, path: str) -> None:
    for wrong in ("", "?token=wrong", "/wrong", "?token=%C3%A9", f"?token={SECRET}x"):
        for method in ("GET", "POST"):
            status, body = await browser.ask(method, f"{path}{wrong}")
            assert (status, body) == (403, {"error": {"code": "FORBIDDEN", "message": "the token is missing or wrong"}})


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing-here", 404, "NOT_FOUND"),
        ("DELETE", "/healthz", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/ws/voicebot/no-such-ticket", 403, "FORBIDDEN"),
    ],
)
async def test_every_refusal_says_what_and_why_in_the_one_shape(
    browser: Browser, method: str, path: str, status: int, code: str
) -> None:
    answered, body = await browser.ask(method, path)
    assert answered == status
    error = body["error"]
    assert isinstance(error, dict)
    assert error["code"] == code
    assert error["message"]


@pytest.mark.parametrize("purpose", ["status-callback", "dial-events"])
async def test_a_call_s_addresses_want_its_signature(browser: Browser, purpose: str) -> None:
    foreign = Signer(SECRET).sign(purpose, "another-call")
    for signature in ("wrong", foreign, "%C3%A9"):
        status, _ = await browser.ask("POST", f"/{purpose}/call-1/{signature}", json={"Status": "failed"})
        assert status == 403


@pytest.mark.parametrize(
    "ask",
    [
        {"method": "GET", "params": {"CallSid": "s1", "CustomField": "c1", "From": PHONE}},
        {"method": "GET", "params": {"callsid": "s1", "CUSTOMFIELD": "c1", "callfrom": PHONE}},
        {"method": "POST", "data": {"CallSid": "s1", "CustomField": "c1", "CallFrom": PHONE}},
        {"method": "POST", "json": {"CallSid": "s1", "CustomField": "c1", "CallFrom": PHONE, "x": [1]}},
    ],
)
async def test_the_socket_s_address_is_answered_however_it_is_asked(browser: Browser, ask: dict[str, object]) -> None:
    status, body = await browser.ask(path=f"/ws-url/{SECRET}", **ask)  # type: ignore[arg-type]  # by name
    assert status == 200
    assert list(body) == ["url"]
    base, token = str(body["url"]).rsplit("/", 1)
    assert base == browser.it.url.replace("http", "ws") + "/ws/voicebot"
    assert len(token) >= 22
    kept = browser.it.sessions.tickets[token]
    assert (kept["call_sid"], kept["custom_field"], kept["from"]) == ("s1", "c1", PHONE)


@pytest.mark.parametrize("asked", ["flow=simple", "flow=SIMPLE", "Flow=simple"])
async def test_an_older_integration_is_told_the_compatibility_socket(browser: Browser, asked: str) -> None:
    _, body = await browser.ask("GET", f"/ws-url/{SECRET}?{asked}&CallSid=sid-x")
    assert str(body["url"]).startswith(browser.it.url.replace("http", "ws") + "/ws/voicebot-compatibility/")


@pytest.mark.parametrize(("path", "simple"), [("voicebot", False), ("voicebot-compatibility", True)])
async def test_the_socket_that_is_opened_tells_dialog_which_flow_to_lead(
    browser: Browser, path: str, simple: bool
) -> None:
    url = (await browser.socket_url()).replace("/voicebot/", f"/{path}/")
    async with browser.client.ws_connect(url) as socket:
        await socket.send_json(START)
        await until(lambda: browser.it.dialog.briefs)
    assert [brief.simple_flow for brief in browser.it.dialog.briefs] == [simple]


async def test_no_two_tokens_are_the_same(browser: Browser) -> None:
    assert len({await browser.socket_url() for _ in range(20)}) == 20


async def test_a_socket_without_a_good_token_is_refused(browser: Browser) -> None:
    good = await browser.socket_url()
    for url in (f"{browser.it.url}/ws/voicebot/guess", good[:-1] + "~"):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await browser.client.ws_connect(url)
        assert refused.value.status == 403


async def test_a_token_admits_a_handshake_and_its_one_repetition(browser: Browser) -> None:
    url = await browser.socket_url()
    for _ in range(2):
        async with browser.client.ws_connect(url):
            pass
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await browser.client.ws_connect(url)


async def test_a_socket_that_begins_with_another_call_is_closed(browser: Browser) -> None:
    async with browser.client.ws_connect(await browser.socket_url("sid-of-another")) as socket:
        await socket.send_json(START)
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code == 1008


async def test_a_socket_that_never_starts_is_closed_after_five_seconds(browser: Browser) -> None:
    async with browser.client.ws_connect(await browser.socket_url()) as socket:
        began = asyncio.get_running_loop().time()
        await socket.send_json({"event": "connected"})
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        assert asyncio.get_running_loop().time() - began == pytest.approx(5, abs=0.1)


async def test_a_second_socket_of_a_live_call_is_refused_until_the_first_is_gone(browser: Browser) -> None:
    it = browser.it
    call = await it.rings()
    await call.caller.hears_speech()
    url = await browser.socket_url(call.sid)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await browser.client.ws_connect(url)
    assert refused.value.status == 409


async def test_a_line_that_sends_no_silence_is_alive_as_long_as_it_answers_pings(browser: Browser) -> None:
    it = browser.it
    async with browser.client.ws_connect(await browser.socket_url()) as socket:
        await socket.send_json(START)
        reading = asyncio.create_task(_read(socket))
        await asyncio.sleep(9)
        assert it.telephony.switchboard.calls == 1
        reading.cancel()  # now nobody answers
        await asyncio.sleep(9)
        assert it.telephony.switchboard.calls == 0


async def _read(socket: aiohttp.ClientWebSocketResponse) -> None:
    async for _ in socket:
        pass


async def test_a_full_house_turns_the_next_socket_away() -> None:
    async with world(FakeDialog(turn(1, "hello")), max_calls=1) as it, aiohttp.ClientSession() as client:
        browser = Browser(it, client)
        call = await it.rings()
        await call.caller.hears_speech()
        url = await browser.socket_url("another")
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await client.ws_connect(url)
        assert refused.value.status == 503


@pytest.mark.parametrize(
    "messages",
    [
        ["not json", "[]", '{"event":"silence"}', '{"event":"media"}', '{"event":"media","media":{"payload":"&&&"}}'],
        ['{"event":"dtmf"}', '{"event":"mark"}', '{"event":"clear"}', '{"Event":"connected"}', "{}"],
    ],
)
async def test_strange_messages_do_not_end_a_call(browser: Browser, messages: list[str]) -> None:
    it = browser.it
    call = await it.rings()
    await call.caller.hears_speech()
    stream = await call.caller.stream()
    for message in messages * 20:
        await stream._ws.send_str(message)
    await asyncio.sleep(1)
    assert it.telephony.switchboard.calls == 1


async def test_passthru_of_an_unknown_call_ends_it_politely(browser: Browser) -> None:
    for path in ("CallSid=nobody", "", "CallSid=%00&Stream=%7Bnot"):
        status, body = await browser.ask("GET", f"/passthru-handler/{SECRET}?{path}")
        assert (status, body) == (302, {"transfer": False})


async def _decide(it: World) -> str:
    call = await it.rings()
    await it.telephony.transfers.decide(BRIEF.call_id, 7, epoch=int(it.sessions.sessions[call.sid].get("epoch", 0)))
    return call.sid


@pytest.mark.parametrize(
    "stream",
    [
        {"Stream[Status]": "completed", "Stream[DisconnectedBy]": "bot"},
        {"Stream": json.dumps({"Status": "completed", "DisconnectedBy": "bot"})},
        {},
    ],
)
async def test_passthru_sends_a_decided_call_to_the_agent_in_both_encodings(
    browser: Browser, stream: dict[str, str]
) -> None:
    sid = await _decide(browser.it)
    for _ in range(2):  # the carrier may ask twice
        status, body = await browser.ask("GET", f"/passthru-handler/{SECRET}", params={"CallSid": sid, **stream})
        assert (status, body) == (200, {"transfer": True})
    status, body = await browser.ask("POST", f"/connect-numbers/{SECRET}", data={"CallSid": sid})
    assert status == 200
    assert body["destination"] == {"numbers": [AGENT]}
    assert body["outgoing_phone_number"] == EXOPHONE
    assert str(body["dial_passthru_event_url"]).startswith(f"{browser.it.url}/dial-events/call-1/")


@pytest.mark.parametrize(
    "stream",
    [{"Stream[DisconnectedBy]": "user"}, {"Stream": '{"DisconnectedBy": "caller"}'}],
)
async def test_nobody_is_rung_for_a_borrower_who_is_gone(browser: Browser, stream: dict[str, str]) -> None:
    sid = await _decide(browser.it)
    status, _ = await browser.ask("GET", f"/passthru-handler/{SECRET}", params={"CallSid": sid, **stream})
    assert status == 302


async def test_a_decision_does_not_last(browser: Browser) -> None:
    sid = await _decide(browser.it)
    await asyncio.sleep(121)
    assert (await browser.ask("GET", f"/passthru-handler/{SECRET}?CallSid={sid}"))[0] == 302
    _, body = await browser.ask("GET", f"/connect-numbers/{SECRET}?CallSid={sid}")
    assert body["destination"] == {"numbers": []}


async def test_a_status_of_an_unknown_call_is_answered_with_200(browser: Browser) -> None:
    url = f"/status-callback/ghost/{Signer(SECRET).sign('status-callback', 'ghost')}"
    for body in ({"CallSid": "s", "Status": "failed"}, {}):
        assert await browser.ask("POST", url, json=body) == (200, {"ok": True})
    assert not browser.it.customers.events


async def test_statuses_in_any_order_change_nothing_of_a_live_call(browser: Browser) -> None:
    it = browser.it
    call = await it.rings()
    await call.caller.hears_speech()
    url = f"/status-callback/{BRIEF.call_id}/{Signer(SECRET).sign('status-callback', BRIEF.call_id)}"
    for status in ("failed", "no-answer", "ringing", "completed", "in-progress", "odd"):
        assert (await browser.ask("POST", url, data={"CallSid": call.sid, "Status": status}))[0] == 200
    await asyncio.sleep(15)
    assert it.customers.finals(BRIEF.call_id) == []
    await call.caller.hangs_up()
    await until(lambda: it.customers.finals(BRIEF.call_id))


async def test_a_large_body_is_not_read(browser: Browser) -> None:
    status, _ = await browser.ask("POST", f"/passthru-handler/{SECRET}", data=b"x" * 200_000)
    assert status == 302


async def test_a_body_in_no_encoding_is_left_out(browser: Browser) -> None:
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    status, _ = await browser.ask("POST", f"/passthru-handler/{SECRET}", data=b"CallSid=x", headers=headers)
    assert status == 302


async def test_what_is_no_http_is_answered_as_every_error(browser: Browser) -> None:
    port = int(browser.it.url.rpartition(":")[2])
    status, body = await answered(port, b"GET /ws-url?CallFrom=Asha HTTP/9.9\r\n\r\n")
    assert (status, body["error"]["code"]) == (400, "INVALID_INPUT")


async def test_probes(browser: Browser) -> None:
    assert await browser.ask("GET", "/healthz") == (200, {"alive": True})
    assert await browser.ask("GET", "/readyz") == (200, {"ready": True})


texts = st.text(st.characters(blacklist_categories=["Cs"]), max_size=30)
params = st.dictionaries(st.sampled_from(["CallSid", "Stream", "Stream[DisconnectedBy]", "CallType", "From"]), texts)


@given(fields=params, body=st.binary(max_size=200) | st.none(), method=st.sampled_from(["GET", "POST"]))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_request_makes_an_address_of_the_flow_fail(fields: dict[str, str], body: bytes | None, method: str) -> None:
    async def story() -> None:
        async with world(FakeDialog()) as it, aiohttp.ClientSession() as client:
            for path, allowed in (("ws-url", {200}), ("passthru-handler", {200, 302}), ("connect-numbers", {200})):
                url = f"{it.url}/{path}/{SECRET}"
                async with client.request(method, url, params=fields, data=body, allow_redirects=False) as response:
                    assert response.status in allowed

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(story())
