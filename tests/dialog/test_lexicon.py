"""What the rules make of replies: listed ones, others, and what must never be a yes."""

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dialog.intents import Intent
from services.dialog.lexicon.vocabulary import vocabulary
from services.dialog.understand import Understanding, understand
from tests.dialog.corpus_reader import Labelled, listed, replies
from voicekit.languages import LANGUAGES

# Where the reference says two things about one phrase, its rule in words goes before its list.
EXCEPTIONS = {
    ("en-IN", "hello hello"): Intent.HELLO,  # listed under "repeat"; the rules call it "they hear nothing"
    ("en-IN", "he is not here"): Intent.NOT_HERE,  # listed under "wrong"; the traps call it a third party
    ("bn-IN", "হুম"): Intent.UNCLEAR,  # listed under "yes"; a lone "hmm" is unclear in every language
}
NEVER_YES = ("no", "wrong", "dispute", "later", "optout", "paid", "hardship", "who", "repeat", "wait")
FILLERS = ["sir", "madam", "hello", "please", "जी", "भाई", "சார்", "సార్", "സാർ", "ಸರ್", "ਜੀ", "ଆଜ୍ଞା", "साहेब", "ભાઈ", "দাদা"]
PUNCTUATION = ["", ".", ",", "!", "...", "।", " - ", "?"]


def read(text: str, language: str) -> Understanding:
    return understand(text, language=language)


def is_firm(reading: Understanding) -> bool:
    """Tell whether this is a yes on which a private word may follow."""
    return reading.intent is Intent.YES and reading.confidence >= 0.95


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_listed_phrase_has_its_listed_meaning(language: str) -> None:
    wrong = [
        (name, reply.text, intent.value)
        for name, reply in listed()
        if reply.language == language
        for intent in [read(reply.text, language).intent]
        if intent not in reply.intents and intent is not EXCEPTIONS.get((language, reply.text))
    ]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_replies_outside_the_lists_are_understood(language: str) -> None:
    corpus = replies(language)
    wrong = [
        (reply.text, intent) for reply in corpus if (intent := read(reply.text, language).intent) not in reply.intents
    ]
    assert len(corpus) >= 40
    assert len(wrong) <= 0.03 * len(corpus), wrong


def negatives(language: str) -> list[str]:
    lists = [reply.text for name, reply in listed() if name in NEVER_YES and reply.language == language]
    agreeing = {"YES", "GO_AHEAD", "AGENT"}
    return lists + [reply.text for reply in replies(language) if not reply.intents & agreeing]


CASES = [(language, text) for language in LANGUAGES for text in negatives(language)]


@given(
    case=st.sampled_from(CASES),
    before=st.lists(st.sampled_from(FILLERS), max_size=2),
    after=st.lists(st.sampled_from(FILLERS), max_size=2),
    times=st.integers(1, 3),
    mark=st.sampled_from(PUNCTUATION),
    shout=st.booleans(),
)
def test_no_refusal_ever_passes_for_a_yes(
    case: tuple[str, str], before: list[str], after: list[str], times: int, mark: str, shout: bool
) -> None:
    language, phrase = case
    text = " ".join(chain(before, [f"{phrase}{mark}"] * times, after))
    reading = read(text.upper() if shout else text, language)
    assert reading.intent not in (Intent.YES, Intent.GO_AHEAD), text


@given(
    language=st.sampled_from(LANGUAGES),
    data=st.data(),
    joint=st.sampled_from([" ", ", ", " ... ", " but ", ". "]),
)
def test_a_yes_beside_a_refusal_never_passes_for_a_yes(language: str, data: st.DataObject, joint: str) -> None:
    said = {
        name: [reply.text for listed_as, reply in listed() if listed_as == name and reply.language == language]
        for name in ("yes", "no")
    }
    parts = [data.draw(st.sampled_from(said["yes"])), data.draw(st.sampled_from(said["no"]))]
    text = joint.join(data.draw(st.permutations(parts)))
    reading = read(text, language)
    assert reading.intent is not Intent.YES, text
    assert not is_firm(reading)


