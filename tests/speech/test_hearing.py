import asyncio
from collections.abc import AsyncIterator

import pytest

from emulators.audio import gain, mix, silence
from emulators.voices import synthesise
from services.speech.events import (
    BargeIn,
    BotSpeech,
    Event,
    Expectation,
    PartialWords,
    Silence,
    Sound,
    SpeechEnded,
    SpeechStarted,
    Step,
    Summary,
    Words,
)
from services.speech.hearing import Ears
from services.speech.ports import Partial, ProviderRefused, Source
from services.speech.turns import Answer
from services.speech.vad import VoiceModel
from tests.speech.fakes import FakeDictation, FakeRecogniser, FakeRequest, in_real_time, of
from voicekit.errors import InvalidInput, ProviderDown

pytestmark = pytest.mark.virtual_time

YES = synthesise("हाँ", "hi-IN", voice="ravi")
SENTENCE = synthesise("मैं पाँच तारीख को भर दूँगा", "hi-IN", voice="ravi")
SHORT = Expectation(Answer.SHORT, "hi-IN")
OPEN = Expectation(Answer.OPEN, "hi-IN")


class Line:
    """Hears a line with fakes, and keeps when each event came."""

    def __init__(self, model: VoiceModel) -> None:
        self.recogniser, self.request = FakeRecogniser(), FakeRequest()
        self.ways = [self.recogniser]
        self._model = model
        self.events: list[Event] = []
        self.at: dict[Event, float] = {}

    async def hears(self, *parts: bytes | Step, first: Expectation = SHORT) -> list[Event]:
        return await self.hears_steps(in_real_time(*parts), first)

    async def hears_steps(self, steps: AsyncIterator[Step], first: Expectation = SHORT) -> list[Event]:
        ears, loop = Ears(self._model, self.ways, self.request), asyncio.get_running_loop()
        began = loop.time()
        async with ears.listen(steps, first) as events:
            async for event in events:
                self.events.append(event)
                self.at[event] = loop.time() - began
        return self.events

    @property
    def words(self) -> list[Words]:
        return of(self.events, Words)


@pytest.fixture
def line(voice_model: VoiceModel) -> Line:
    return Line(voice_model)


async def test_a_short_answer_becomes_one_transcript(line: Line) -> None:
    line.recogniser.texts[1] = "हाँ"
    events = await line.hears(silence(500), YES, silence(1500))
    assert [type(event) for event in events] == [SpeechStarted, SpeechEnded, Words, Summary]
    words = line.words[0]
    assert (words.utterance, words.text, words.source) == (1, "हाँ", Source.REALTIME)
    assert 500 <= words.started_ms <= 650
    assert words.ended_ms == pytest.approx(500 + 273, abs=60)
    summary = of(events, Summary)[0]
    assert (summary.line_ms, summary.utterances) == (2272, 1)


async def test_only_the_audio_around_speech_goes_to_the_recogniser(line: Line) -> None:
    summary = of(await line.hears(silence(5000), YES, silence(5000)), Summary)[0]
    assert summary.recognised_ms < 300 + 100 + 273 + 600
    sent = line.recogniser.sessions[0].said[1]
    assert YES[2000:4000] in bytes(sent)


async def test_a_short_answer_ends_sooner_than_an_open_one(line: Line, voice_model: VoiceModel) -> None:
    patient = Line(voice_model)
    await line.hears(silence(500), YES, silence(2000), first=SHORT)
    await patient.hears(silence(500), YES, silence(2000), first=OPEN)

    def pause(of_line: Line) -> float:
        ended = of(of_line.events, SpeechEnded)[0]
        return of_line.at[ended] - ended.ended_ms / 1000

    assert pause(line) < 0.45
    assert 0.6 < pause(patient) < 0.85


async def test_a_final_is_there_when_a_short_answer_has_ended(line: Line) -> None:
    await line.hears(silence(500), YES, silence(2000), first=SHORT)
    ended = of(line.events, SpeechEnded)[0]
    assert line.at[line.words[0]] - line.at[ended] < 0.01


