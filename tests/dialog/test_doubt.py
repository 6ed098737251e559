"""Words that the rules do not know, and what a model makes of them."""

import pytest

from services.dialog.conversation import Rules
from services.dialog.intents import Intent
from services.dialog.turns import DecidedBy, Next
from tests.dialog.talk import Talk, conversation, verified, whole


def test_doubtful_words_wait_for_a_verdict() -> None:
    talk = verified()
    talk.says("gibberish 4111111111111111")
    assert talk.doubt is not None
    assert talk.doubt.words == "gibberish [hidden]"
    assert talk.is_decided(Intent.YES) == "TRANSFERRING_TO_AGENT"
    assert talk.now.understanding is not None
    assert talk.now.understanding.decided_by is DecidedBy.MODEL


@pytest.mark.parametrize("lie", [Intent.YES, Intent.GO_AHEAD])
def test_no_model_can_tell_who_is_there(lie: Intent) -> None:
    talk = Talk(conversation(rules=Rules(accept_go_ahead=True)))
    for _ in range(4):
        if not talk.ended:
            talk.says("gibberish")
            talk.is_decided(lie)
    assert talk.ended
    assert "PLAYING_EMI_PART1" not in talk.states


def test_a_pause_is_filled_once_and_the_answer_waits_for_the_filler() -> None:
    talk = verified()
    talk.says("gibberish")
    assert talk.doubt is not None
    filler = talk.conversation.still_deciding(talk.doubt)
    assert filler is not None
    assert (filler.next, filler.interruptible, filler.number) == (Next.CONTINUE, False, talk.now.number + 1)
    assert [line.text for line in filler.lines] == ["One moment please."]
    assert talk.conversation.still_deciding(talk.doubt) is None
    assert talk.is_decided(Intent.NO) == "ASKING_AGENT_CONNECT"
    answer = talk.conversation.played(whole(filler))
    assert answer is not None
    assert (answer.state, answer.number) == ("GOODBYE_DECLINE", filler.number + 1)


def test_a_filler_that_ends_before_the_verdict_is_followed_by_it() -> None:
    talk = verified()
    talk.says("gibberish")
    assert talk.doubt is not None
    filler = talk.conversation.still_deciding(talk.doubt)
    assert filler is not None
    assert talk.conversation.played(whole(filler)) is None
    assert talk.is_decided(Intent.NO) == "GOODBYE_DECLINE"


def test_newer_words_make_a_verdict_stale() -> None:
    talk = verified()
    talk.says("gibberish")
    old = talk.doubt
    assert talk.says("NO") == "GOODBYE_DECLINE"
    talk.doubt = old
    assert talk.is_decided(Intent.YES) == "GOODBYE_DECLINE"
