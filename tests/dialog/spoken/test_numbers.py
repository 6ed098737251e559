import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.dialog.spoken.numbers import LARGEST, cardinal
from tests.dialog.spoken.place_values import Unreadable, read, unmelt
from voicekit.errors import InvalidInput
from voicekit.languages import LANGUAGES

SCRIPTS = {
    "en-IN": "LATIN",
    "hi-IN": "DEVANAGARI",
    "ta-IN": "TAMIL",
    "te-IN": "TELUGU",
    "ml-IN": "MALAYALAM",
    "gu-IN": "GUJARATI",
    "mr-IN": "DEVANAGARI",
    "bn-IN": "BENGALI",
    "kn-IN": "KANNADA",
    "pa-IN": "GURMUKHI",
    "or-IN": "ORIYA",
}

GOLDEN = [
    ("en-IN", 0, "zero"),
    ("en-IN", 4_550, "four thousand five hundred and fifty"),
    ("en-IN", 1_23_456, "one lakh twenty three thousand four hundred and fifty six"),
    ("en-IN", 1_005, "one thousand and five"),
    ("en-IN", 1_00_00_000, "one crore"),
    ("hi-IN", 4_550, "चार हज़ार पाँच सौ पचास"),
    ("hi-IN", 1_23_456, "एक लाख तेईस हज़ार चार सौ छप्पन"),
    ("hi-IN", 100, "एक सौ"),
    ("mr-IN", 4_550, "चार हजार पाचशे पन्नास"),
    ("mr-IN", 1_23_456, "एक लाख तेवीस हजार चारशे छप्पन्न"),
    ("mr-IN", 100, "शंभर"),
    ("mr-IN", 101, "एकशे एक"),
    ("mr-IN", 2_00_00_000, "दोन कोटी"),
    ("gu-IN", 4_550, "ચાર હજાર પાંચસો પચાસ"),
    ("gu-IN", 1_23_456, "એક લાખ ત્રેવીસ હજાર ચારસો છપ્પન"),
    ("bn-IN", 4_550, "চার হাজার পাঁচশো পঞ্চাশ"),
    ("bn-IN", 1_23_456, "এক লাখ তেইশ হাজার চারশো ছাপ্পান্ন"),
    ("pa-IN", 4_550, "ਚਾਰ ਹਜ਼ਾਰ ਪੰਜ ਸੌ ਪੰਜਾਹ"),
    ("pa-IN", 1_23_456, "ਇੱਕ ਲੱਖ ਤੇਈ ਹਜ਼ਾਰ ਚਾਰ ਸੌ ਛਪੰਜਾ"),
    ("pa-IN", 75, "ਪੰਝੱਤਰ"),
    ("pa-IN", 1_100, "ਇੱਕ ਹਜ਼ਾਰ ਇੱਕ ਸੌ"),
    ("or-IN", 4_550, "ଚାରି ହଜାର ପାଞ୍ଚ ଶହ ପଚାଶ"),
    ("or-IN", 1_23_456, "ଏକ ଲକ୍ଷ ତେଇଶ ହଜାର ଚାରି ଶହ ଛପନ"),
    ("or-IN", 10, "ଦଶ"),
    ("ta-IN", 4_550, "நான்காயிரத்து ஐநூற்று ஐம்பது"),
    ("ta-IN", 1_23_456, "ஒரு லட்சத்து இருபத்து மூன்றாயிரத்து நானூற்று ஐம்பத்து ஆறு"),
    ("ta-IN", 900, "தொள்ளாயிரம்"),
    ("ta-IN", 9_000, "ஒன்பதாயிரம்"),
    ("ta-IN", 11_000, "பதினோராயிரம்"),
    ("ta-IN", 21_000, "இருபத்து ஓராயிரம்"),
    ("ta-IN", 98, "தொண்ணூற்று எட்டு"),
    ("te-IN", 4_550, "నాలుగు వేల ఐదు వందల యాభై"),
    ("te-IN", 1_23_456, "ఒక లక్ష ఇరవై మూడు వేల నాలుగు వందల యాభై ఆరు"),
    ("te-IN", 1_000, "వెయ్యి"),
    ("te-IN", 2_000, "రెండు వేలు"),
    ("te-IN", 150, "నూట యాభై"),
    ("te-IN", 2_00_00_000, "రెండు కోట్లు"),
    ("kn-IN", 4_550, "ನಾಲ್ಕು ಸಾವಿರದ ಐನೂರ ಐವತ್ತು"),
    ("kn-IN", 1_23_456, "ಒಂದು ಲಕ್ಷದ ಇಪ್ಪತ್ತಮೂರು ಸಾವಿರದ ನಾನೂರ ಐವತ್ತಾರು"),
    ("kn-IN", 83, "ಎಂಬತ್ತಮೂರು"),
    ("kn-IN", 110, "ನೂರ ಹತ್ತು"),
    ("kn-IN", 150, "ನೂರ ಐವತ್ತು"),
    ("kn-IN", 210, "ಇನ್ನೂರ ಹತ್ತು"),
    ("kn-IN", 400, "ನಾನೂರು"),
    ("kn-IN", 1_50_000, "ಒಂದು ಲಕ್ಷದ ಐವತ್ತು ಸಾವಿರ"),
    ("ml-IN", 4_550, "നാലായിരത്തി അഞ്ഞൂറ്റി അമ്പത്"),
    ("ml-IN", 1_23_456, "ഒരു ലക്ഷത്തി ഇരുപത്തിമൂവായിരത്തി നാനൂറ്റി അമ്പത്തിയാറ്"),
    ("ml-IN", 3_000, "മൂവായിരം"),
    ("ml-IN", 9_000, "ഒമ്പതിനായിരം"),
    ("ml-IN", 15_000, "പതിനയ്യായിരം"),
    ("ml-IN", 40_000, "നാല്പതിനായിരം"),
]

