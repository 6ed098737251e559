from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.speech.turns import Answer, BargedIn, Ended, Started, TurnEvent, TurnRules, TurnTaker
from services.speech.vad import WINDOW_MS

LOUD, ECHO, QUIET = -20.0, -34.0, -70.0


def windows(ms: float) -> int:
    return round(ms / WINDOW_MS)


class Line:
    """Feeds a turn-taker stretches of a line, and keeps what it said and when."""

    def __init__(self, answer: Answer = Answer.OPEN) -> None:
        self.turns = TurnTaker()
        self.turns.expect(answer)
        self.events: list[TurnEvent] = []
        self.told_at: list[int] = []

    def note(self, events: list[TurnEvent]) -> None:
        self.events += events
        self.told_at += [self.turns.at_ms] * len(events)

    def speech(self, ms: float, level: float = LOUD) -> "Line":
        for _ in range(windows(ms)):
            self.note(self.turns.feed(0.9, level))
        return self

    def pause(self, ms: float) -> "Line":
        for _ in range(windows(ms)):
            self.note(self.turns.feed(0.02, QUIET))
        return self

    def bot(self, speaking: bool) -> "Line":
        self.note(self.turns.bot_speaks(speaking))
        return self

    @property
    def kinds(self) -> list[type[TurnEvent]]:
        return [type(event) for event in self.events]


def test_speech_is_told_within_a_tenth_of_a_second_from_where_it_began() -> None:
    line = Line().pause(992).speech(640)
    assert line.events == [Started(992)]
    assert line.told_at == [992 + 96]


@pytest.mark.parametrize("burst_ms", [32, 64])
def test_a_click_is_no_speech(burst_ms: int) -> None:
    assert Line().pause(500).speech(burst_ms).pause(2000).events == []


@pytest.mark.parametrize(("answer", "patience_ms"), [(Answer.SHORT, 450), (Answer.OPEN, 950)])
def test_how_long_a_pause_ends_a_turn_depends_on_what_is_awaited(answer: Answer, patience_ms: int) -> None:
    line = Line(answer).speech(640).pause(3000)
    assert line.events == [Started(0), Ended(0, 640)]
    assert patience_ms <= line.told_at[1] - 640 <= patience_ms + WINDOW_MS


def test_an_answer_that_was_to_be_short_earns_patience_as_it_grows_long() -> None:
    pauses = [
        line.told_at[1] - speech
        for speech in (640, 1920, 3200)
        for line in [Line(Answer.SHORT).speech(speech).pause(3000)]
    ]
    assert pauses[0] < pauses[1] < pauses[2]
    assert pauses[2] >= 950


def test_who_draws_breath_in_a_long_answer_is_not_cut_off() -> None:
    assert Line(Answer.SHORT).speech(2560).pause(800).speech(640).kinds == [Started]


@pytest.mark.parametrize("words", ["मैं भर दूँगा लेकिन", "I will pay but", "ஆனா", "um...", "नहीं,"])
def test_after_a_joining_word_the_pause_may_be_longer(words: str) -> None:
    line = Line(Answer.SHORT).speech(640)
    line.turns.understood(words)
    line.pause(800).speech(640).pause(3000)
    assert line.kinds == [Started, Ended]


def test_words_of_the_last_turn_do_not_lengthen_the_next() -> None:
    line = Line(Answer.SHORT).speech(640)
    line.turns.understood("और")
    line.pause(2000).speech(640).pause(800)
    assert line.kinds == [Started, Ended, Started, Ended]


def test_sustained_speech_takes_the_floor_from_the_bot() -> None:
    line = Line().bot(True).pause(2016).speech(960)
    assert line.events == [Started(2016), BargedIn(2016)]
    assert line.told_at[1] == 2016 + 480


@pytest.mark.parametrize("word_ms", [100, 250, 350, 450])
def test_a_backchannel_does_not(word_ms: int) -> None:
    assert Line().bot(True).pause(2000).speech(word_ms).pause(3000).events == []


