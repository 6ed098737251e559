"""Numbers that are read digit by digit."""

from services.dialog.spoken.tables import WORDS
from voicekit.errors import InvalidInput
from voicekit.languages import check_language


def digits(text: str, language: str, *, last: int = 4) -> str:
    """Say the last digits of `text` one by one, with a comma's pause between them.

    Args:
        text: a loan number; letters and marks in it are skipped, digits of any script count.
            `InvalidInput` when it has no digit.
        language: one of the eleven codes; `InvalidInput` otherwise.
        last: how many, 1 or more; a text with fewer digits is said whole.
    """
    words = WORDS[check_language(language)].numerals.below_hundred
    if last < 1:
        raise InvalidInput("at least one digit must be said", "last")
    values = [int(character) for character in text if character.isdecimal()]
    if not values:
        raise InvalidInput("there is no digit in it to say", "loan_id")
    return ", ".join(words[value] for value in values[-last:])
