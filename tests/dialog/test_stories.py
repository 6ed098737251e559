"""Whole conversations, in the words that people say."""

import pytest

from services.dialog.intents import Intent
from services.dialog.reading import read
from tests.dialog.talk import Talk, conversation


def called(language: str, fallback: str = "en-IN", pause_at: str = "") -> Talk:
    return Talk(conversation(language=language, read=read, fallback=fallback), pause_at=pause_at)


YES = {
    "en-IN": "yes, speaking",
    "hi-IN": "हाँ, बोल रहा हूँ",
    "ta-IN": "ஆமா, நான்தான் பேசுறேன்",
    "te-IN": "అవును నేనే మాట్లాడుతున్నాను",
    "ml-IN": "അതെ ഞാൻ തന്നെ",
    "gu-IN": "હા, હું જ બોલું છું",
    "mr-IN": "हो, मीच बोलतोय",
    "bn-IN": "হ্যাঁ, আমিই বলছি",
    "kn-IN": "ಹೌದು, ನಾನೇ ಮಾತಾಡ್ತಿರೋದು",
    "pa-IN": "ਹਾਂ ਜੀ, ਮੈਂ ਹੀ ਬੋਲ ਰਿਹਾ ਹਾਂ",
    "or-IN": "ହଁ, ମୁଁ କହୁଛି",
}
NO = {
    "en-IN": "no thank you",
    "hi-IN": "नहीं चाहिए",
    "ta-IN": "வேண்டாம்",
    "te-IN": "వద్దు",
    "ml-IN": "വേണ്ട",
    "gu-IN": "ના, નથી જોઈતું",
    "mr-IN": "नको",
    "bn-IN": "না, দরকার নেই",
    "kn-IN": "ಬೇಡ",
    "pa-IN": "ਨਹੀਂ ਜੀ",
    "or-IN": "ନା, ଦରକାର ନାହିଁ",
}


@pytest.mark.parametrize("language", list(YES))
def test_a_borrower_listens_and_wants_no_agent(language: str) -> None:
    talk = called(language)
    talk.says(YES[language])
    assert talk.states[2:] == ["PLAYING_EMI_PART1", "PLAYING_EMI_PART2", "ASKING_AGENT_CONNECT"]
    assert talk.says(NO[language]) == "GOODBYE_DECLINE"
    assert talk.now.facts.disposition == "RPC_INFO"
    assert {turn.language for turn in talk.turns} == {language}


@pytest.mark.parametrize("language", list(YES))
def test_a_borrower_listens_and_wants_an_agent(language: str) -> None:
    talk = called(language)
    talk.says(YES[language])
    talk.presses("1")
    assert talk.state == "TRANSFERRING_TO_AGENT"


def test_in_karnataka_a_tamil_answers() -> None:
    talk = called("kn-IN")
    assert talk.says("ஆமா, நான் தான் பேசுறேன்", "ta-IN", 0.92) == "WAITING_FOR_LANG_DETECT"
    assert talk.now.language == "ta-IN"
    assert [note.name for note in talk.notes] == [
        "LANGUAGE_DETECTED",
        "LANGUAGE_SWITCH_DETECTED",
        "GREETING_REPLAYED_NEW_LANG",
    ]
    assert not talk.now.facts.verified
    assert talk.says("ஆமா, நான்தான்") == "ASKING_AGENT_CONNECT"
    assert talk.says("வேண்டாம்") == "GOODBYE_DECLINE"


def test_hindi_nahin_aati_telugu_mein() -> None:
    talk = called("hi-IN")
    assert talk.says("Hindi nahin aati, Telugu mein boliye") == "WAITING_FOR_LANG_DETECT"
    assert talk.now.language == "te-IN"
    assert talk.turns[2].lines[0].text == "సరే. ఇకపై తెలుగులో మాట్లాడతాను."
    assert talk.says("అవును నేనే") == "ASKING_AGENT_CONNECT"


def test_a_short_or_mixed_answer_changes_no_language() -> None:
    for answer in ("haan ji", "yes", "ok sir", "haan main bol raha hoon"):
        talk = called("hi-IN")
        talk.says(answer, "en-IN", 0.8)
        assert talk.now.language == "hi-IN"


def test_in_the_middle_of_the_details_a_borrower_asks_for_english() -> None:
    talk = called("hi-IN", pause_at="PLAYING_EMI_PART1")
    talk.says("हाँ बोल रही हूँ")
    talk.cuts_off(lines_heard=1)
    talk.says("English mein boliye please")
    assert (talk.state, talk.now.language) == ("PLAYING_EMI_PART1", "en-IN")
    assert talk.now.lines[0].text == "Sure. I will continue in English."
    assert talk.now.facts.verified


