"""When a conversation changes its language, and what it says then."""

import pytest

from services.dialog.intents import Intent
from services.dialog.reading import read
from tests.dialog.talk import Talk, conversation, verified


def test_an_answer_in_another_language_replays_the_greeting_in_it() -> None:
    talk = Talk(conversation(language="kn-IN"))
    talk.says("YES in ta-IN")
    assert talk.states == ["INITIAL_GREETING", "WAITING_FOR_LANG_DETECT"] * 2
    assert talk.now.language == "ta-IN"
    assert not talk.now.facts.verified
    assert [(note.name, dict(note.details)) for note in talk.notes] == [
        ("LANGUAGE_DETECTED", {"language": "ta-IN", "reason": "script"}),
        ("LANGUAGE_SWITCH_DETECTED", {"from": "kn-IN", "to": "ta-IN", "reason": "script"}),
        ("GREETING_REPLAYED_NEW_LANG", {"language": "ta-IN"}),
    ]
    assert talk.turns[2].prepare
    assert talk.says("YES") == "ASKING_AGENT_CONNECT"
    assert {turn.language for turn in talk.turns[2:]} == {"ta-IN"}


def test_a_language_asked_for_is_promised_before_the_greeting_is_replayed() -> None:
    talk = Talk(conversation(language="hi-IN"))
    talk.says("want en-IN")
    assert talk.turns[2].lines[0].text == "Sure. I will continue in English."
    assert talk.turns[2].state == "INITIAL_GREETING"


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ("WRONG_NUMBER in ta-IN", "WRONG_PARTY"),
        ("AGENT in ta-IN", "TRANSFERRING_TO_AGENT"),
        ("WAIT in ta-IN", "HOLDING_FOR_BORROWER"),
    ],
)
def test_what_ends_the_call_is_answered_at_once_in_the_new_language(answer: str, state: str) -> None:
    talk = Talk(conversation(language="kn-IN"))
    assert talk.says(answer) == state
    assert talk.now.language == "ta-IN"


@pytest.mark.parametrize("claim", ["ALREADY_PAID", "DISPUTE", "HARDSHIP"])
def test_who_claims_something_and_agrees_in_another_language_is_asked_again_who_they_are(claim: str) -> None:
    talk = Talk(conversation(language="kn-IN"))
    talk.says(claim)
    talk.says("YES in ta-IN")
    assert talk.states[-2:] == ["INITIAL_GREETING", "WAITING_FOR_LANG_DETECT"]
    assert talk.now.language == "ta-IN"
    assert not talk.now.facts.verified


def test_a_no_in_another_language_before_the_question_was_heard_answers_nothing() -> None:
    talk = Talk(conversation(language="kn-IN"), pause_at="WAITING_FOR_LANG_DETECT")
    talk.cuts_off(lines_heard=0, heard_s=0.3)
    assert talk.says("NO in ta-IN") == "WAITING_FOR_LANG_DETECT"
    assert talk.now.language == "ta-IN"


def test_a_language_asked_for_later_repeats_the_last_prompt_in_it_and_keeps_who_is_there() -> None:
    talk = verified()
    talk.says("want hi-IN")
    assert talk.state == "ASKING_AGENT_CONNECT"
    assert talk.now.language == "hi-IN"
    assert talk.now.lines[0].text == "ज़रूर। अब हम हिंदी में बात करेंगे।"
    assert len(talk.now.lines) == 3
    assert talk.now.facts.verified


def test_the_language_is_changed_unasked_twice_at_most() -> None:
    talk = Talk(conversation(language="kn-IN"))
    talk.says("YES in ta-IN")
    talk.says("YES in te-IN")
    talk.says("NOT_HERE in ml-IN")
    assert talk.now.language == "te-IN"


def test_a_language_asked_for_counts_as_no_change_unasked() -> None:
    talk = Talk(conversation(language="kn-IN"))
    for language in ("ta-IN", "te-IN", "ml-IN"):
        talk.says(f"want {language}")
        assert talk.now.language == language


def test_another_language_wanted_but_not_named_is_the_fallback_of_the_state() -> None:
    talk = Talk(conversation(language="hi-IN", fallback="en-IN"))
    talk.says("want")
    assert talk.now.language == "en-IN"
    talk.says("want")
    assert talk.now.language == "hi-IN"


def test_a_language_that_we_lack_is_regretted_in_english_and_hindi_and_a_person_offered() -> None:
    talk = Talk(conversation(language="bn-IN"))
    talk.says("want as-IN")
    assert [(turn.state, turn.language) for turn in talk.turns[2:]] == [
        ("LANGUAGE_UNSUPPORTED", "en-IN"),
        ("LANGUAGE_UNSUPPORTED_HINDI", "hi-IN"),
    ]
    assert talk.now.facts.disposition == "LANG"
    assert talk.says("YES") == "TRANSFERRING_TO_AGENT"
    assert not talk.now.facts.verified


def test_who_then_settles_for_a_language_of_ours_is_greeted_in_it() -> None:
    talk = Talk(conversation(language="bn-IN"))
    talk.says("want as-IN")
    talk.says("want hi-IN")
    assert talk.states[-2:] == ["INITIAL_GREETING", "WAITING_FOR_LANG_DETECT"]
    assert talk.says("want as-IN") == "TRANSFERRING_TO_AGENT"


def test_who_asked_for_a_language_is_not_taken_back_by_one_word_of_the_old_one() -> None:
    talk = Talk(conversation(language="hi-IN", read=read))
    talk.says("हिंदी नहीं आती, तेलुगु में बोलिए", "hi-IN", 0.95)
    assert talk.now.language == "te-IN"
    first = talk.turns[2].understanding
    assert first is not None
    assert first.language == "hi-IN"  # in which it was said
    talk.says("हाँ बोलिए", "hi-IN", 0.95)
    assert talk.now.language == "te-IN"


@pytest.mark.parametrize("language", ["ta-IN", "kn-IN", "ml-IN", "mr-IN", "bn-IN"])
def test_a_whole_answer_in_hindi_is_no_short_word(language: str) -> None:
    talk = Talk(conversation(language=language, read=read))
    talk.says("हाँ, बोल रही हूँ", "hi-IN", 0.9)
    assert talk.now.language == "hi-IN"
    assert not talk.now.facts.verified  # the greeting is replayed, and answered anew


def test_what_doubtful_words_told_of_their_language_is_told_with_their_answer() -> None:
    talk = Talk(conversation(language="hi-IN", read=read))
    talk.says("देखो भाई ऐसा है कि", "hi-IN", 0.9)
    assert talk.doubt is not None
    talk.is_decided(Intent.WHO_IS_THIS)
    assert [note.name for note in talk.notes] == ["LANGUAGE_DETECTED"]
