from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.speech.turns import Answer, BargedIn, Ended, Paused, Started, TurnEvent, TurnRules, TurnTaker, WentOn
from services.speech.vad import WINDOW_MS

LOUD, ECHO, QUIET = -20.0, -34.0, -70.0
FINAL_MS = 150
"""What a recogniser takes."""
NEVER = float("inf")


def windows(ms: float) -> int:
    return round(ms / WINDOW_MS)


class Line:
    """Feeds a turn-taker stretches of a line, and keeps what it said and when. `final` comes when words are wanted."""

    def __init__(self, answer: Answer = Answer.OPEN, final: str | None = None) -> None:
        self.turns, self._final = TurnTaker(), final
        self.turns.expect(answer)
        self.events: list[TurnEvent] = []
        self.told_at: list[int] = []
        self._due: float = NEVER

    def note(self, events: list[TurnEvent]) -> None:
        self.events += events
        self.told_at += [self.turns.at_ms] * len(events)
        if self._final is not None and any(isinstance(event, Paused) for event in events):
            self._due = self.turns.at_ms + FINAL_MS

    def feed(self, probability: float, level: float) -> None:
        if self._final is not None and self.turns.at_ms >= self._due:
            self._due = NEVER
            self.note(self.turns.known(self._final))
        self.note(self.turns.feed(probability, level))

    def speech(self, ms: float, level: float = LOUD) -> "Line":
        for _ in range(windows(ms)):
            self.feed(0.9, level)
        return self

    def pause(self, ms: float) -> "Line":
        for _ in range(windows(ms)):
            self.feed(0.02, QUIET)
        return self

    def bot(self, speaking: bool) -> "Line":
        self.turns.bot_speaks(speaking)
        return self

    @property
    def kinds(self) -> list[type[TurnEvent]]:
        """What happened, but for pauses that ended nothing."""
        return [type(event) for event in self.events if not isinstance(event, Paused | WentOn)]

    def told(self, kind: type[TurnEvent]) -> int:
        """When something was told first."""
        return next(at for at, event in zip(self.told_at, self.events, strict=True) if isinstance(event, kind))


def test_speech_is_told_within_a_tenth_of_a_second_from_where_it_began() -> None:
    line = Line().pause(992).speech(640)
    assert line.events == [Started(992)]
    assert line.told_at == [992 + 96]


@pytest.mark.parametrize("burst_ms", [32, 64])
def test_a_click_is_no_speech(burst_ms: int) -> None:
    assert Line().pause(500).speech(burst_ms).pause(2000).events == []


@pytest.mark.parametrize(("answer", "ask_ms", "least_ms"), [(Answer.SHORT, 128, 320), (Answer.OPEN, 320, 640)])
def test_a_turn_ends_when_its_words_have_come_and_the_pause_is_long_enough(
    answer: Answer, ask_ms: int, least_ms: int
) -> None:
    line = Line(answer, "कल भर दूँगा").speech(640).pause(3000)
    assert line.events == [Started(0), Paused(640), Ended(0, 640)]
    assert line.told_at[1] - 640 == ask_ms
    assert least_ms <= line.told_at[2] - 640 < least_ms + WINDOW_MS


@pytest.mark.parametrize(("answer", "patience_ms"), [(Answer.SHORT, 450), (Answer.OPEN, 950)])
def test_without_words_it_ends_later(answer: Answer, patience_ms: int) -> None:
    line = Line(answer).speech(640).pause(3000)
    assert line.events == [Started(0), Paused(640), Ended(0, 640)]
    assert patience_ms <= line.told_at[2] - 640 <= patience_ms + WINDOW_MS


def test_who_goes_on_while_the_words_are_on_their_way_is_not_cut_off() -> None:
    line = Line(Answer.SHORT, "हाँ").speech(320).pause(224).speech(640).pause(3000)
    assert [type(event) for event in line.events] == [Started, Paused, WentOn, Paused, Ended]
    assert line.events[-1] == Ended(0, 320 + 224 + 640)


def test_words_that_come_at_the_moment_somebody_goes_on_end_nothing() -> None:
    line = Line(Answer.SHORT).speech(320).pause(256).speech(32)
    line.note(line.turns.known("हाँ"))
    assert line.speech(640).kinds == [Started]


def test_a_click_in_the_pause_does_not_hold_up_the_end() -> None:
    line = Line(Answer.SHORT, "हाँ").speech(320).pause(192).speech(32).pause(500)
    assert line.events == [Started(0), Paused(320), Ended(0, 320)]
    assert line.told(Ended) - 320 <= 310 + WINDOW_MS