async def test_who_goes_on_before_the_final_has_come_is_heard_as_one(line: Line) -> None:
    line.recogniser.on_end = lambda session: session.finish(session.current, f"take {session.current}")
    await line.hears(silence(500), YES, silence(170), SENTENCE, silence(2000), first=SHORT)
    assert [(words.utterance, words.text) for words in line.words] == [(1, "take 2")]
    said = line.recogniser.sessions[0].said
    assert bytes(said[2]).startswith(bytes(said[1])), "the second take holds the first, and so no word is lost"
    assert SENTENCE[8000:16000] in bytes(said[2])


async def test_a_long_beginning_is_not_dictated_again(line: Line) -> None:
    line.recogniser.on_end = lambda session: session.finish(session.current, f"take {session.current}")
    await line.hears(silence(500), SENTENCE * 3, silence(350), SENTENCE, silence(2000), first=OPEN)
    assert [(words.utterance, words.text) for words in line.words] == [(1, "take 1 take 2")]
    first, second = (bytes(said) for said in line.recogniser.sessions[0].said.values())
    assert SENTENCE[8000:16000] in second
    assert len(first) + len(second) < 16 * (300 + 4 * 1852 + 350 + 1000)


async def test_a_recogniser_that_does_not_tell_takes_apart_is_asked_once_a_turn(line: Line) -> None:
    line.recogniser.eager = False
    await line.hears(silence(500), YES, silence(120), SENTENCE, silence(2000), first=SHORT)
    assert [words.text for words in line.words] == ["words 1"]


async def test_a_session_that_dies_in_mid_utterance_is_replaced_and_the_utterance_replayed(line: Line) -> None:
    def die_once(session: FakeDictation) -> None:
        if session is line.recogniser.sessions[0] and len(session.said[1]) > 16000:
            session.die()

    line.recogniser.on_audio = die_once
    line.recogniser.texts[1] = "मैं भर दूँगा"
    await line.hears(silence(500), SENTENCE, silence(2500), first=OPEN)
    assert [(words.text, words.source) for words in line.words] == [("मैं भर दूँगा", Source.REALTIME)]
    first, second = (session.said[1] for session in line.recogniser.sessions)
    assert second.startswith(first), "the second session hears the utterance from its beginning"
    assert line.request.asked == []


async def test_a_request_helps_out_when_the_session_dies_at_the_end_of_an_utterance(line: Line) -> None:
    line.recogniser.opening = [None] + [ProviderDown("no")] * 50
    line.recogniser.on_end = lambda session: session.die()
    await line.hears(silence(500), SENTENCE, silence(3000), first=OPEN)
    assert [(words.text, words.source) for words in line.words] == [("whole words", Source.REQUEST)]
    pcm, language = line.request.asked[0]
    assert language == "hi-IN"
    assert len(pcm) / 16 == pytest.approx(300 + 1852 + 250, abs=150), "without the pause that ended the turn"


async def test_a_final_that_never_comes_is_made_up_for_by_the_last_partial_when_it_heard_everything(line: Line) -> None:
    def guess(session: FakeDictation) -> None:
        session.inbox.put_nowait(Partial(1, f"partial of {len(session.said[1])}"))

    line.recogniser.on_audio = guess
    line.recogniser.on_end = lambda _: None
    await line.hears(silence(500), YES, silence(4000))
    assert line.words[0].source is Source.PARTIAL
    assert line.words[0].text.startswith("partial of")
    assert line.request.asked == []
    ended = of(line.events, SpeechEnded)[0]
    assert line.at[line.words[0]] - ended.ended_ms / 1000 == pytest.approx(1.2 + 0.128, abs=0.15)


async def test_a_partial_of_half_a_sentence_is_no_final(line: Line) -> None:
    def guess_once(session: FakeDictation) -> None:
        if len(session.said[1]) < 16000:
            session.inbox.put_nowait(Partial(1, "मैं"))

    line.recogniser.on_audio = guess_once
    line.recogniser.on_end = lambda _: None
    await line.hears(silence(500), SENTENCE, silence(5000))
    assert [(words.text, words.source) for words in line.words] == [("whole words", Source.REQUEST)]


