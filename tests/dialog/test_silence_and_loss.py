"""What is said when nothing, or nothing clear, came from the borrower, or nothing reached them."""

import pytest

from services.dialog.turns import Heard, Next, Played
from tests.dialog.talk import Talk, conversation, verified, whole

# Silence, noise, hello


def test_silence_is_met_twice_and_then_the_call_ends() -> None:
    talk = Talk(conversation())
    for _ in range(2):
        talk.says_nothing()
        assert talk.words[-2:] == ["Hello, can you hear me?", "Sorry, am I speaking with Kamala Devi?"]
    assert talk.says_nothing() == "NO_INPUT_GOODBYE"
    assert talk.now.next is Next.HANG_UP
    assert talk.now.facts.disposition == "SILENT"


def test_a_word_between_two_silences_begins_the_count_again() -> None:
    talk = Talk(conversation())
    talk.says_nothing()
    talk.says_nothing()
    talk.says("HELLO")
    assert talk.says_nothing() == "WAITING_FOR_LANG_DETECT"


def test_hello_hello_replays_the_greeting() -> None:
    talk = Talk(conversation())
    talk.says("HELLO")
    assert talk.words[-3:] == talk.words[:3]


def test_repeat_at_the_offer_repeats_the_offer() -> None:
    talk = verified()
    offer = talk.now.lines
    talk.says("REPEAT")
    assert talk.now.lines == offer


@pytest.mark.parametrize("heard", [Heard(""), Heard("  "), Heard("", lost=True), Heard("YES", lost=True)])
def test_speech_without_words_is_asked_for_again(heard: Heard) -> None:
    talk = Talk(conversation())
    talk.hears(heard)
    assert talk.words[-3] == "Sorry, I could not hear that clearly."
    assert talk.doubt is None
    assert not talk.now.facts.verified


def test_who_never_answers_clearly_never_hears_the_details() -> None:
    talk = Talk(conversation())
    for _ in range(3):
        talk.hears(Heard(""))
    assert talk.state == "GOODBYE_UNCONFIRMED"
    assert "PLAYING_EMI_PART1" not in talk.states


def test_after_an_unclear_answer_the_recogniser_finds_out_the_language_again() -> None:
    talk = verified()
    assert not talk.now.detect_language
    talk.hears(Heard(""))
    assert talk.now.detect_language


# What telephony tells late, twice, or not at all


def test_stale_and_unknown_turns_that_were_played_change_nothing() -> None:
    talk = verified()
    for number in (-1, 0, 1, 2, talk.now.number, talk.now.number + 1, 10**9):
        assert talk.conversation.played(Played(number, heard_s=1.0, lines_heard=1)) is None
    assert talk.says("NO") == "GOODBYE_DECLINE"


def test_the_details_follow_one_played_only_once() -> None:
    talk = verified(pause_at="PLAYING_EMI_PART1")
    part1 = talk.now
    part2 = talk.conversation.played(whole(part1))
    assert part2 is not None
    assert talk.conversation.played(whole(part1)) is None


def test_silence_while_we_speak_changes_nothing() -> None:
    talk = verified(pause_at="PLAYING_EMI_PART1")
    assert talk.conversation.no_input() is None


def test_a_turn_that_could_not_be_said_is_said_again_and_then_excused() -> None:
    talk = Talk(conversation(), pause_at="WAITING_FOR_LANG_DETECT")
    assert talk.loses_audio() == "WAITING_FOR_LANG_DETECT"
    assert talk.loses_audio() == "WAITING_FOR_LANG_DETECT"
    assert talk.loses_audio() == "TECHNICAL_GOODBYE"
    assert talk.now.next is Next.HANG_UP


def test_details_lost_on_the_way_go_on_from_the_sentence_that_was_lost() -> None:
    talk = verified(pause_at="PLAYING_EMI_PART1")
    part1 = talk.now.lines
    talk.loses_audio(lines_heard=2)
    assert talk.now.lines == part1[2:]


# Words that were lost on the way

LOST = Heard("", lost=True)


@pytest.mark.parametrize("state", ["WAITING_FOR_LANG_DETECT", "ASKING_AGENT_CONNECT"])
def test_words_that_are_lost_again_and_again_end_in_an_excuse_and_not_in_a_goodbye(state: str) -> None:
    talk = Talk(conversation()) if state == "WAITING_FOR_LANG_DETECT" else verified()
    assert talk.state == state
    for _ in range(2):
        talk.hears(LOST)
        assert "Sorry, I could not hear that clearly." in talk.words[-3:-1] + talk.words[-4:-1]
        assert talk.now.next is Next.LISTEN
    assert talk.hears(LOST) == "TECHNICAL_GOODBYE"
    assert talk.now.next is Next.HANG_UP


def test_words_that_come_through_begin_the_count_of_lost_ones_again() -> None:
    talk = Talk(conversation())
    talk.hears(LOST)
    talk.hears(LOST)
    assert talk.says("YES") == "ASKING_AGENT_CONNECT"
    talk.hears(LOST)
    talk.hears(LOST)
    assert talk.says("NO") == "GOODBYE_DECLINE"


def test_words_that_are_lost_are_no_mumbling() -> None:
    talk = Talk(conversation())
    talk.hears(Heard(""))
    talk.hears(Heard(""))
    talk.hears(LOST)
    assert talk.now.next is Next.LISTEN  # a third mumble would have ended the call


def test_details_that_were_cut_off_go_on_when_the_words_were_lost() -> None:
    talk = verified(pause_at="PLAYING_EMI_PART1")
    part1 = talk.now.lines
    talk.cuts_off(lines_heard=2)
    talk.hears(LOST)
    assert talk.now.lines == part1[2:]


def test_words_lost_over_a_line_that_goes_on_change_nothing() -> None:
    talk = verified(pause_at="PLAYING_EMI_PART1")
    for _ in range(4):
        assert talk.conversation.heard(LOST) is None
