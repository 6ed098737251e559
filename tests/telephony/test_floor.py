import pytest

from services.telephony.floor import EARLY_MS, Floor


@pytest.fixture
def floor() -> Floor:
    floor = Floor()
    floor.line_began()
    return floor


def test_words_over_a_line_do_not_count(floor: Floor) -> None:
    floor.speech_started(1)
    assert not floor.speech_ended(1, 900)
    assert not floor.words_came(1, 900)


def test_words_after_a_line_count(floor: Floor) -> None:
    floor.line_ended(1000)
    floor.speech_started(1)
    assert floor.borrower_speaks
    assert floor.speech_ended(1, 2000)
    assert floor.awaits_words
    assert floor.words_came(1, 2000)
    assert not floor.awaits_words


@pytest.mark.parametrize(("ended_ms", "counts"), [(1000 - EARLY_MS, True), (1000 - EARLY_MS - 1, False)])
def test_words_in_the_last_syllables_count(floor: Floor, ended_ms: int, counts: bool) -> None:
    floor.speech_started(1)
    floor.line_ended(1000)
    assert floor.speech_ended(1, ended_ms) is counts
    assert floor.words_came(1, ended_ms) is counts


def test_who_takes_the_floor_is_heard_whatever_is_said_of_us(floor: Floor) -> None:
    floor.speech_started(1)
    floor.takes(1)
    floor.line_ended(500)
    floor.line_began()
    assert floor.speech_ended(1, 700)
    assert floor.words_came(1, 700)


@pytest.mark.parametrize("sustained", [False, True])
def test_an_announcement_that_goes_on_into_our_next_line_counts_and_a_short_word_does_not(
    floor: Floor, sustained: bool
) -> None:
    floor.speech_started(1)
    if sustained:
        floor.goes_on(1)
    floor.line_ended(1000)
    floor.line_began()
    assert floor.speech_ended(1, 1500) is sustained
    assert floor.words_came(1, 1500) is sustained


def test_words_of_which_nothing_was_told_before_are_judged_when_they_come(floor: Floor) -> None:
    assert not floor.words_came(1, 500)
    floor.line_ended(1000)
    assert floor.words_came(2, 1500)


def test_what_is_forgotten_is_not_waited_for(floor: Floor) -> None:
    floor.line_ended(1000)
    floor.speech_started(1)
    floor.speech_ended(1, 1500)
    floor.speech_started(2)
    floor.forget()
    assert not floor.borrower_speaks
    assert not floor.awaits_words