async def test_a_recogniser_that_answers_nothing_is_replaced(line: Line) -> None:
    line.recogniser.on_end = lambda session: None if session is line.recogniser.sessions[0] else session.finish(2, "ok")
    await line.hears(silence(500), YES, silence(4000), YES, silence(2000))
    assert [words.source for words in line.words] == [Source.REQUEST, Source.REALTIME]
    assert len(line.recogniser.sessions) == 2


async def test_when_nothing_works_there_is_still_one_empty_transcript_for_each_turn(line: Line) -> None:
    line.recogniser.opening = [ProviderRefused("no")]
    line.request.outcome = ProviderRefused("no")
    await line.hears(silence(500), YES, silence(6000), YES, silence(6000))
    assert [(words.utterance, words.text, words.source) for words in line.words] == [
        (1, "", Source.NONE),
        (2, "", Source.NONE),
    ]


async def test_a_refusal_is_not_tried_again_and_the_next_way_is_taken(line: Line) -> None:
    older = FakeRecogniser({1: "हाँ"}, source=Source.STREAMING)
    line.recogniser.opening = [ProviderRefused("quota")]
    line.ways = [line.recogniser, older]
    await line.hears(silence(2000), YES, silence(1500))
    assert [(words.text, words.source) for words in line.words] == [("हाँ", Source.STREAMING)]
    assert line.recogniser.opened == 1


async def test_a_recogniser_that_fails_is_tried_again_ever_more_slowly(line: Line) -> None:
    line.recogniser.opening = [ProviderDown("no")] * 1000
    await line.hears(silence(60_000))
    assert 10 <= line.recogniser.opened <= 25


async def test_what_is_said_before_the_session_opens_is_not_lost(line: Line) -> None:
    line.recogniser.opening = [ProviderDown("no"), ProviderDown("no")]
    line.recogniser.texts[1] = "हाँ"
    await line.hears(YES, silence(3000))
    assert [words.text for words in line.words] == ["हाँ"]


async def test_transcripts_come_in_the_order_of_turns(line: Line) -> None:
    line.recogniser.on_end = lambda session: session.finish(
        session.current, f"words {session.current}", after_s=1.1 if session.current == 1 else 0.0
    )
    await line.hears(silence(300), YES, silence(600), YES, silence(3000))
    assert [words.utterance for words in line.words] == [1, 2]


async def test_a_final_that_comes_late_or_twice_is_told_once(line: Line) -> None:
    def answer_often(session: FakeDictation) -> None:
        for after_s in (0.1, 0.2, 2.0):
            session.finish(session.current, f"words {session.current}", after_s)

    line.recogniser.on_end = answer_often
    await line.hears(silence(300), YES, silence(2000), YES, silence(4000))
    assert [words.text for words in line.words] == ["words 1", "words 2"]


async def test_seventy_seconds_of_silence_do_not_make_it_deaf(line: Line) -> None:
    await line.hears(Silence(70_000), YES, silence(1500))
    assert [(words.text, words.source) for words in line.words] == [("words 1", Source.REALTIME)]
    assert line.words[0].started_ms >= 70_000


async def test_words_understood_so_far_are_told_until_the_turn_ends(line: Line) -> None:
    line.recogniser.on_audio = lambda session: session.inbox.put_nowait(Partial(session.current, "मैं"))
    events = await line.hears(silence(300), SENTENCE, silence(2000))
    partials = of(events, PartialWords)
    assert partials
    assert all(events.index(partial) < events.index(of(events, SpeechEnded)[0]) for partial in partials)


async def test_a_hesitation_earns_patience(line: Line, voice_model: VoiceModel) -> None:
    hesitant = Line(voice_model)
    hesitant.recogniser.on_audio = lambda session: session.inbox.put_nowait(Partial(session.current, "मैं और"))
    parts = (silence(300), YES, silence(800), SENTENCE, silence(3000))
    await line.hears(*parts)
    await hesitant.hears(*parts)
    assert len(line.words) == 2
    assert len(hesitant.words) == 1