def test_a_plain_yes_to_an_open_question_needs_less_patience() -> None:
    yes = Line(Answer.OPEN, "हाँ जी").speech(320)
    yes.note(yes.turns.understood("हाँ जी"))
    assert 352 <= yes.pause(2000).told(Ended) - 320 < 450


def test_an_answer_that_was_to_be_short_earns_patience_as_it_grows_long() -> None:
    pauses = [Line(Answer.SHORT, "x").speech(speech).pause(3000).told(Ended) - speech for speech in (640, 1920, 3200)]
    assert pauses[0] < pauses[1] < pauses[2]
    assert pauses[2] >= 640


def test_who_draws_breath_in_a_long_answer_is_not_cut_off() -> None:
    assert Line(Answer.SHORT, "x").speech(2560).pause(576).speech(640).kinds == [Started]


@pytest.mark.parametrize("words", ["मैं भर दूँगा लेकिन", "I will pay but", "ஆனா", "um...", "नहीं,"])
def test_after_a_joining_word_the_pause_may_be_longer(words: str) -> None:
    line = Line(Answer.SHORT, words).speech(640)
    line.note(line.turns.understood(words))
    line.pause(640).speech(640).pause(3000)
    assert line.kinds == [Started, Ended]


def test_words_of_the_last_turn_do_not_lengthen_the_next() -> None:
    line = Line(Answer.SHORT).speech(640)
    line.turns.understood("और")
    line.pause(2000).speech(640).pause(800)
    assert line.kinds == [Started, Ended, Started, Ended]


def test_sustained_speech_takes_the_floor_from_the_bot() -> None:
    line = Line().bot(True).pause(2016).speech(320)
    line.note(line.turns.understood("वो"))
    line.speech(640)
    assert line.events == [Started(2016), BargedIn(2016)]
    assert line.told_at[1] == 2016 + 480


def test_without_words_it_does_so_later() -> None:
    assert Line().bot(True).pause(2016).speech(1600).told(BargedIn) == 2016 + 1440


@pytest.mark.parametrize("word_ms", [128, 256, 352, 448])
@pytest.mark.parametrize("words", ["", "हाँ", "जी", "சரி", "ok ok"])
def test_a_backchannel_is_told_and_takes_nobodys_floor(word_ms: int, words: str) -> None:
    line = Line(Answer.OPEN, words).bot(True).pause(2016).speech(word_ms).pause(3000)
    assert line.kinds == [Started, Ended]
    assert line.told(Started) == 2016 + 96
    assert line.told(Ended) - 2016 - word_ms <= 310 + WINDOW_MS, "our line waits meanwhile"


def test_a_short_word_that_is_more_than_listening_takes_the_floor() -> None:
    line = Line(Answer.OPEN, "नहीं").bot(True).pause(2016).speech(352).pause(3000)
    assert line.kinds == [Started, BargedIn, Ended]


def test_one_odd_word_of_a_guess_takes_no_floor_and_two_do() -> None:
    line = Line().bot(True).pause(2016).speech(256)
    line.note(line.turns.understood("जी है क्या"))
    assert line.kinds == [Started]
    line.note(line.turns.understood("मैंने पैसे"))
    assert line.kinds == [Started, BargedIn]


def test_listening_may_go_on_for_twice_as_long_as_other_words() -> None:
    line = Line(Answer.OPEN, "हाँ हाँ ठीक है").bot(True).pause(2016).speech(320)
    line.note(line.turns.understood("हाँ हाँ"))
    assert line.speech(448).pause(2000).kinds == [Started, Ended]


def test_two_backchannels_are_not_sustained_speech() -> None:
    line = Line(Answer.OPEN, "हाँ").bot(True).pause(2000).speech(300).pause(400).speech(300).pause(2000)
    assert BargedIn not in line.kinds


def test_our_falling_silent_meanwhile_does_not_keep_speech_from_taking_the_floor() -> None:
    line = Line().bot(True).pause(2016).speech(128).bot(False).speech(1408)
    assert line.kinds == [Started, BargedIn]
    assert line.told(BargedIn) == 2016 + 1440


def test_an_echo_15_db_under_the_bot_takes_no_floor_however_long() -> None:
    line = Line().bot(True)
    for _ in range(20):
        line.speech(600, ECHO).speech(64, ECHO + 7).pause(128)
    assert line.bot(False).speech(200, ECHO).pause(2000).events == []


def test_on_a_line_with_an_echo_the_borrower_still_takes_the_floor() -> None:
    line = Line().bot(True).speech(3008, ECHO)
    began = line.turns.at_ms
    line.speech(1600, LOUD)
    assert line.kinds == [Started, BargedIn]
    assert line.told(Started) - began <= 200


