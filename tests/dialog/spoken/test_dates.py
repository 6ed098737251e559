import unicodedata
from datetime import date, timedelta

import pytest

from services.dialog.spoken.dates import spoken_date
from services.dialog.spoken.numbers import year
from voicekit.errors import InvalidInput
from voicekit.languages import LANGUAGES

FIFTH_OF_SEPTEMBER = [
    ("en-IN", "fifth September"),
    ("hi-IN", "पाँच सितंबर"),
    ("mr-IN", "पाच सप्टेंबर"),
    ("gu-IN", "પાંચ સપ્ટેમ્બર"),
    ("bn-IN", "পাঁচই সেপ্টেম্বর"),
    ("pa-IN", "ਪੰਜ ਸਤੰਬਰ"),
    ("or-IN", "ସେପ୍ଟେମ୍ବର ପାଞ୍ଚ"),
    ("ta-IN", "செப்டம்பர் ஐந்து"),
    ("te-IN", "సెప్టెంబర్ ఐదు"),
    ("kn-IN", "ಸೆಪ್ಟೆಂಬರ್ ಐದು"),
    ("ml-IN", "സെപ്റ്റംബർ അഞ്ച്"),
]


@pytest.mark.parametrize(("language", "said"), FIFTH_OF_SEPTEMBER)
def test_a_day_of_this_year_is_said_in_the_order_of_the_language(language: str, said: str) -> None:
    today = date(2026, 8, 31)
    assert spoken_date(date(2026, 9, 5), language, today=today) == unicodedata.normalize("NFC", said)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en-IN", "thirty first December two thousand twenty five"),
        ("hi-IN", "इकतीस दिसंबर दो हज़ार पच्चीस"),
        ("bn-IN", "একত্রিশে ডিসেম্বর দুই হাজার পঁচিশ"),
        ("ta-IN", "இரண்டாயிரத்து இருபத்து ஐந்து டிசம்பர் முப்பத்து ஒன்று"),
    ],
)
def test_the_year_is_said_when_it_is_not_this_one(language: str, said: str) -> None:
    assert spoken_date(date(2025, 12, 31), language, today=date(2026, 1, 1)) == unicodedata.normalize("NFC", said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_days_of_a_leap_year_sound_alike(language: str) -> None:
    days = [date(2028, 1, 1) + timedelta(days=n) for n in range(366)]
    said = {spoken_date(day, language, today=days[0]) for day in days}
    assert len(said) == 366
    assert not any(character.isdecimal() for words in said for character in words)


@pytest.mark.parametrize("language", LANGUAGES)
def test_this_year_is_never_said(language: str) -> None:
    said = spoken_date(date(2026, 9, 5), language, today=date(2026, 12, 31))
    assert year(2026, language) not in said


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(InvalidInput):
        spoken_date(date(2026, 9, 5), "fr-FR", today=date(2026, 9, 1))
