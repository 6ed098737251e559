import unicodedata

import pytest

from services.dialog.spoken.digits import digits
from voicekit.errors import InvalidInput
from voicekit.languages import LANGUAGES


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        ("AF-2024-004521", "en-IN", "four, five, two, one"),
        ("AF-2024-004521", "hi-IN", "चार, पाँच, दो, एक"),
        ("004400", "en-IN", "four, four, zero, zero"),
        ("LN4521XB", "en-IN", "four, five, two, one"),
        ("45A21", "te-IN", "నాలుగు, ఐదు, రెండు, ఒకటి"),
        ("L7", "en-IN", "seven"),
        ("४५२१", "mr-IN", "चार, पाच, दोन, एक"),
        ("000", "ml-IN", "പൂജ്യം, പൂജ്യം, പൂജ്യം"),
    ],
)
def test_the_last_four_digits_are_said_one_by_one(text: str, language: str, said: str) -> None:
    assert digits(text, language) == unicodedata.normalize("NFC", said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_digit_has_a_word_of_its_own(language: str) -> None:
    assert len(set(digits("0123456789", language, last=10).split(", "))) == 10


def test_as_many_digits_are_said_as_asked_for() -> None:
    assert digits("987654", "en-IN", last=2) == "five, four"


@pytest.mark.parametrize(("text", "last", "field"), [("ABC", 4, "loan_id"), ("", 4, "loan_id"), ("123", 0, "last")])
def test_nothing_to_say_is_refused(text: str, last: int, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        digits(text, "en-IN", last=last)
    assert refused.value.field == field