def test_two_backchannels_are_not_sustained_speech() -> None:
    assert Line().bot(True).pause(2000).speech(300).pause(400).speech(300).pause(2000).events == []


def test_an_echo_15_db_under_the_bot_takes_no_floor_however_long() -> None:
    line = Line().bot(True)
    for _ in range(20):
        line.speech(600, ECHO).speech(64, ECHO + 7).pause(128)
    assert line.bot(False).speech(200, ECHO).pause(2000).events == []


def test_on_a_line_with_an_echo_the_borrower_still_takes_the_floor() -> None:
    line = Line().bot(True).speech(3008, ECHO)
    began = line.turns.at_ms
    line.speech(960, LOUD)
    assert line.kinds == [Started, BargedIn]
    assert line.told_at[1] - began <= 700


def test_on_a_line_without_echo_a_quiet_borrower_takes_the_floor() -> None:
    assert Line().bot(True).pause(3000).speech(960, -38.0).kinds == [Started, BargedIn]


def test_the_floor_is_taken_once_in_a_line() -> None:
    line = Line().bot(True).pause(2000).speech(3000).pause(2000).speech(1500)
    assert line.kinds.count(BargedIn) == 1


def test_who_speaks_already_when_the_bot_begins_takes_the_floor_by_going_on() -> None:
    line = Line().speech(640).bot(True).speech(320)
    assert line.kinds == [Started]
    line.speech(640)
    assert line.kinds == [Started, BargedIn]


def test_an_answer_into_the_bots_last_word_counts_when_the_bot_falls_silent() -> None:
    line = Line(Answer.SHORT).bot(True).pause(2016).speech(256).pause(320).bot(False).pause(1000)
    assert line.events == [Started(2016), Ended(2016, 2272)]


def test_an_answer_that_began_over_our_line_is_heard_from_its_first_word() -> None:
    line = Line().bot(True).pause(992).speech(352).pause(256).speech(448).bot(False).speech(320)
    assert line.events == [Started(992)]


def test_a_word_long_before_it_is_no_part_of_an_answer() -> None:
    line = Line().bot(True).pause(992).speech(352).pause(640).speech(448).bot(False).speech(320)
    assert line.events == [Started(992 + 352 + 640)]


def test_a_click_after_such_an_answer_does_not_make_it_forgotten() -> None:
    line = Line(Answer.SHORT).bot(True).pause(2016).speech(256).pause(256).speech(32).bot(False).pause(1000)
    assert line.events == [Started(2016), Ended(2016, 2272)]


def test_somebody_quieter_in_the_room_does_not_keep_a_turn_going() -> None:
    line = Line(Answer.SHORT).speech(640, LOUD)
    line.speech(3000, LOUD - 15)
    assert line.kinds[:2] == [Started, Ended]
    assert line.told_at[1] < 640 + 450 + 400


def test_a_backchannel_long_before_the_bots_end_does_not() -> None:
    assert Line().bot(True).pause(2000).speech(256).pause(1500).bot(False).pause(1000).events == []


def test_speech_without_end_is_cut_at_twenty_seconds_and_goes_on_as_another() -> None:
    line = Line().speech(30_000)
    assert line.events[:2] == [Started(0), Ended(0, 20_000)]
    assert line.kinds == [Started, Ended, Started]


def test_finishing_ends_the_turn_under_way_and_none_else() -> None:
    line = Line().speech(640)
    line.note(line.turns.finish())
    line.note(line.turns.finish())
    assert line.events == [Started(0), Ended(0, 640)]


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
                line.turns.understood(step)
            case (probability, level, count):
                for _ in range(count):
                    line.note(line.turns.feed(probability, level))
    line.note(line.turns.finish())
    turns = [event for event in line.events if not isinstance(event, BargedIn)]
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
            assert isinstance(line.events[at - 1], Started) or Started in line.kinds[:at]
