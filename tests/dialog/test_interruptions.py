"""Where the details go on after they were cut off."""

from services.dialog.turns import Answer, Heard, Next
from tests.dialog.talk import verified


def test_a_mere_haan_over_the_details_lets_them_go_on_from_the_sentence_that_was_cut() -> None:
    talk = verified(pause_at="PLAYING_EMI_PART1")
    part1 = talk.now.lines
    talk.cuts_off(lines_heard=2)
    assert talk.now.lines == ()
    assert talk.now.next is Next.LISTEN
    assert talk.now.answer is Answer.OPEN
    talk.says("YES")
    assert talk.now.lines == part1[2:]
    talk.listens()
    assert talk.state == "ASKING_AGENT_CONNECT"


def test_a_cough_over_the_details_lets_them_go_on() -> None:
    talk = verified(pause_at="PLAYING_EMI_PART1")
    part1 = talk.now.lines
    talk.cuts_off(lines_heard=1)
    talk.says_nothing()
    assert talk.now.lines == part1[1:]


def test_what_was_cut_off_twice_goes_on_from_the_second_cut() -> None:
    talk = verified(pause_at="PLAYING_EMI_PART1")
    part1 = talk.now.lines
    talk.cuts_off(lines_heard=1)
    talk.says("YES")
    talk.cuts_off(lines_heard=1)
    talk.says("YES")
    assert talk.now.lines == part1[2:]


def test_details_cut_off_after_their_last_word_are_not_said_again() -> None:
    talk = verified(pause_at="PLAYING_EMI_PART1")
    talk.cuts_off(lines_heard=len(talk.now.lines))
    talk.says("YES")
    assert talk.states[-2:] == ["PLAYING_EMI_PART2", "ASKING_AGENT_CONNECT"]


def test_each_part_of_the_details_is_counted_for_itself() -> None:
    talk = verified(pause_at="PLAYING_EMI_PART1")
    talk.cuts_off(lines_heard=2)
    talk.says("YES")
    talk.pause_at = "PLAYING_EMI_PART2"
    talk.listens()
    part2 = talk.now.lines
    talk.cuts_off(lines_heard=1)
    talk.says("YES")
    assert talk.now.lines == part2[1:]


def test_who_is_this_over_the_details_is_answered_before_they_go_on() -> None:
    talk = verified(pause_at="PLAYING_EMI_PART1")
    part1 = talk.now.lines
    talk.cuts_off(lines_heard=1)
    talk.says("WHO_IS_THIS")
    assert talk.now.lines[2:] == part1[1:]
    talk.cuts_off(lines_heard=3)
    talk.says("YES")
    assert talk.now.lines == part1[2:]


def test_repeat_over_the_details_begins_them_again() -> None:
    talk = verified(pause_at="PLAYING_EMI_PART1")
    part1 = talk.now.lines
    talk.cuts_off(lines_heard=3)
    talk.says("REPEAT")
    assert talk.now.lines == part1


def test_a_noisy_line_cannot_cut_the_details_off_for_ever() -> None:
    talk = verified(pause_at="PLAYING_EMI_PART1")
    while talk.now.interruptible:
        talk.cuts_off(lines_heard=0)
        talk.says("YES")
    assert sum(turn.interruptible for turn in talk.turns if turn.state == "PLAYING_EMI_PART1") <= 4
    talk.listens()
    assert talk.state == "ASKING_AGENT_CONNECT"


def test_words_during_the_details_that_do_not_cut_them_off_change_nothing() -> None:
    talk = verified(pause_at="PLAYING_EMI_PART1")
    assert talk.conversation.heard(Heard("YES")) is None
