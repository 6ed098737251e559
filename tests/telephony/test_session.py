"""One call's narrator: who has the floor, what dialog is told, and how calls end."""

import asyncio

import pytest

from services.telephony.events import DRAINED, HUNG_UP, MEDIA_LOST, Ended
from services.telephony.model import (
    Answer,
    DialogEvent,
    Ending,
    Expectation,
    Facts,
    Heard,
    KeyPressed,
    Line,
    Next,
    NoInput,
    Played,
    Reason,
    SpeechStarted,
    Status,
    Understanding,
)
from tests.telephony.fakes import (
    ms_of,
    sound_of,
    turn,
)
from tests.telephony.stage import stage

pytestmark = pytest.mark.virtual_time


async def test_the_greeting_leaves_at_once_and_the_answer_reaches_dialog() -> None:
    async with stage(turn(1, "hello there"), turn(2, "thanks")) as it:
        await it.hears("hello there")
        assert it.leg.sent[0][0] < 0.05
        await it.says("haan ji")
        await it.told(Heard("haan ji", "hi-IN", 0.9))
        assert it.dialog.told[0] == Played(1, ms_of("hello there"), 1)
        await it.hears("thanks")


async def test_nobody_answers_within_the_time_of_the_turn() -> None:
    async with stage(turn(1, "hello", listen_for=3.0), turn(2, "are you there")) as it:
        await it.told(NoInput())
        assert it.now == pytest.approx(ms_of("hello") / 1000 + 3.0, abs=0.1)


async def test_whoever_begins_to_speak_in_time_may_finish() -> None:
    async with stage(turn(1, "hello", listen_for=2.0), turn(2, "yes")) as it:
        await it.hears("hello")
        await asyncio.sleep(1.0)
        await it.says("a long answer", seconds=5.0)
        await it.told(Heard("a long answer", "hi-IN", 0.9))
        assert NoInput() not in it.dialog.told


async def test_a_barge_in_cuts_an_interruptible_line_and_tells_how_far_it_got() -> None:
    text = "a very long line that goes on and on and on for several seconds"
    async with stage(turn(1, text, interruptible=True), turn(2, "fine")) as it:
        await asyncio.sleep(0.4)
        await it.says("stop", barges=True)
        (clear,) = it.leg.clears
        assert clear == pytest.approx(0.4, abs=0.05), "at the first sound, before it was known what it is"
        assert not [at for at, _ in it.leg.sent if clear < at < 1.0]
        played = next(event for event in it.dialog.told if isinstance(event, Played))
        assert (played.turn, played.interrupted, played.lines_heard) == (1, True, 0)
        assert played.heard_ms == pytest.approx(clear * 1000, abs=30)
        assert it.dialog.told.index(played) < it.dialog.told.index(Heard("stop", "hi-IN", 0.9))
        await it.hears("fine")


async def test_nothing_cuts_a_line_that_must_be_heard() -> None:
    text = "this call is recorded and you must hear all of it now please"
    async with stage(turn(1, text), turn(2, "fine")) as it:
        await asyncio.sleep(0.2)
        await it.says("what what", barges=True, seconds=0.4)
        await it.hears(text)
        assert not it.leg.clears
        assert not [event for event in it.dialog.told if isinstance(event, Heard)]
        await it.says("ok")
        await it.told(Heard("ok", "hi-IN", 0.9))


async def test_words_still_going_on_at_the_line_s_end_are_the_answer() -> None:
    async with stage(turn(1, "this must be heard until its end"), turn(2, "fine")) as it:
        await asyncio.sleep(0.3)
        await it.says("yes I am", seconds=1.5)
        await it.told(Heard("yes I am", "hi-IN", 0.9), within=2.0)


async def test_an_answer_in_the_line_s_last_syllables_counts() -> None:
    text = "is this Asha speaking with me"
    async with stage(turn(1, text), turn(2, "fine")) as it:
        await asyncio.sleep(ms_of(text) / 1000 - 0.5)
        await it.says("yes", seconds=0.3)
        await it.told(Heard("yes", "hi-IN", 0.9), within=1.0)


LONG = "a long line about what is due and when it is due and how to pay"


async def test_a_backchannel_pauses_the_line_and_no_word_of_it_is_lost() -> None:
    async with stage(turn(1, LONG, interruptible=True), turn(2, "fine")) as it:
        await asyncio.sleep(0.2)
        await it.says("haan", seconds=0.2, pause=0.2)
        await it.told(Played(1, ms_of(LONG), 1))
        assert it.leg.clears == pytest.approx([0.2], abs=0.03)
        heard = it.leg.heard
        assert sum(heard.values()) >= len(sound_of(LONG)), "what the carrier dropped was sent again"
        (first, *_), (again, *_) = sorted(heard), sorted(at for at in heard if at > 0.5)
        assert first == 0.0
        assert 0.6 <= again <= 0.8, "as soon as it was known to be no more than listening"
        assert not [event for event in it.dialog.told if isinstance(event, Heard)]
        assert not any(event.interrupted for event in it.customers.turns("call-1"))


