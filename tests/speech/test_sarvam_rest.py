import asyncio

import pytest

from emulators.sarvam import Fault, SarvamEmulator
from emulators.voices import synthesise
from services.speech.ports import ProviderRefused, QueueFull
from services.speech.sarvam import SarvamAccount
from services.speech.sarvam_rest import SarvamRest
from tests.speech.fakes import NoLimit
from voicekit.audio import silence
from voicekit.errors import ProviderDown

pytestmark = pytest.mark.virtual_time

LOAN = "मैंने लोन नहीं लिया"
PCM = silence(300) + synthesise(LOAN, "hi-IN", voice="ravi") + silence(250)


def asked(sarvam: SarvamEmulator) -> int:
    return len(sarvam.provider.journal.requests)


async def test_a_whole_utterance_becomes_words(account: SarvamAccount) -> None:
    words = await SarvamRest(account, NoLimit()).recognise(PCM, "hi-IN", within_s=3)
    assert (words.text, words.language) == (LOAN, "")


async def test_odia_goes_and_comes_under_its_other_name(account: SarvamAccount, sarvam: SarvamEmulator) -> None:
    odia = synthesise("ହଁ ମୁଁ କହୁଛି", "or-IN", voice="ravi")
    rest = SarvamRest(account, NoLimit())
    assert (await rest.recognise(odia, "or-IN", within_s=3)).text == "ହଁ ମୁଁ କହୁଛି"
    assert (await rest.recognise(odia, "", within_s=3)).language == "or-IN"
    bodies = [request.body.get("language_code") for request in sarvam.provider.journal.requests]
    assert "or-IN" not in bodies


@pytest.mark.parametrize("fault", [Fault.REST_QUOTA, Fault.REST_PAYMENT])
async def test_a_used_up_quota_is_asked_once(account: SarvamAccount, sarvam: SarvamEmulator, fault: Fault) -> None:
    sarvam.provider.faults.arm(fault, times=None)
    with pytest.raises(ProviderRefused):
        await SarvamRest(account, NoLimit()).recognise(PCM, "hi-IN", within_s=3)
    assert asked(sarvam) == 1


@pytest.mark.parametrize(
    "fault",
    [Fault.REST_ERROR, Fault.REST_UNAVAILABLE, Fault.REST_BAD_GATEWAY, Fault.REST_RESET, Fault.REST_TRUNCATED],
)
async def test_a_failure_that_may_pass_is_tried_once_more(
    account: SarvamAccount, sarvam: SarvamEmulator, fault: Fault
) -> None:
    limit = NoLimit()
    sarvam.provider.faults.arm(fault)
    assert (await SarvamRest(account, limit).recognise(PCM, "hi-IN", within_s=3)).text == LOAN
    assert asked(sarvam) == limit.taken == 2
    sarvam.provider.faults.arm(fault, times=None)
    with pytest.raises(ProviderDown):
        await SarvamRest(account, limit).recognise(PCM, "hi-IN", within_s=3)
    assert asked(sarvam) == 4


async def test_the_turns_budget_is_kept(account: SarvamAccount, sarvam: SarvamEmulator) -> None:
    sarvam.provider.faults.arm(Fault.REST_HANG, times=None)
    with pytest.raises(ProviderDown):
        await SarvamRest(account, NoLimit()).recognise(PCM, "hi-IN", within_s=2)
    assert asyncio.get_running_loop().time() < 2.1


async def test_our_own_limit_forbids_asking(account: SarvamAccount, sarvam: SarvamEmulator) -> None:
    class Full(NoLimit):
        async def take(self, *, within_s: float) -> None:
            raise QueueFull(30)

    with pytest.raises(QueueFull):
        await SarvamRest(account, Full()).recognise(PCM, "hi-IN", within_s=2)
    assert asked(sarvam) == 0
