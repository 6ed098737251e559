import asyncio
import logging

import pytest
import structlog
from aiohttp import web
from structlog.testing import capture_logs

from emulators.sarvam import Fault, SarvamEmulator
from services.speech.ports import ProviderRefused
from services.speech.sarvam import SarvamAccount, error_of, from_sarvam, number, to_realtime, to_sarvam
from services.speech.sarvam_realtime import SarvamRealtime
from tests.speech.conftest import KEY
from voicekit.errors import ProviderDown
from voicekit.languages import LANGUAGES

log = structlog.get_logger(__name__)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_survives_the_way_there_and_back(language: str) -> None:
    assert from_sarvam(to_sarvam(language)) == language
    assert from_sarvam(to_realtime(language)) == language


def test_odia_has_two_names_and_finding_out_has_two() -> None:
    assert (to_sarvam("or-IN"), to_realtime("or-IN")) == ("od-IN", "or-IN")
    assert (to_sarvam(""), to_realtime("")) == ("unknown", "auto")
    assert from_sarvam("od-IN") == from_sarvam("or-IN") == "or-IN"


@pytest.mark.parametrize(
    ("code", "ours"),
    [("ur-IN", "hi-IN"), ("mai-IN", "hi-IN"), ("sat-IN", ""), ("en-US", ""), (None, ""), (7, ""), ([], "")],
)
def test_a_language_that_is_none_of_ours_becomes_its_neighbour_or_nothing(code: object, ours: str) -> None:
    assert from_sarvam(code) == ours


@pytest.mark.parametrize(("value", "expected"), [(3, 3.0), ("0.97", 0.97), ("x", None), (None, None), ([], None)])
def test_numbers_may_come_as_texts(value: object, expected: float | None) -> None:
    assert number(value) == expected


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (429, "rate_limit_exceeded_error", ProviderDown),
        (429, "insufficient_quota_error", ProviderRefused),
        (402, "", ProviderRefused),
        (403, "invalid_api_key_error", ProviderRefused),
        (400, "invalid_request_error", ProviderRefused),
        (422, "unprocessable_entity_error", ProviderRefused),
        (500, "model_call_error", ProviderDown),
        (502, "", ProviderDown),
        (503, "rate_limit_exceeded_error", ProviderDown),
    ],
)
def test_what_a_status_means_for_the_next_attempt(status: int, code: str, kind: type[ProviderDown]) -> None:
    assert type(error_of(status, code)) is kind


def test_what_the_provider_writes_is_not_repeated() -> None:
    assert "Rao" not in str(error_of(400, "Asha Rao owes"))


@pytest.mark.parametrize("status", [403, 429, 500])
async def test_no_key_is_in_any_error_or_log(
    account: SarvamAccount, sarvam: SarvamEmulator, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with capture_logs() as lines:
        for fault, value in ((Fault.CONNECT_STATUS, status), (Fault.CONNECT_RESET, None)):
            sarvam.provider.faults.arm(fault, value, times=None)
            with pytest.raises(ProviderDown) as raised:
                async with SarvamRealtime(account).open("hi-IN"):
                    pass
            log.warning("It failed.", error=repr(raised.value), cause=repr(raised.value.__cause__))
            assert raised.value.__suppress_context__ or raised.value.__context__ is None
            sarvam.provider.faults.disarm()
    assert KEY not in f"{lines}{caplog.text}"


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [(429, "insufficient_quota_error", ProviderRefused), (429, "rate_limit_exceeded_error", ProviderDown)],
)
async def test_the_body_of_a_refused_handshake_tells_quota_from_haste(
    status: int, code: str, kind: type[ProviderDown]
) -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.json_response({"error": {"code": code, "message": "no"}}, status=status)

    app = web.Application()
    app.router.add_get("/ws", refuse)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"//127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with SarvamAccount.open(key=KEY, http_base=f"http:{base}", ws_base=f"ws:{base}") as account:
            with pytest.raises(ProviderDown) as raised:
                await account.connect("/ws", {})
    finally:
        await runner.cleanup()
    assert type(raised.value) is kind


@pytest.mark.virtual_time
@pytest.mark.parametrize(
    "fault", [Fault.REST_HANG, Fault.REST_SLOW_HEADERS, Fault.REST_SLOW_BODY, Fault.REST_RESET, Fault.REST_TRUNCATED]
)
async def test_an_answer_that_does_not_arrive_whole_and_in_time_is_an_error(
    account: SarvamAccount, sarvam: SarvamEmulator, fault: Fault
) -> None:
    sarvam.provider.faults.arm(fault)
    loop = asyncio.get_running_loop()
    began = loop.time()
    with pytest.raises(ProviderDown):
        await account.post("/text-lid", within_s=2.0, json={"input": "हाँ"})
    assert loop.time() - began <= 2.01