async def test_a_noisy_room_does_not_make_us_stutter() -> None:
    async with stage(turn(1, LONG * 4, interruptible=True), turn(2, "fine")) as it:
        for _ in range(4):
            await asyncio.sleep(0.4)
            await it.says("", seconds=0.2, pause=0.2)
        assert len(it.leg.clears) == 2
        await it.says("stop it", barges=True)
        assert len(it.leg.clears) == 3, "who means it is still heard"
        await it.told(Heard("stop it", "hi-IN", 0.9))


async def test_who_goes_on_after_the_pause_has_the_floor_and_is_told_once() -> None:
    async with stage(turn(1, LONG, interruptible=True), turn(2, "fine")) as it:
        await asyncio.sleep(0.4)
        await it.says("wait a moment", seconds=1.5, barges=True)
        assert len(it.leg.clears) == 1
        assert [event.interrupted for event in it.dialog.told if isinstance(event, Played)] == [True]
        await it.hears("fine")


async def test_who_hangs_up_while_we_wait_ends_the_call() -> None:
    async with stage(turn(1, LONG, interruptible=True)) as it:
        await asyncio.sleep(0.4)
        it.speech.ear.say(SpeechStarted(1))
        await asyncio.sleep(0.1)
        it.session.end(HUNG_UP)
        assert (await it.call).status is Status.COMPLETED
        assert len(it.leg.clears) == 1
        assert not [at for at, _ in it.leg.sent if at > 0.4]
        assert it.customers.turns("call-1")[0].interrupted


@pytest.mark.parametrize("lost", [False, True])
async def test_a_line_waits_for_no_news_that_does_not_come(lost: bool) -> None:
    async with stage(turn(1, LONG, interruptible=True), turn(2, "fine")) as it:
        await asyncio.sleep(0.4)
        it.speech.ear.say(SpeechStarted(1))
        if lost:
            await asyncio.sleep(0.1)
            it.speech.ear.break_off()
        await it.told(Played(1, ms_of(LONG), 1))
        assert max(it.leg.heard) < (3.5 if lost else 6.0)


async def test_a_word_into_the_last_moments_of_a_question_is_its_answer() -> None:
    async with stage(turn(1, LONG, interruptible=True), turn(2, "fine")) as it:
        await asyncio.sleep(ms_of(LONG) / 1000 - 0.5)
        await it.says("haan", seconds=0.25, pause=0.4)
        await it.told(Heard("haan", "hi-IN", 0.9), within=2.0)
        assert not it.leg.clears


async def test_words_that_change_nothing_do_not_end_a_long_line() -> None:
    first, long = "part one is short, but not too short", "part two goes on and on " * 36
    async with stage(turn(1, first, then=Next.CONTINUE), turn(2, long), turn(3, "fine")) as it:
        assert ms_of(long) > 14_000
        await asyncio.sleep(ms_of(first) / 1000 - 0.45)
        saying = asyncio.create_task(it.says("haan", seconds=1.2, barges=True))
        await asyncio.sleep(0.7)
        it.dialog.silent = True  # as it is about words that change nothing
        await saying
        await it.told(Heard("haan", "hi-IN", 0.9), within=3.0)
        await it.hears(long, within=30.0)
        it.dialog.silent = False
        await it.says("yes")
        await it.hears("fine")


async def test_a_key_cuts_an_interruptible_line_and_is_told() -> None:
    async with stage(turn(1, "press one for yes or two for no please", interruptible=True), turn(2, "fine")) as it:
        await asyncio.sleep(0.3)
        await it.session.press("1")
        await asyncio.sleep(0.02)
        assert [type(event) for event in it.dialog.told] == [Played, KeyPressed]
        assert it.leg.clears
        await it.hears("fine")


async def test_a_key_over_a_line_that_must_be_heard_is_void() -> None:
    async with stage(turn(1, "this must be heard"), turn(2, "fine")) as it:
        await asyncio.sleep(0.1)
        await it.session.press("1")
        await it.hears("this must be heard")
        assert KeyPressed("1") not in it.dialog.told
        await it.session.press("2")
        await it.told(KeyPressed("2"))


async def test_turns_that_follow_by_themselves_need_no_answer() -> None:
    async with stage(turn(1, "part one", then=Next.CONTINUE), turn(2, "part two"), turn(3, "thanks")) as it:
        await it.hears("part two")
        assert it.dialog.told == [Played(1, ms_of("part one"), 1), Played(2, ms_of("part two"), 1)]
        await it.says("ok")
        await it.hears("thanks")


async def test_a_turn_without_words_is_played_at_once() -> None:
    async with stage(turn(1, "", then=Next.CONTINUE), turn(2, "hello")) as it:
        await it.hears("hello")
        assert it.dialog.told[0] == Played(1)


async def test_the_goodbye_is_heard_to_its_end_before_the_socket_closes() -> None:
    async with stage(turn(1, "goodbye to you", then=Next.HANG_UP)) as it:
        assert await it.call == Ending(Status.COMPLETED, Reason.CONVERSATION_DONE)
        assert it.leg.closed_at == pytest.approx(ms_of("goodbye to you") / 1000 + 0.3, abs=0.05)
        assert it.dialog.talk.finished == "conversation_done"
        assert it.speech.ear.finished