def test_on_a_line_without_echo_a_quiet_borrower_takes_the_floor() -> None:
    assert Line().bot(True).pause(3000).speech(1600, -38.0).kinds == [Started, BargedIn]


def test_the_floor_is_taken_once_in_an_utterance() -> None:
    line = Line().bot(True).pause(2000).speech(3000).pause(320).speech(1500)
    assert line.kinds.count(BargedIn) == 1


def test_who_speaks_already_when_the_bot_begins_takes_the_floor_by_going_on() -> None:
    line = Line().speech(640)
    line.note(line.turns.understood("वो"))
    assert line.bot(True).speech(320).kinds == [Started]
    line.speech(320)
    assert line.kinds == [Started, BargedIn]


def test_an_answer_into_the_bots_last_word_is_an_utterance() -> None:
    line = Line(Answer.SHORT, "हाँ").bot(True).pause(2016).speech(256).pause(96).bot(False).pause(1000)
    assert line.kinds == [Started, Ended]
    assert line.events[-1] == Ended(2016, 2272)


def test_an_echo_that_comes_up_in_mid_call_takes_no_floor_whatever_its_words_and_is_known_from_then_on() -> None:
    line = Line(Answer.OPEN, "आपकी किस्त").speech(960).pause(2000).bot(True).pause(2016).speech(192, ECHO)
    line.bot(False).speech(64, ECHO).pause(600)
    assert line.kinds == [Started, Ended, Started, Ended]
    assert line.bot(True).speech(1024, ECHO).kinds == [Started, Ended, Started, Ended]


def test_who_began_with_our_line_and_goes_on_after_it_was_no_echo() -> None:
    line = Line().bot(True).speech(2016, ECHO).bot(False).speech(1024, ECHO).pause(2000)
    assert line.kinds == [Started, Ended]
    line.bot(True).pause(1600).speech(1600, ECHO)
    assert line.kinds[2:] == [Started, BargedIn], "nor is it later"


def test_somebody_quieter_in_the_room_does_not_keep_a_turn_going() -> None:
    line = Line(Answer.SHORT).speech(640, LOUD)
    line.speech(3000, LOUD - 15)
    assert line.kinds[:2] == [Started, Ended]
    assert line.told(Ended) < 640 + 450 + 400


def test_speech_without_end_is_cut_at_twenty_seconds_and_goes_on_as_another() -> None:
    line = Line().speech(30_000)
    assert line.events[:2] == [Started(0), Ended(0, 20_000)]
    assert line.kinds == [Started, Ended, Started]


def test_finishing_ends_the_turn_under_way_and_none_else() -> None:
    line = Line().speech(640)
    line.note(line.turns.finish())
    line.note(line.turns.finish())
    assert line.kinds == [Started, Ended]


steps = st.lists(
    st.one_of(
        st.tuples(st.floats(0, 1), st.floats(-90, 0), st.integers(1, 40)),
        st.booleans(),
        st.sampled_from(list(Answer)),
        st.sampled_from(["हाँ", "और", "", "..."]),
    ),
    max_size=60,
)


@given(steps=steps)
def test_whatever_comes_turns_begin_and_end_in_order(
    steps: list[tuple[float, float, int] | bool | Answer | str],
) -> None:
    line = Line()
    for step in steps:
        match step:
            case bool():
                line.bot(step)
            case Answer():
                line.turns.expect(step)
            case str():
                line.note(line.turns.understood(step))
                line.note(line.turns.known(step))
            case (probability, level, count):
                for _ in range(count):
                    line.note(line.turns.feed(probability, level))
    line.note(line.turns.finish())
    turns = [event for event in line.events if isinstance(event, Started | Ended)]
    assert [type(event) for event in turns] == [Started, Ended] * (len(turns) // 2)
    for begun, ended in zip(turns[::2], turns[1::2], strict=True):
        assert isinstance(begun, Started)
        assert isinstance(ended, Ended)
        assert begun.at_ms == ended.started_ms < ended.ended_ms
        assert ended.ended_ms - ended.started_ms <= TurnRules().longest_ms + 5000
    for before, after in pairwise(turns[1::2]):
        assert isinstance(before, Ended)
        assert isinstance(after, Ended)
        assert before.ended_ms <= after.started_ms
    for at, event in enumerate(line.events):
        if isinstance(event, BargedIn):
            assert Started in {type(before) for before in line.events[:at]}
        if isinstance(event, WentOn):
            assert isinstance(line.events[at - 1], Paused | BargedIn)
