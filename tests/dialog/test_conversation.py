"""What a conversation does on its common path, and how it ends."""

from dataclasses import replace

import pytest

from services.dialog.conversation import Rules
from services.dialog.intents import Intent
from services.dialog.turns import Answer, Brief, DecidedBy, Heard, Next
from tests.dialog.talk import BRIEF, Talk, conversation, verified

# The common path


def test_a_borrower_hears_the_details_and_is_put_through() -> None:
    talk = Talk(conversation())
    assert talk.states == ["INITIAL_GREETING", "WAITING_FOR_LANG_DETECT"]
    assert talk.says("YES") == "ASKING_AGENT_CONNECT"
    assert talk.says("YES") == "TRANSFERRING_TO_AGENT"
    assert talk.states[2:] == [
        "PLAYING_EMI_PART1",
        "PLAYING_EMI_PART2",
        "ASKING_AGENT_CONNECT",
        "TRANSFERRING_TO_AGENT",
    ]
    assert talk.now.next is Next.TRANSFER
    assert talk.now.facts.verified
    assert talk.now.facts.disposition == "XFER_OK"


def test_a_borrower_who_wants_no_agent_hears_a_goodbye() -> None:
    talk = verified()
    assert talk.now.facts.disposition == "RPC_INFO"
    assert talk.says("NO") == "GOODBYE_DECLINE"
    assert talk.now.next is Next.HANG_UP
    assert not talk.now.interruptible
    assert talk.hangs_up().facts.disposition == "RPC_INFO"


def test_the_notice_is_said_before_the_question_and_cannot_be_cut_off() -> None:
    talk = Talk(conversation(), pause_at="INITIAL_GREETING")
    notice = talk.now
    assert [line.text for line in notice.lines] == [
        "Namaste. This is an automated call from Asha Finance.",
        "This call is being recorded.",
    ]
    assert not notice.interruptible
    assert notice.next is Next.CONTINUE
    talk.listens()
    assert [line.text for line in talk.now.lines] == ["Am I speaking with Kamala Devi?"]
    assert talk.now.interruptible
    assert talk.now.detect_language
    assert talk.now.answer is Answer.SHORT
    assert 5 <= talk.now.listen_for_s <= 6


def test_turns_are_numbered_from_one_without_gaps() -> None:
    talk = verified()
    talk.says("UNCLEAR")
    talk.is_decided(Intent.UNCLEAR)
    assert [turn.number for turn in talk.turns] == list(range(1, len(talk.turns) + 1))


def test_a_turn_tells_how_the_words_were_understood() -> None:
    talk = Talk(conversation())
    talk.says("YES")
    part1 = talk.turns[2]
    assert part1.understanding is not None
    assert (part1.understanding.intent, part1.understanding.decided_by) == ("yes", DecidedBy.LEXICON)
    assert talk.turns[3].understanding is None


# After that


@pytest.mark.parametrize(
    ("answer", "state", "disposition"),
    [
        ("ALREADY_PAID", "THANKING_FOR_PAYMENT", "PAID"),
        ("DISPUTE", "NOTING_DISPUTE", "DISP"),
        ("HARDSHIP", "NOTING_HARDSHIP", "HARD"),
        ("CALL_LATER", "CONFIRMING_CALLBACK", "CB"),
        ("OPT_OUT", "OPTING_OUT", "DNC"),
        ("AGENT", "TRANSFERRING_TO_AGENT", "XFER_OK"),
    ],
)
@pytest.mark.parametrize("at", ["PLAYING_EMI_PART1", "PLAYING_EMI_PART2", "ASKING_AGENT_CONNECT"])
def test_a_verified_borrower_is_answered_in_the_details_and_after(
    at: str, answer: str, state: str, disposition: str
) -> None:
    talk = verified(pause_at=at)
    talk.cuts_off(lines_heard=1)
    assert talk.says(answer) == state
    assert talk.now.facts.disposition == disposition


def test_a_dispute_offers_an_agent_and_stays_a_dispute() -> None:
    talk = verified()
    talk.says("DISPUTE")
    assert talk.now.next is Next.LISTEN
    assert talk.says("YES") == "TRANSFERRING_TO_AGENT"
    assert talk.now.facts.disposition == "DISP"


def test_the_words_for_when_to_call_again_are_kept_without_card_numbers() -> None:
    talk = verified()
    talk.says("CALL_LATER kal shaam ko 4111 1111 1111 1111")
    assert talk.now.facts.callback_words == "CALL_LATER kal shaam ko [hidden]"
    assert talk.hangs_up().facts.callback_words


def test_a_ji_to_the_offer_of_an_agent_is_asked_back() -> None:
    talk = verified()
    assert talk.says("GO_AHEAD") == "WAITING_AGENT_RESPONSE"
    assert talk.now.next is Next.LISTEN


