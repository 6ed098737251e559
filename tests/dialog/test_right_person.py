"""Nobody hears the details who has not said, to the question, that it is they."""

import pytest

from services.dialog.conversation import HEARD_ENOUGH_S, Rules
from services.dialog.intents import Intent
from services.dialog.reading import read
from services.dialog.turns import Next, Played
from tests.dialog.talk import Talk, conversation, verified


@pytest.mark.parametrize("answer", sorted(set(Intent) - {Intent.YES, Intent.UNCLEAR}))
def test_no_other_answer_than_yes_opens_the_details(answer: Intent) -> None:
    talk = Talk(conversation())
    talk.says(answer)
    assert not talk.now.facts.verified


def test_tell_me_is_asked_back_and_still_no_yes() -> None:
    talk = Talk(conversation())
    assert talk.says("GO_AHEAD") == "CONFIRMING_IDENTITY"
    assert talk.words[-1] == "Sorry, am I speaking with Kamala Devi?"
    assert talk.says("GO_AHEAD") == "CONFIRMING_IDENTITY"
    assert not talk.now.facts.verified
    assert talk.says("YES") == "ASKING_AGENT_CONNECT"


def test_an_ok_is_no_firm_yes_to_who_is_there() -> None:
    talk = Talk(conversation(read=read))
    assert talk.says("ok") == "CONFIRMING_IDENTITY"
    assert talk.says("yes speaking") == "ASKING_AGENT_CONNECT"
    assert talk.says("ok") == "TRANSFERRING_TO_AGENT"


def test_a_mere_ji_is_not_enough_even_where_tell_me_is() -> None:
    talk = Talk(conversation(language="hi-IN", read=read, rules=Rules(accept_go_ahead=True)))
    assert talk.says("जी") == "CONFIRMING_IDENTITY"
    assert talk.says("बोलिए") == "ASKING_AGENT_CONNECT"


def test_a_lender_may_take_tell_me_for_a_yes() -> None:
    talk = Talk(conversation(rules=Rules(accept_go_ahead=True)))
    assert talk.says("GO_AHEAD") == "ASKING_AGENT_CONNECT"


def test_a_yes_said_over_the_notice_opens_nothing() -> None:
    talk = Talk(conversation(), pause_at="INITIAL_GREETING")
    assert talk.says("YES") == "INITIAL_GREETING"
    talk.listens()
    assert talk.state == "WAITING_FOR_LANG_DETECT"
    assert not talk.now.facts.verified


def test_a_yes_that_comes_before_the_question_was_heard_opens_nothing() -> None:
    talk = Talk(conversation(), pause_at="WAITING_FOR_LANG_DETECT")
    talk.conversation.played(Played(talk.now.number, heard_s=HEARD_ENOUGH_S - 0.1, lines_heard=0, interrupted=True))
    assert talk.says("YES") == "WAITING_FOR_LANG_DETECT"
    assert [line.text for line in talk.now.lines] == ["Am I speaking with Kamala Devi?"]
    assert not talk.now.facts.verified


def test_a_yes_over_the_end_of_the_question_counts() -> None:
    talk = Talk(conversation(), pause_at="WAITING_FOR_LANG_DETECT")
    talk.conversation.played(Played(talk.now.number, heard_s=1.4, lines_heard=0, interrupted=True))
    assert talk.says("YES") == "ASKING_AGENT_CONNECT"


def test_a_yes_over_a_repeated_notice_opens_nothing() -> None:
    talk = Talk(conversation())
    talk.pause_at = "WAITING_FOR_LANG_DETECT"
    talk.says("REPEAT")
    assert len(talk.now.lines) == 3
    talk.cuts_off(lines_heard=1, heard_s=4.0)
    assert talk.says("YES") == "WAITING_FOR_LANG_DETECT"
    assert not talk.now.facts.verified


@pytest.mark.parametrize("answer", ["YES", "NO", "GO_AHEAD", "HELLO", "gibberish", "REPEAT"])
def test_a_word_over_the_end_of_the_details_is_no_answer_to_the_offer_that_follows(answer: str) -> None:
    talk = verified(pause_at="ASKING_AGENT_CONNECT")
    offer = talk.now.lines
    assert talk.says(answer) == "ASKING_AGENT_CONNECT"
    assert talk.doubt is None
    assert talk.now.lines == offer
    talk.listens()
    assert talk.says("YES") == "TRANSFERRING_TO_AGENT"


