import time

import pytest

from services.dialog import reading
from services.dialog.intents import Intent
from services.dialog.ports import Reading
from services.dialog.reading import languages_of_state, read
from services.dialog.turns import DecidedBy, Heard


def heard(text: str, language: str = "hi-IN", *, recogniser: str = "", sure: float = 0.0) -> Reading:
    return read(Heard(text, recogniser, sure), language=language, last_language="", switches=0)


def test_a_plain_yes() -> None:
    found = heard("हाँ बोल रहा हूँ")
    assert (found.intent, found.decided_by, found.wanted) == (Intent.YES, DecidedBy.LEXICON, "")
    assert not found.negated


def test_a_language_asked_for() -> None:
    found = heard("Hindi nahin aati, Tamil mein boliye")
    assert (found.intent, found.wanted, found.explicit) == (Intent.CHANGE_LANGUAGE, "ta-IN", True)
    assert found.reason == "requested"


def test_the_present_language_asked_for() -> None:
    found = heard("hindi mein boliye")
    assert (found.wanted, found.explicit) == ("hi-IN", True)


def test_a_language_asked_for_that_we_lack() -> None:
    found = heard("Assamese mein boliye")
    assert found.explicit
    assert found.unsupported
    assert found.wanted == ""


def test_another_language_asked_for_without_a_name() -> None:
    found = heard("language change karo")
    assert (found.intent, found.wanted, found.explicit) == (Intent.CHANGE_LANGUAGE, "", True)


def test_an_answer_in_another_language() -> None:
    found = heard("ஆமா நான் தான் பேசுறேன்", "kn-IN", recogniser="ta-IN", sure=0.9)
    assert (found.wanted, found.explicit, found.language) == ("ta-IN", False, "ta-IN")


def test_a_short_answer_wants_nothing() -> None:
    assert heard("yes", "ta-IN", recogniser="en-IN", sure=0.95).wanted == ""


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("matlab nahi pata bhai kuchh", "hi-IN"),
        ("matlab nahi pata bhai kuchh", "kn-IN"),
        ("அது இல்ல வந்து பாருங்க மழை பெய்யுது", "ta-IN"),
        ("well not exactly that", "en-IN"),
    ],
)
def test_a_denial_in_doubtful_words_is_seen_wherever_it_stands(text: str, language: str) -> None:
    assert heard(text, language).negated


def test_words_that_the_rules_cannot_tell_are_worth_asking_about() -> None:
    found = heard("देखो भाई ऐसा है कि")
    assert (found.intent, found.decided_by) == (Intent.UNCLEAR, DecidedBy.NONE)


def test_the_language_of_a_state_and_its_fallback() -> None:
    assert languages_of_state("Karnataka") == ("kn-IN", "en-IN")
    assert languages_of_state("maharashtra") == ("mr-IN", "hi-IN")
    assert languages_of_state("") == ("hi-IN", "en-IN")


def test_reading_takes_no_time_that_a_borrower_would_notice() -> None:
    reading.warm_up()
    began = time.perf_counter()
    for _ in range(50):
        heard("अरे मैंने कल ही पेमेंट कर दिया है भाई, फिर क्यों फ़ोन कर रहे हो")
    assert (time.perf_counter() - began) / 50 < 0.02


@pytest.mark.parametrize(
    ("text", "language", "spoken", "wanted"),
    [
        ("Hindi nahin aati, Tamil mein boliye", "hi-IN", "hi-IN", "ta-IN"),
        ("हिंदी नहीं आती, तेलुगु में बोलिए", "ta-IN", "hi-IN", "te-IN"),
        ("தெலுங்குல பேசுங்க", "ta-IN", "ta-IN", "te-IN"),
        ("please speak in English", "hi-IN", "en-IN", "en-IN"),
    ],
)
def test_an_explicit_request_is_on_record_in_the_language_in_which_it_was_made(
    text: str, language: str, spoken: str, wanted: str
) -> None:
    found = heard(text, language)
    assert (found.language, found.wanted) == (spoken, wanted)