def test_outside_their_hours_agents_are_not_offered() -> None:
    talk = Talk(conversation(rules=Rules(agents_at_work=lambda: False)))
    assert talk.says("YES") == "GOODBYE_DECLINE"
    assert talk.now.facts.disposition == "RPC_INFO"


def test_outside_their_hours_who_asks_for_an_agent_is_called_back() -> None:
    talk = Talk(conversation(rules=Rules(agents_at_work=lambda: False)))
    assert talk.says("AGENT") == "AGENT_UNAVAILABLE"
    assert talk.now.next is Next.HANG_UP
    assert talk.now.facts.disposition == "XFER_FAIL"


def test_an_agent_asked_for_during_the_goodbye_is_still_had() -> None:
    talk = verified(pause_at="GOODBYE_DECLINE")
    talk.says("NO")
    assert talk.says("AGENT") == "TRANSFERRING_TO_AGENT"


def test_a_transfer_that_cannot_be_made_is_excused() -> None:
    talk = verified(pause_at="TRANSFERRING_TO_AGENT")
    talk.says("YES")
    assert talk.loses_audio() == "AGENT_UNAVAILABLE"
    assert talk.now.facts.disposition == "XFER_FAIL"


# Keys


def test_keys_answer_yes_and_no() -> None:
    talk = Talk(conversation())
    assert talk.presses("1") == "ASKING_AGENT_CONNECT"
    assert talk.presses("2") == "GOODBYE_DECLINE"


@pytest.mark.parametrize("key", ["0", "9"])
def test_a_key_calls_an_agent(key: str) -> None:
    assert Talk(conversation()).presses(key) == "TRANSFERRING_TO_AGENT"


@pytest.mark.parametrize("key", ["3", "*", "#", "", "11", "x"])
def test_a_key_that_means_nothing_is_asked_back(key: str) -> None:
    talk = Talk(conversation())
    assert talk.presses(key) == "WAITING_FOR_LANG_DETECT"
    assert talk.words[-1] == "Sorry, am I speaking with Kamala Devi?"


def test_a_key_that_cuts_off_the_details_lets_them_go_on() -> None:
    talk = verified(pause_at="PLAYING_EMI_PART1")
    part1 = talk.now.lines
    talk.cuts_off(lines_heard=2)
    talk.presses("5")
    assert talk.now.lines == part1[2:]


def test_a_one_in_the_middle_of_the_details_means_nothing() -> None:
    talk = verified(pause_at="PLAYING_EMI_PART1")
    assert talk.conversation.key_pressed("1") is None


# Who rings us, and whom we do not know


def test_who_rings_back_is_thanked_and_asked_who_they_are() -> None:
    talk = Talk(conversation(replace(BRIEF, inbound=True)))
    assert talk.words[0] == "Namaste. Thank you for calling back."
    assert talk.state == "WAITING_FOR_LANG_DETECT"
    assert talk.says("YES") == "ASKING_AGENT_CONNECT"


NOBODY = replace(BRIEF, inbound=True, amount_paise=0, loan_id="", due_date="")


@pytest.mark.parametrize(
    "stranger",
    [replace(NOBODY, customer_id=0), replace(NOBODY, customer_name=""), replace(NOBODY, customer_name="  ")],
)
def test_somebody_unknown_hears_only_who_we_are(stranger: Brief) -> None:
    talk = Talk(conversation(stranger))
    assert talk.states == ["UNKNOWN_CALLER"]
    assert talk.now.next is Next.HANG_UP


# The end


@pytest.mark.parametrize(
    ("at", "disposition"),
    [
        ("WAITING_FOR_LANG_DETECT", "HANGUP_EARLY"),
        ("PLAYING_EMI_PART2", "RPC_PART"),
        ("ASKING_AGENT_CONNECT", "RPC_INFO"),
    ],
)
def test_what_a_call_came_to_when_the_borrower_hangs_up(at: str, disposition: str) -> None:
    talk = Talk(conversation(), pause_at=at)
    if at != "WAITING_FOR_LANG_DETECT":
        talk.says("YES")
    summary = talk.hangs_up()
    assert summary.facts.disposition == disposition
    assert summary.turns == talk.now.number


def test_a_call_that_was_lost_is_not_one_that_was_hung_up() -> None:
    assert Talk(conversation()).conversation.finish("telephony_lost").facts.disposition == ""


@pytest.mark.parametrize(
    ("reason", "disposition"), [("agent_transfer", "XFER_OK"), ("hung_up", "XFER_FAIL"), ("media_lost", "XFER_FAIL")]
)
def test_only_who_is_handed_over_was_handed_over(reason: str, disposition: str) -> None:
    talk = verified(pause_at="TRANSFERRING_TO_AGENT")
    talk.says("AGENT")
    assert talk.conversation.finish(reason).facts.disposition == disposition


def test_after_the_end_nothing_is_answered() -> None:
    talk = verified()
    talk.hangs_up()
    assert talk.conversation.heard(Heard("AGENT")) is None
    assert talk.conversation.no_input() is None
    assert talk.conversation.key_pressed("1") is None
