"""What a call does when dialog, the ears or the voice are lost in the middle of it."""

import asyncio

import pytest

from services.telephony.model import (
    Ending,
    Heard,
    NoInput,
    Played,
    Reason,
    SpeechEnded,
    SpeechStarted,
    Status,
    Transcribed,
)
from tests.telephony.fakes import (
    FakeSpeech,
    sound_of,
    turn,
    until,
)
from tests.telephony.stage import stage

pytestmark = pytest.mark.virtual_time


async def test_a_lost_dialog_is_found_again_and_repeats_its_prompt() -> None:
    async with stage(turn(1, "hello"), turn(2, "the question")) as it:
        await it.hears("hello")
        await it.says("yes")
        await it.hears("the question")
        it.leg.sent.clear()
        it.dialog.talk.break_off()
        await it.hears("the question", within=1.5)
        assert [talk.snapshot for talk in it.dialog.conversations] == [b"", b"s2"]
        await it.says("no")
        assert it.dialog.talk.told[-1] == Heard("no", "hi-IN", 0.9)


async def test_a_dialog_lost_in_the_middle_of_a_line_is_not_noticed() -> None:
    text = "a line that is long enough to lose somebody in its middle"
    async with stage(turn(1, text), turn(2, "fine")) as it:
        await asyncio.sleep(0.5)
        it.dialog.talk.break_off()
        await it.hears(text)
        assert it.leg.sound == sound_of(text)
        assert not it.leg.clears
        assert [type(event) for event in it.dialog.talk.told] == [Played]


async def test_a_silent_dialog_is_covered_by_hold_and_ended_with_a_goodbye() -> None:
    async with stage(turn(1, "hello")) as it:
        await it.hears("hello")
        it.dialog.silent = True
        await it.says("yes")
        asked = it.now
        await it.hears("hold on", within=5.0)
        assert await it.call == Ending(Status.FAILED, Reason.DIALOG_LOST)
        assert sound_of("bye bye") in it.leg.sound
        assert it.now - asked < 13.0


async def test_a_dialog_that_is_away_from_the_start_ends_the_call() -> None:
    async with stage(speech=FakeSpeech()) as it:
        it.dialog.down = True
        assert await it.call == Ending(Status.FAILED, Reason.DIALOG_LOST)
        assert it.leg.sound.endswith(sound_of("bye bye")[-3200:])


async def test_lost_ears_are_opened_again_with_what_was_said() -> None:
    async with stage(turn(1, "hello", listen_for=4.0), turn(2, "fine")) as it:
        await it.hears("hello")
        it.speech.ear.say(SpeechStarted(1))
        await asyncio.sleep(1.0)
        it.speech.ear.break_off()
        await asyncio.sleep(0.5)
        assert len(it.speech.listenings) == 2
        assert len(it.speech.ear.replayed) >= 16 * 900
        it.speech.ear.say(SpeechStarted(1), SpeechEnded(1, 100, 900), Transcribed(1, "yes", "", 0, 100, 900))
        await it.told(Heard("yes"))


async def test_ears_that_come_back_to_silence_wait_for_the_borrower_again() -> None:
    async with stage(turn(1, "hello", listen_for=4.0), turn(2, "are you there")) as it:
        await it.hears("hello")
        it.speech.ear.say(SpeechStarted(1))
        await asyncio.sleep(0.5)
        it.speech.ear.break_off()
        await it.told(NoInput(), within=6.0)


async def test_ears_that_stay_lost_end_the_call() -> None:
    async with stage(turn(1, "hello")) as it:
        await it.hears("hello")
        it.speech.down = True
        it.speech.ear.break_off()
        assert await it.call == Ending(Status.FAILED, Reason.SPEECH_LOST)
        assert sound_of("bye bye") in it.leg.sound


async def test_a_voice_that_breaks_off_goes_on_from_the_unsaid_line() -> None:
    speech = FakeSpeech()
    speech.break_after = [2]
    async with stage(turn(1, "one line|another line that follows"), turn(2, "fine"), speech=speech) as it:
        await it.hears("another line that follows")
        said = [texts for _, texts in it.speech.spoken if texts[0] not in ("hold on", "bye bye")]
        assert said == [("one line", "another line that follows"), ("another line that follows",)]


async def test_a_voice_that_comes_back_in_two_seconds_is_waited_for_with_a_word() -> None:
    speech = FakeSpeech()
    speech.break_after = [0, 0, 0]
    async with stage(turn(1, "hello"), turn(2, "fine"), speech=speech) as it:
        await until(lambda: it.leg.marks)
        assert it.leg.sound == sound_of("hold on") + sound_of("hello")
        first_of_hello = it.leg.sent[-1][0]
        assert 2.0 <= first_of_hello < 3.0  # after the third pause
        await asyncio.sleep(1.0)
        await it.says("yes")
        await it.hears("fine")
        assert not any(isinstance(told, Played) and told.failed for told in it.dialog.told)


async def test_a_voice_that_stumbles_once_is_not_noticed() -> None:
    speech = FakeSpeech()
    speech.break_after = [0]
    async with stage(turn(1, "hello"), turn(2, "fine"), speech=speech) as it:
        await it.hears("hello", within=0.5)
        assert it.leg.sound == sound_of("hello")


async def test_each_line_that_was_said_begins_the_patience_anew() -> None:
    speech = FakeSpeech()
    speech.break_after = [2, 2, 2, 2]  # a line, and the beginning of the next
    async with stage(turn(1, "a|b|c|d|e|f"), turn(2, "fine"), speech=speech) as it:
        await until(lambda: it.dialog.told)
        (played,) = it.dialog.told
        assert isinstance(played, Played)
        assert (played.lines_heard, played.failed) == (6, False)


async def test_a_voice_that_hangs_is_given_up_before_the_borrower_gives_up() -> None:
    speech = FakeSpeech()
    speech.delay = 60.0
    async with stage(turn(1, "hello"), speech=speech) as it:
        speech.delay = 60.0
        began = it.now
        assert await it.call == Ending(Status.FAILED, Reason.SPEECH_LOST)
        assert it.now - began < 20.0


async def test_a_voice_that_is_gone_ends_the_call_with_what_was_kept() -> None:
    speech = FakeSpeech()
    speech.break_after = [0, 0, 0, 0]
    async with stage(turn(1, "hello"), speech=speech) as it:
        began = it.now
        assert await it.call == Ending(Status.FAILED, Reason.SPEECH_LOST)
        assert sound_of("bye bye") in it.leg.sound
        (played,) = [told for told in it.dialog.told if isinstance(told, Played)]
        assert (played.turn, played.lines_heard, played.failed) == (1, 0, True)
        assert it.now - began < 5.0


async def test_words_that_never_come_are_told_as_lost() -> None:
    async with stage(turn(1, "hello"), turn(2, "sorry?")) as it:
        await it.hears("hello")
        it.speech.ear.say(SpeechStarted(1), SpeechEnded(1, 500, it.position + 500))
        await it.told(Heard(lost=True), within=6.0)