BROKEN = [
    ("kn-IN", "ಒಂದು ಸಾವಿರದ"),  # a round thousand in its linking form
    ("kn-IN", "ನೂರು ಐವತ್ತು"),  # a bare hundred with something after it
    ("hi-IN", "पाँच लाख दस करोड़"),  # places in the wrong order
    ("hi-IN", "बीस तीन"),  # tens and units said apart
    ("te-IN", "రెండు వందల"),
    ("ta-IN", "நூறு ஐம்பது"),
    ("ml-IN", "നൂറ്റി"),
    ("mr-IN", "शंभर एक"),
    ("en-IN", "one hundred and"),
    ("bn-IN", "পাঁচশো দুশো"),
]


def heard(words: str, language: str) -> int:
    return read(unmelt(words, language), language)


@pytest.mark.parametrize(("language", "number", "words"), GOLDEN)
def test_numbers_are_said_as_a_speaker_of_the_language_says_them(language: str, number: int, words: str) -> None:
    assert cardinal(number, language) == unicodedata.normalize("NFC", words)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_number_to_a_lakh_is_understood_as_itself(language: str) -> None:
    assert [n for n in range(1_00_000) if heard(cardinal(n, language), language) != n] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_multiple_of_a_place_is_understood_as_itself(language: str) -> None:
    numbers = [
        count * place + rest
        for place in (100, 1_000, 1_00_000, 1_00_00_000)
        for count in range(1, 10 if place == 100 else 100)
        for rest in (0, 1, place // 10, place - 1)
    ]
    assert [n for n in numbers if heard(cardinal(n, language), language) != n] == []


@settings(deadline=None)
@given(number=st.integers(0, LARGEST), language=st.sampled_from(LANGUAGES))
def test_any_number_is_understood_as_itself(number: int, language: str) -> None:
    assert heard(cardinal(number, language), language) == number


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_numbers_below_ten_thousand_share_their_words(language: str) -> None:
    assert len({cardinal(n, language) for n in range(10_000)}) == 10_000


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_hold_nothing_but_letters_of_the_script(language: str) -> None:
    numbers = (*range(1_000), *range(1_000, 1_00_000, 1_000), 1_00_000, 25_00_000, 1_00_00_000, LARGEST)
    for words in (cardinal(n, language) for n in numbers):
        assert words == unicodedata.normalize("NFC", words)
        assert words == " ".join(words.split())
        assert all(unicodedata.name(c).startswith(SCRIPTS[language]) for c in words if c != " "), words


@pytest.mark.parametrize(("language", "words"), BROKEN)
def test_the_listener_does_not_understand_broken_words(language: str, words: str) -> None:
    with pytest.raises(Unreadable):
        heard(unicodedata.normalize("NFC", words), language)


@pytest.mark.parametrize("number", [-1, LARGEST + 1])
def test_a_number_out_of_range_is_refused(number: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        cardinal(number, "hi-IN")
    assert str(number) not in str(refused.value)


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(InvalidInput) as refused:
        cardinal(1, "od-IN")
    assert refused.value.field == "language"