async def test_the_borrower_takes_the_floor_by_speaking_on(line: Line) -> None:
    bot = synthesise("आपकी किस्त इस महीने की पाँच तारीख को बाकी है", "hi-IN", voice="meera")
    echo = gain(bot, -15)
    both = mix(echo, silence(1200) + SENTENCE)
    events = await line.hears(BotSpeech(True), both, BotSpeech(False), silence(2000))
    barge_in = of(events, BargeIn)[0]
    assert barge_in.at_ms == pytest.approx(1250, abs=150)
    assert line.at[of(events, SpeechStarted)[0]] == pytest.approx(1.25 + 0.1, abs=0.2)
    assert line.at[barge_in] == pytest.approx(1.25 + 1.44, abs=0.3)


@pytest.mark.parametrize("text", ["हाँ", ""])
async def test_a_backchannel_over_our_own_echo_takes_nobodys_floor(line: Line, text: str) -> None:
    line.recogniser.texts[1] = text
    bot = synthesise("आपकी किस्त इस महीने की पाँच तारीख को बाकी है और उसके बाद शुल्क लगेगा", "hi-IN", voice="meera")
    both = mix(gain(bot, -15), silence(1200) + YES)
    events = await line.hears(BotSpeech(True), both, BotSpeech(False), silence(2000))
    assert [type(event) for event in events] == [SpeechStarted, SpeechEnded, Words, Summary]
    assert of(events, SpeechStarted)[0].at_ms == pytest.approx(1250, abs=100)
    assert line.at[events[1]] - of(events, SpeechEnded)[0].ended_ms / 1000 < 0.45


async def test_our_own_echo_alone_is_nothing(line: Line) -> None:
    bot = synthesise("आपकी किस्त इस महीने की पाँच तारीख को बाकी है और उसके बाद शुल्क लगेगा", "hi-IN", voice="meera")
    events = await line.hears(BotSpeech(True), gain(bot, -15), BotSpeech(False), silence(2000))
    assert [type(event) for event in events] == [Summary]


async def test_a_short_no_over_our_line_takes_the_floor(line: Line) -> None:
    line.recogniser.texts[1] = "नहीं"
    events = await line.hears(BotSpeech(True), silence(2000), YES, silence(1500))
    assert [type(event) for event in events] == [SpeechStarted, BargeIn, SpeechEnded, Words, Summary]


async def test_an_answer_into_the_end_of_our_line_is_heard(line: Line) -> None:
    line.recogniser.texts[1] = "हाँ"
    await line.hears(BotSpeech(True), silence(2500), YES, silence(200), BotSpeech(False), silence(1500))
    assert [words.text for words in line.words] == ["हाँ"]
    assert YES[2000:4000] in bytes(line.recogniser.sessions[0].said[1])


async def test_a_line_that_stalls_in_mid_utterance_ends_the_turn(line: Line) -> None:
    async def stalls() -> AsyncIterator[Step]:
        async for step in in_real_time(silence(300), SENTENCE):
            yield step
        await asyncio.sleep(10)
        yield Sound(silence(20))

    await line.hears_steps(stalls())
    assert len(line.words) == 1
    assert line.at[line.words[0]] < 6


async def test_what_is_wrong_with_a_step_ends_the_hearing(line: Line) -> None:
    async def wrong() -> AsyncIterator[Step]:
        yield Sound(silence(100))
        raise InvalidInput("no", "audio")

    with pytest.raises(ExceptionGroup) as raised:
        await line.hears_steps(wrong())
    assert raised.group_contains(InvalidInput)


async def test_leaving_the_block_leaves_nothing_running(line: Line, voice_model: VoiceModel) -> None:
    before = asyncio.all_tasks()
    ears = Ears(voice_model, line.ways, line.request)
    async with ears.listen(in_real_time(silence(300), SENTENCE, silence(60_000)), SHORT) as events:
        async for event in events:
            if isinstance(event, SpeechEnded):
                break
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
    assert line.recogniser.sessions[0].closed


async def test_an_utterance_is_cut_at_twenty_seconds(line: Line) -> None:
    await line.hears(silence(300), SENTENCE * 14, silence(2000), first=OPEN)
    ended = of(line.events, SpeechEnded)
    assert len(ended) >= 2
    assert ended[0].ended_ms - ended[0].started_ms == pytest.approx(20_000, abs=64)
    assert len(line.words) == len(ended)
