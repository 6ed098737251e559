"""The flow of older integrations: the script of the first reply tells the language; nothing is said twice for it."""

import pytest

from services.dialog.flows import language_of_script
from services.dialog.reading import read
from services.dialog.turns import Flow, Heard
from tests.dialog.talk import Talk, conversation
from tests.dialog.test_stories import YES

IT_IS_I_TAMIL = "ஆமா, நான்தான் பேசுறேன்"


def called(language: str = "hi-IN", *, home: str = "", pause_at: str = "") -> Talk:
    call = conversation(language=language, home=home, read=read, flow=Flow.SIMPLE)
    return Talk(call, pause_at=pause_at)


@pytest.mark.parametrize("language", sorted(set(YES) - {"hi-IN", "mr-IN"}))
def test_a_first_reply_in_another_script_goes_on_in_its_language_without_a_second_greeting(language: str) -> None:
    talk = called()
    assert talk.says(YES[language]) == "ASKING_AGENT_CONNECT"
    assert talk.states.count("INITIAL_GREETING") == 1
    assert {turn.language for turn in talk.turns[2:]} == {language}
    assert talk.now.facts.language == language
    assert talk.now.facts.verified
    assert [(note.name, dict(note.details)) for note in talk.notes] == [
        ("LANGUAGE_DETECTED", {"language": language, "reason": "script"}),
        ("LANGUAGE_SWITCH_DETECTED", {"from": "hi-IN", "to": language, "reason": "script"}),
    ]
    assert talk.turns[2].prepare  # the lines of the new language are worth rendering


def test_one_word_is_enough() -> None:
    talk = called()
    assert talk.says("சரி") == "CONFIRMING_IDENTITY"  # "ok" is no proof of who is there
    assert talk.now.language == "ta-IN"
    assert not talk.now.facts.verified


@pytest.mark.parametrize(
    ("current", "home", "language"),
    [
        ("hi-IN", "hi-IN", "hi-IN"),
        ("mr-IN", "mr-IN", "mr-IN"),
        ("en-IN", "mr-IN", "mr-IN"),
        ("ta-IN", "ta-IN", "hi-IN"),
    ],
)
def test_a_script_that_two_languages_share_is_that_of_the_state(current: str, home: str, language: str) -> None:
    talk = called(current, home=home)
    talk.says("हाँ, बोल रही हूँ")
    assert talk.now.language == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("yes speaking", "en-IN"),
        ("ok ok சரி", "ta-IN"),  # English letters stand in every language
        ("హలో అవును yes", "te-IN"),
        ("12", "hi-IN"),
        ("...", "hi-IN"),
    ],
)
def test_the_script_of_most_words_counts(text: str, language: str) -> None:
    assert language_of_script(text, "hi-IN", "hi-IN") == language


def test_the_recogniser_s_opinion_of_the_language_counts_for_nothing() -> None:
    talk = called()
    talk.says(IT_IS_I_TAMIL, "te-IN", 0.99)
    assert talk.now.language == "ta-IN"


def test_the_language_stays_after_the_first_reply() -> None:
    talk = called()
    talk.says(IT_IS_I_TAMIL)
    assert talk.says("अच्छा ठीक है, रुकिए") == "ASKING_AGENT_CONNECT"
    assert talk.says("no thank you") == "GOODBYE_DECLINE"
    assert {turn.language for turn in talk.turns[2:]} == {"ta-IN"}


def test_words_over_the_notice_are_no_reply() -> None:
    talk = called(pause_at="INITIAL_GREETING")
    talk.says("ஹலோ யாரு")
    talk.listens()
    assert talk.now.language == "hi-IN"
    talk.says("ఎవరు మాట్లాడుతున్నారు")
    assert talk.now.language == "te-IN"


def test_a_reply_whose_words_were_lost_settles_nothing() -> None:
    talk = called()
    talk.hears(Heard("", lost=True))
    talk.says(IT_IS_I_TAMIL)
    assert talk.now.language == "ta-IN"


def test_an_unclear_reply_is_asked_back_in_its_language_and_the_greeting_is_not_said_again() -> None:
    talk = called()
    talk.says("வந்து பாருங்க மழை")
    assert talk.doubt is not None
    assert talk.doubt.language == "ta-IN"
    talk.hears(Heard(""))
    assert talk.now.language == "ta-IN"
    assert talk.states == ["INITIAL_GREETING", "WAITING_FOR_LANG_DETECT"]
    assert len(talk.now.lines) < len(talk.turns[0].lines) + len(talk.turns[1].lines) + 1


@pytest.mark.parametrize("again", ["तेलुगु में बोलिए", "Assamese mein boliye", "language change karo"])
def test_who_asks_for_another_language_is_offered_a_person(again: str) -> None:
    talk = called()
    assert talk.says(again) == "LANGUAGE_UNSUPPORTED_HINDI"
    assert talk.now.facts.disposition == "LANG"
    assert not talk.now.facts.verified
    assert talk.says("हाँ") == "TRANSFERRING_TO_AGENT"


def test_who_asks_for_the_language_that_is_spoken_goes_on_in_it() -> None:
    talk = called()
    assert talk.says("தமிழ்ல பேசுங்க") == "WAITING_FOR_LANG_DETECT"
    assert talk.now.language == "ta-IN"
    assert talk.says(IT_IS_I_TAMIL) == "ASKING_AGENT_CONNECT"


@pytest.mark.parametrize(
    ("answer", "state", "disposition"),
    [
        ("ராங் நம்பர்", "WRONG_PARTY", "WN"),
        ("இனி போன் பண்ணாதீங்க", "OPTING_OUT", "DNC"),
        ("அப்புறம் பண்ணுங்க", "CONFIRMING_CALLBACK", "CB"),
        ("இல்ல", "THIRD_PARTY", "TPC"),
    ],
)
def test_what_protects_a_borrower_holds_in_the_first_reply_too(answer: str, state: str, disposition: str) -> None:
    talk = called()
    assert talk.says(answer) == state
    assert talk.now.language == "ta-IN"
    assert talk.now.facts.disposition == disposition
    assert "PLAYING_EMI_PART1" not in talk.states


def test_a_lost_stream_goes_on_in_the_flow_in_which_it_was_begun() -> None:
    talk = called()
    resumed = Talk(conversation(language="hi-IN", read=read), snapshot=talk.now.snapshot)  # whatever `begin` says
    assert resumed.says(IT_IS_I_TAMIL) == "ASKING_AGENT_CONNECT"
    assert resumed.now.language == "ta-IN"
    again = Talk(conversation(language="hi-IN", read=read, flow=Flow.SIMPLE), snapshot=resumed.now.snapshot)
    assert again.says("वेट मैं अभी बोल रहा हूँ भाई रुको") == "ASKING_AGENT_CONNECT"
    assert again.now.language == "ta-IN"


def test_a_full_conversation_stays_one() -> None:
    talk = Talk(conversation(language="hi-IN", read=read))
    resumed = Talk(conversation(language="hi-IN", read=read, flow=Flow.SIMPLE), snapshot=talk.now.snapshot)
    resumed.says(IT_IS_I_TAMIL, "ta-IN", 0.9)
    assert "GREETING_REPLAYED_NEW_LANG" in [note.name for note in resumed.notes]
