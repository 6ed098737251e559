import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dialog.reading import read
from services.dialog.turns import Heard
from tests.dialog.talk import Talk, conversation

# What an unknown word looks like, and a plain yes, in each language.
WORDS = {
    "en-IN": ("blarg", "yes"),
    "hi-IN": ("झलूक", "हाँ"),
    "ta-IN": ("ழகூப்", "ஆமா"),
    "te-IN": ("ఝలూక్", "అవును"),
    "ml-IN": ("ഝലൂക്", "അതെ"),
    "gu-IN": ("ઝલૂક", "હા"),
    "mr-IN": ("झलूक", "हो"),
    "bn-IN": ("ঝলূক", "হ্যাঁ"),
    "kn-IN": ("ಝಲೂಕ್", "ಹೌದು"),
    "pa-IN": ("ਝਲੂਕ", "ਹਾਂ"),
    "or-IN": ("ଝଲୂକ", "ହଁ"),
}


def is_known_after(words: str, language: str) -> bool:
    talk = Talk(conversation(language=language, read=read))
    talk.hears(Heard(words))
    return talk.now.facts.verified


@pytest.mark.parametrize("language", WORDS)
def test_a_plain_yes_says_who_is_there(language: str) -> None:
    assert is_known_after(WORDS[language][1], language)


@pytest.mark.parametrize("language", WORDS)
@given(before=st.integers(0, 2), after=st.integers(0, 2), yeses=st.integers(1, 2))
def test_a_yes_beside_a_word_that_nobody_knows_does_not(language: str, before: int, after: int, yeses: int) -> None:
    unknown, yes = WORDS[language]
    words = [unknown] * before + [yes] * yeses + [unknown] * after
    if before or after:
        assert not is_known_after(" ".join(words), language)


@pytest.mark.parametrize(
    ("words", "language"),
    [
        ("റോങ്ങ് നമ്പർ ആണ്", "ml-IN"),
        ("റോംഗ് നംബർ ആണ്", "ml-IN"),
        ("रॉन्ग नम्बर है", "hi-IN"),
        ("ராங்கு நம்பருங்க", "ta-IN"),
        ("రాంగు నంబరండి", "te-IN"),
        ("ರಾಂಗು ನಂಬರ್ ಹೌದು", "kn-IN"),
        ("રોન્ગ નમ્બર છે", "gu-IN"),
    ],
)
def test_a_wrong_number_in_a_spelling_that_no_list_has_opens_nothing(words: str, language: str) -> None:
    assert not is_known_after(words, language)


@pytest.mark.parametrize(
    ("paid", "words", "language"),
    [
        ("पैसे भर दिए", "ஆமா ழகூப் ழகூப்", "hi-IN"),
        ("I have already paid", "అవును ఝలూక్ ఝలూక్", "en-IN"),
    ],
)
def test_a_claim_to_have_paid_and_a_doubtful_yes_in_another_language_open_nothing(
    paid: str, words: str, language: str
) -> None:
    talk = Talk(conversation(language=language, read=read))
    assert talk.hears(Heard(paid)) == "CONFIRMING_PAYER"
    talk.hears(Heard(words))
    assert talk.now.language != language
    assert not talk.now.facts.verified