def test_an_agent_is_had_before_the_offer_is_heard() -> None:
    talk = verified(pause_at="ASKING_AGENT_CONNECT")
    assert talk.says("AGENT") == "TRANSFERRING_TO_AGENT"


def test_who_always_speaks_too_early_is_not_asked_for_ever() -> None:
    talk = Talk(conversation(), pause_at="WAITING_FOR_LANG_DETECT")
    while not talk.ended:
        talk.says("YES")
    assert talk.state == "GOODBYE_UNCONFIRMED"
    assert len(talk.turns) < 12


def test_having_heard_the_question_once_is_not_having_heard_it_again() -> None:
    talk = Talk(conversation(language="kn-IN"))
    talk.pause_at = "WAITING_FOR_LANG_DETECT"
    talk.says("GO_AHEAD in ta-IN")
    assert talk.now.language == "ta-IN"
    assert talk.says("YES") == "WAITING_FOR_LANG_DETECT"
    assert not talk.now.facts.verified


def test_who_asks_who_calls_hears_the_lender_and_the_question() -> None:
    talk = Talk(conversation())
    assert talk.says("WHO_IS_THIS") == "WAITING_FOR_LANG_DETECT"
    assert talk.words[-3:] == [
        "I am an automated assistant calling on behalf of Asha Finance.",
        "For your privacy, I can share details only with Kamala Devi.",
        "Sorry, am I speaking with Kamala Devi?",
    ]
    assert talk.says("YES") == "ASKING_AGENT_CONNECT"


def test_whoever_comes_to_the_phone_after_a_wait_hears_the_greeting_first() -> None:
    talk = Talk(conversation())
    assert talk.says("WAIT") == "HOLDING_FOR_BORROWER"
    assert talk.now.listen_for_s == 30
    assert talk.now.lines == ()
    assert talk.says("YES") == "WAITING_FOR_LANG_DETECT"
    assert "This call is being recorded." in talk.words[-3:]
    assert talk.says("YES") == "ASKING_AGENT_CONNECT"


@pytest.mark.parametrize(
    ("claim", "asks_first", "then"),
    [
        ("ALREADY_PAID", "CONFIRMING_PAYER", "THANKING_FOR_PAYMENT"),
        ("DISPUTE", "CONFIRMING_DISPUTER", "NOTING_DISPUTE"),
        ("HARDSHIP", "CONFIRMING_HARDSHIP", "NOTING_HARDSHIP"),
    ],
)
def test_what_is_said_before_we_know_who_says_it_is_answered_once_we_know(
    claim: str, asks_first: str, then: str
) -> None:
    talk = Talk(conversation())
    assert talk.says(claim) == asks_first
    assert not talk.now.facts.verified
    assert talk.says("YES") == then
    assert "PLAYING_EMI_PART1" not in talk.states


@pytest.mark.parametrize(
    ("answer", "state", "disposition"),
    [
        ("NO", "THIRD_PARTY", "TPC"),
        ("NOT_HERE", "THIRD_PARTY", "TPC"),
        ("WRONG_NUMBER", "WRONG_PARTY", "WN"),
        ("OPT_OUT", "OPTING_OUT", "DNC"),
        ("DECEASED", "CONDOLING", "DECD"),
        ("RECORDING_OBJECTION", "RECORDING_REFUSED", "REC_OBJECT"),
        ("CALL_LATER", "CONFIRMING_CALLBACK", "CB"),
        ("ANNOUNCEMENT", "VOICEMAIL", "MACHINE"),
        ("AGENT", "TRANSFERRING_TO_AGENT", "XFER_OK"),
        ("DISTRESS", "TRANSFERRING_TO_AGENT", "VULN"),
    ],
)
def test_what_ends_a_call_before_we_know_who_is_there(answer: str, state: str, disposition: str) -> None:
    talk = Talk(conversation())
    assert talk.says(answer) == state
    assert talk.ended
    assert talk.now.facts.disposition == disposition
    assert not talk.now.facts.verified


def test_a_machine_hears_nothing_more() -> None:
    talk = Talk(conversation(), pause_at="INITIAL_GREETING")
    talk.says("ANNOUNCEMENT")
    assert talk.now.lines == ()
    assert talk.now.next is Next.HANG_UP
