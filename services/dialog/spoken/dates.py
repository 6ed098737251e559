"""Days in words."""

from datetime import date

from services.dialog.spoken.numbers import year
from services.dialog.spoken.tables import WORDS
from voicekit.languages import check_language


def spoken_date(d: date, language: str, *, today: date) -> str:
    """Say day and month in the language's own order, and the year only when it is not that of `today`.

    Args:
        d: the day to say.
        language: one of the eleven codes; `InvalidInput` otherwise.
        today: the day it is in India when the sentence is heard.
    """
    calendar = WORDS[check_language(language)].calendar
    pattern = calendar.this_year if d.year == today.year else calendar.other_year
    return pattern.format(day=calendar.days[d.day - 1], month=calendar.months[d.month - 1], year=year(d.year, language))