@pytest.mark.parametrize(
    ("language", "text", "meaning"),
    [
        ("hi-IN", "कोई बात नहीं", Intent.YES),
        ("hi-IN", "क्यों नहीं", Intent.YES),
        ("en-IN", "no problem", Intent.YES),
        ("ta-IN", "பரவாயில்ல", Intent.YES),
        ("te-IN", "పర్లేదు", Intent.YES),
        ("hi-IN", "बोलो ना", Intent.GO_AHEAD),
        ("hi-IN", "ना", Intent.NO),
        ("bn-IN", "বলুন না", Intent.GO_AHEAD),
        ("bn-IN", "না", Intent.NO),
        ("hi-IN", "ना बोलो", Intent.UNCLEAR),
        ("hi-IN", "नहीं नहीं बोलिए", Intent.GO_AHEAD),
        ("gu-IN", "ના ના બોલો", Intent.GO_AHEAD),
        ("ml-IN", "അല്ല പറയൂ", Intent.GO_AHEAD),
        ("en-IN", "no no tell me", Intent.GO_AHEAD),
        ("en-IN", "okay but no", Intent.NO),
        ("en-IN", "ok no", Intent.UNCLEAR),
        ("ta-IN", "ஆமா இல்ல", Intent.UNCLEAR),
        ("hi-IN", "हाँ पर बाद में", Intent.CALL_LATER),
        ("hi-IN", "हाँ भर दिया", Intent.ALREADY_PAID),
        ("hi-IN", "मशीन नहीं आदमी", Intent.AGENT),
        ("te-IN", "కట్టేశాను", Intent.ALREADY_PAID),
        ("te-IN", "కట్టలేదు", Intent.UNCLEAR),
        ("te-IN", "కడతాను", Intent.UNCLEAR),
        ("kn-IN", "ಸರಿ ಇಲ್ಲ", Intent.NO),
        ("kn-IN", "ತೊಂದರೆ ಇಲ್ಲ", Intent.YES),
        ("mr-IN", "हो का?", Intent.UNCLEAR),
        ("pa-IN", "ਕੋਈ ਨਾ", Intent.YES),
        ("or-IN", "କିଛି କଥା ନାହିଁ", Intent.YES),
        ("en-IN", "thank you", Intent.UNCLEAR),
        ("hi-IN", "हम्म", Intent.UNCLEAR),
        ("en-IN", "", Intent.SILENCE),
        ("en-IN", " ... ", Intent.SILENCE),
    ],
)
def test_the_traps_of_each_language(language: str, text: str, meaning: Intent) -> None:
    assert read(text, language).intent is meaning


@pytest.mark.parametrize(
    ("text", "language", "meaning"),
    [
        ("venam", "ta-IN", Intent.NO),
        ("venam", "ml-IN", Intent.YES),
        ("ho", "mr-IN", Intent.YES),
        ("ho", "hi-IN", Intent.UNCLEAR),
    ],
)
def test_a_short_word_means_what_it_means_in_the_language_of_the_call(
    text: str, language: str, meaning: Intent
) -> None:
    assert read(text, language).intent is meaning


@pytest.mark.parametrize("word", ["यस", "ইয়েস", "யெஸ்", "యస్", "യെസ്", "ಯೆಸ್", "ਯੈੱਸ", "ୟେସ୍", "યસ", "yes", "Yes."])
@pytest.mark.parametrize("language", LANGUAGES)
def test_yes_is_understood_in_every_script_in_every_call(word: str, language: str) -> None:
    assert read(word, language).intent is Intent.YES


@pytest.mark.parametrize("word", ["नो", "নো", "நோ", "నో", "നോ", "ನೋ", "ਨੋ", "ନୋ", "નો", "no", "No!", "nahi", "नहीं"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_is_understood_in_every_script_in_every_call(word: str, language: str) -> None:
    assert read(word, language).intent is Intent.NO


@pytest.mark.parametrize(
    "text", ["ok", "ओके", "ठीक है", "जी", "बोलिए", "अच्छा", "हाँ?", "कोई बात नहीं", "मैं उनका भाई बोल रहा हूँ"]
)
def test_what_is_less_than_a_firm_yes_confirms_nobody(text: str) -> None:
    assert not is_firm(read(text, "hi-IN"))


@pytest.mark.parametrize("text", ["हाँ", "जी हाँ", "मैं ही बोल रहा हूँ", "haan ji", "yes speaking", "हाँ हाँ।"])
def test_a_firm_yes_confirms_who_speaks(text: str) -> None:
    assert is_firm(read(text, "hi-IN"))


def test_a_slip_of_spelling_in_a_long_phrase_is_forgiven() -> None:
    assert read("whre are yuo calling from", "en-IN").intent is Intent.WHO_IS_THIS


def test_words_nobody_listed_are_left_to_the_model() -> None:
    reading = read("the mangoes of Ratnagiri are early", "en-IN")
    assert (reading.intent, reading.decided_by, reading.confidence) == (Intent.UNCLEAR, "none", 0.0)


def test_a_contradiction_is_a_finding_and_not_left_to_the_model() -> None:
    assert read("हाँ नहीं", "hi-IN").decided_by == "rules"


def test_lookups_grow_with_the_words_of_the_reply_and_not_with_the_lists() -> None:
    """A search by trying every phrase would look at thousands of phrases for each word."""
    tried = 0
    for language in LANGUAGES:
        table = vocabulary(language).table
        words = [word for reply in replies(language) for word in vocabulary(language).key(reply.text).split()]
        tried = max(tried, sum(1 for word in words for _ in table._beginning(word)) // len(words))
    assert tried < 40


def test_all_labels_are_sound() -> None:
    labels = {label for language in LANGUAGES for reply in replies(language) for label in reply.intents}
    assert labels <= set(Intent)
    assert isinstance(replies("en-IN")[0], Labelled)
