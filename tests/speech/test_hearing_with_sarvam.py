"""Hearing with the provider's own protocol behind it, whatever goes wrong there."""

import asyncio

import pytest

from emulators.audio import silence
from emulators.sarvam import Fault, SarvamEmulator
from emulators.voices import synthesise
from services.speech.events import Event, Expectation, Silence, Step, Summary, Words
from services.speech.hearing import Ears
from services.speech.ports import Source
from services.speech.sarvam import SarvamAccount
from services.speech.sarvam_legacy import SarvamLegacy
from services.speech.sarvam_realtime import SarvamRealtime
from services.speech.sarvam_rest import SarvamRest
from services.speech.turns import Answer
from services.speech.vad import VoiceModel
from tests.speech.conftest import KEY
from tests.speech.fakes import NoLimit, in_real_time, of

pytestmark = pytest.mark.virtual_time

LOAN = "मैंने लोन नहीं लिया"
SAID = synthesise(LOAN, "hi-IN", voice="ravi")
HINDI = Expectation(Answer.SHORT, "hi-IN")


@pytest.fixture
def ears(account: SarvamAccount, voice_model: VoiceModel) -> Ears:
    return Ears(voice_model, [SarvamRealtime(account), SarvamLegacy(account)], SarvamRest(account, NoLimit()))


async def hears(ears: Ears, *parts: bytes | Step, first: Expectation = HINDI) -> list[Event]:
    async with ears.listen(in_real_time(*parts), first) as events:
        return [event async for event in events]


def sockets_opened(sarvam: SarvamEmulator) -> list[str]:
    return [request.path for request in sarvam.provider.journal.requests if request.path.endswith("/ws")]


@pytest.mark.parametrize(
    "fault",
    [
        Fault.STT_CLOSE,
        Fault.STT_FATAL,
        Fault.STT_NO_FINAL,
        Fault.STT_DUPLICATE_FINAL,
        Fault.STT_STALE_FINAL,
        Fault.STT_DROP_AFTER_PARTIAL,
        Fault.STT_UNKNOWN_EVENT,
        Fault.STT_NUMBERS_AS_STRINGS,
        Fault.STT_NOT_JSON,
        Fault.STT_SLOW_FINAL,
        Fault.CONNECT_BETA,
        Fault.CONNECT_HANG,
        Fault.CONNECT_SILENCE,
        Fault.CONNECT_STATUS,
    ],
)
@pytest.mark.parametrize("times", [1, None], ids=["once", "always"])
async def test_each_turn_gets_one_right_transcript(
    ears: Ears, sarvam: SarvamEmulator, fault: Fault, times: int | None
) -> None:
    sarvam.provider.faults.arm(fault, times=times)
    events = await hears(ears, silence(1000), SAID, silence(6000), SAID, silence(2000))
    assert fault in sarvam.provider.faults.struck
    assert [(words.utterance, words.text) for words in of(events, Words)] == [(1, LOAN), (2, LOAN)]
    await asyncio.sleep(5)
    assert sarvam.provider.limits(KEY).open_sockets["stt"] == 0


async def test_a_minute_on_hold_does_not_make_it_deaf(ears: Ears, sarvam: SarvamEmulator) -> None:
    events = await hears(ears, SAID, Silence(70_000), SAID, silence(1500))
    assert [(words.text, words.source) for words in of(events, Words)] == [(LOAN, Source.REALTIME)] * 2
    assert len(sockets_opened(sarvam)) == 1
    assert sarvam.provider.journal.usage.stt_seconds < 10, "silence is not sent, since it would be billed"


async def test_a_socket_that_died_of_idleness_is_replaced(ears: Ears, sarvam: SarvamEmulator) -> None:
    sarvam.provider.faults.arm(Fault.STT_IDLE_DEATH, 5)
    events = await hears(ears, SAID, Silence(40_000), SAID, silence(1500))
    assert [words.text for words in of(events, Words)] == [LOAN, LOAN]


@pytest.mark.parametrize("fault", [Fault.CREDITS_GONE, Fault.KEY_REVOKED])
async def test_a_refused_account_is_not_asked_again_and_again(ears: Ears, sarvam: SarvamEmulator, fault: Fault) -> None:
    sarvam.provider.faults.arm(fault, times=None)
    events = await hears(ears, silence(1000), SAID, silence(3000), SAID, silence(3000))
    assert [(words.text, words.source) for words in of(events, Words)] == [("", Source.NONE)] * 2
    assert len(sockets_opened(sarvam)) == 2, "each way once"
    assert len(sarvam.provider.journal.requests) == 4, "and one request a turn"


async def test_the_language_may_change_from_turn_to_turn(ears: Ears, sarvam: SarvamEmulator) -> None:
    odia = synthesise("ହଁ ମୁଁ କହୁଛି", "or-IN", voice="ravi")
    events = await hears(
        ears,
        odia,
        silence(1500),
        Expectation(Answer.SHORT, "or-IN"),
        odia,
        silence(1500),
        first=Expectation(Answer.SHORT, ""),
    )
    first, second = of(events, Words)
    assert (first.text, first.language) == ("ହଁ ମୁଁ କହୁଛି", "or-IN")
    assert (second.text, second.language) == ("ହଁ ମୁଁ କହୁଛି", "")
    assert len(sockets_opened(sarvam)) == 1
    assert of(events, Summary)[0].utterances == 2