def test_bhai_maine_to_bhar_diya() -> None:
    talk = called("hi-IN", pause_at="PLAYING_EMI_PART1")
    talk.says("हाँ जी")
    talk.says("बोल रहा हूँ")
    talk.cuts_off(lines_heard=3)
    assert talk.says("अरे मैंने कल ही पेमेंट कर दिया है") == "THANKING_FOR_PAYMENT"
    assert talk.now.facts.disposition == "PAID"


def test_a_borrower_says_at_once_that_it_is_paid() -> None:
    talk = called("mr-IN")
    assert talk.says("पैसे भरले आहेत") == "CONFIRMING_PAYER"
    assert talk.says("हो मीच बोलतोय") == "THANKING_FOR_PAYMENT"
    assert "PLAYING_EMI_PART1" not in talk.states


def test_this_is_fraud_i_took_no_loan() -> None:
    talk = called("en-IN")
    talk.says("yes speaking")
    assert talk.says("I never took this loan") == "NOTING_DISPUTE"
    assert talk.says("yes") == "TRANSFERRING_TO_AGENT"
    assert talk.now.facts.disposition == "DISP"


def test_wrong_number() -> None:
    talk = called("ta-IN")
    assert talk.says("ராங் நம்பர்") == "WRONG_PARTY"
    assert talk.now.facts.disposition == "WN"


def test_his_wife_answers() -> None:
    talk = called("en-IN")
    assert talk.says("he is not here, this is his wife") in ("THIRD_PARTY", "WRONG_PARTY")
    assert not talk.now.facts.verified


def test_call_me_in_the_evening() -> None:
    talk = called("hi-IN")
    assert talk.says("अभी मीटिंग में हूँ, शाम को फ़ोन करना") == "CONFIRMING_CALLBACK"
    assert talk.now.facts.disposition == "CB"
    assert "शाम" in talk.now.facts.callback_words


def test_never_call_again() -> None:
    talk = called("hi-IN")
    assert talk.says("दोबारा फ़ोन मत करना") == "OPTING_OUT"
    assert talk.now.facts.disposition == "DNC"


def test_a_person_instead_of_a_machine() -> None:
    talk = called("hi-IN")
    assert talk.says("मशीन नहीं, किसी आदमी से बात कराओ") == "TRANSFERRING_TO_AGENT"
    assert not talk.now.facts.verified


def test_hello_hello_i_hear_nothing() -> None:
    talk = called("hi-IN")
    talk.says("हैलो? हैलो?")
    assert talk.words[-3:] == talk.words[:3]
    assert talk.says("हाँ बोल रहा हूँ") == "ASKING_AGENT_CONNECT"


def test_nobody_speaks() -> None:
    talk = called("bn-IN")
    for _ in range(3):
        talk.says_nothing()
    assert talk.state == "NO_INPUT_GOODBYE"
    assert talk.now.facts.disposition == "SILENT"


def test_the_number_you_have_dialled_is_switched_off() -> None:
    talk = called("hi-IN", pause_at="INITIAL_GREETING")
    assert talk.says("The number you have dialled is currently switched off") == "VOICEMAIL"
    assert talk.now.facts.disposition == "MACHINE"


def test_he_has_died() -> None:
    talk = called("hi-IN")
    assert talk.says("उनका देहांत हो गया है") == "CONDOLING"
    assert talk.now.facts.disposition == "DECD"


def test_a_borrower_in_trouble_is_offered_somebody() -> None:
    talk = called("hi-IN")
    talk.says("हाँ बोल रहा हूँ")
    assert talk.says("अभी पैसे नहीं हैं, नौकरी छूट गई है") == "NOTING_HARDSHIP"
    assert talk.says("हाँ करा दीजिए") == "TRANSFERRING_TO_AGENT"
    assert talk.now.facts.disposition == "HARD"


def test_haan_haan_over_the_details() -> None:
    talk = called("hi-IN", pause_at="PLAYING_EMI_PART1")
    talk.says("हाँ बोल रहा हूँ")
    part1 = talk.now.lines
    talk.cuts_off(lines_heard=2)
    talk.says("हाँ हाँ")
    assert talk.now.lines == part1[2:]


def test_words_that_the_rules_do_not_know_go_to_the_model_and_back() -> None:
    talk = called("hi-IN")
    talk.says("हाँ बोल रहा हूँ")
    talk.says("देखो भाई ऐसा है कि")
    assert talk.doubt is not None
    assert talk.is_decided(Intent.NO) == "GOODBYE_DECLINE"


def test_assamese_is_answered_in_english_and_hindi() -> None:
    talk = called("bn-IN")
    talk.says("Assamese mein boliye")
    assert [turn.language for turn in talk.turns[-2:]] == ["en-IN", "hi-IN"]
    assert talk.says("nahi") == "GOODBYE_DECLINE"
    assert talk.now.facts.disposition == "LANG"