async def test_a_transfer_is_decided_before_the_socket_closes() -> None:
    async with stage(turn(1, "I connect you", then=Next.TRANSFER)) as it:
        assert (await it.call).status is Status.AGENT_TRANSFER
        assert len(it.transfers) == 1
        assert it.leg.closed_at is not None


@pytest.mark.parametrize(
    ("spoke", "then", "reason"),
    [
        (False, Next.LISTEN, Reason.HUNG_UP_EARLY),
        (True, Next.LISTEN, Reason.HUNG_UP),
        (True, Next.HANG_UP, Reason.CONVERSATION_DONE),
        (True, Next.TRANSFER, Reason.HUNG_UP),
    ],
)
async def test_a_hang_up_is_told_with_what_came_before(spoke: bool, then: Next, reason: Reason) -> None:
    async with stage(turn(1, "hello"), turn(2, "a last line that is long enough", then=then)) as it:
        await it.hears("hello")
        if spoke:
            await it.says("yes")
            await asyncio.sleep(0.1)
        it.session.end(HUNG_UP)
        assert await it.call == Ending(Status.COMPLETED, reason)
        assert not it.transfers


async def test_the_first_end_counts() -> None:
    async with stage(turn(1, "hello")) as it:
        await asyncio.sleep(0.05)
        it.session.end(MEDIA_LOST)
        it.session.end(HUNG_UP)
        it.session.end(Ended(Ending(Status.COMPLETED, "operator_ended")))
        assert await it.call == Ending(Status.FAILED, Reason.MEDIA_LOST)


async def test_the_time_limit_ends_the_call_with_a_goodbye() -> None:
    async with stage(turn(1, "hello", listen_for=100.0), time_limit=20.0) as it:
        assert await it.call == Ending(Status.COMPLETED, Reason.TIME_LIMIT)
        assert sound_of("bye bye") in it.leg.sound
        assert it.now == pytest.approx(20 + ms_of("bye bye") / 1000 + 0.3, abs=0.1)


async def test_a_drained_process_says_goodbye() -> None:
    async with stage(turn(1, "hello")) as it:
        await it.hears("hello")
        it.session.end(DRAINED)
        assert await it.call == Ending(Status.FAILED, Reason.DRAIN_TIMEOUT)
        assert sound_of("bye bye") in it.leg.sound


async def test_speech_is_told_what_is_awaited_and_when_we_are_heard() -> None:
    short = turn(2, "yes or no", answer=Answer.SHORT, language="ta-IN", detect_language=True)
    async with stage(turn(1, "hello"), short) as it:
        await it.hears("hello")
        await it.says("ok")
        await it.hears("yes or no")
        assert it.speech.ear.expectations == [
            Expectation(),
            Expectation(Answer.OPEN, "hi-IN"),
            Expectation(Answer.SHORT, ""),
        ]
        (on_at, on), (off_at, off), *_ = it.speech.ear.bot
        assert (on, off) == (True, False)
        assert off_at - on_at == pytest.approx(ms_of("hello") / 1000, abs=0.03)


async def test_the_record_hears_turns_facts_and_what_was_understood() -> None:
    second = turn(
        2,
        "fine",
        understanding=Understanding("yes", "hi-IN", "lexicon"),
        facts=Facts("hi-IN", verified=True),
        events=(DialogEvent("LANGUAGE_DETECTED", {"language": "hi-IN"}),),
    )
    async with stage(turn(1, "hello"), second) as it:
        await it.hears("hello")
        await it.says("haan")
        await it.hears("fine")
        bot, borrower, _ = it.customers.turns("call-1")
        assert (bot.text, bot.by_bot, bot.started_ms, bot.interrupted) == ("hello", True, 0, False)
        assert bot.ended_ms == pytest.approx(ms_of("hello"), abs=30)
        assert (borrower.text, borrower.intent, borrower.decided_by) == ("haan", "yes", "lexicon")
        assert bot.ended_ms <= borrower.started_ms < borrower.ended_ms
        assert it.customers.facts("call-1")[-1] == Facts("hi-IN", verified=True)
        assert (it.notes["state"], it.notes["verified"]) == ("STATE_2", "1")


async def test_lines_that_may_come_are_rendered_early() -> None:
    async with stage(turn(1, "hello", prepare=(Line("soon"),))) as it:
        await it.hears("hello")
        assert ("soon",) in it.speech.prepared


@pytest.mark.parametrize("moment", [0.0, 0.01, 0.2, 0.5, 1.5, 2.5])
async def test_a_cancelled_call_leaves_nothing_behind(moment: float) -> None:
    before = asyncio.all_tasks()
    async with stage(turn(1, "hello there you", interruptible=True), turn(2, "fine")) as it:
        await asyncio.sleep(moment)
        it.call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await it.call
        assert it.leg.closed_at is not None
        sent = len(it.leg.sent)
        await asyncio.sleep(2)
        assert len(it.leg.sent) == sent
    assert asyncio.all_tasks() == before
