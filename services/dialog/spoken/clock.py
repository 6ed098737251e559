"""Times from which on something happens, in words."""

from datetime import datetime, timedelta
from typing import Final

from services.dialog.spoken.dates import spoken_date
from services.dialog.spoken.grammar import Clock
from services.dialog.spoken.tables import WORDS
from voicekit.clock import INDIA
from voicekit.languages import check_language

_PARTS_FROM: Final = (0, 12, 13, 16)
"""The hours at which morning, noon, afternoon and evening begin."""
_DAYS_BY_NAME: Final = 7
"""From here on a weekday's name would mean an earlier day."""


def not_before(at: datetime, language: str, *, now: datetime) -> str:
    """Say a time from which on something happens, to the half hour: "tomorrow after half past five in the evening".

    A time between two half hours is said by the earlier one, which stays true. Empty when that one is past.

    Args:
        at: aware.
        language: one of the eleven codes; `InvalidInput` otherwise.
        now: when the sentence is heard, aware.
    """
    clock = WORDS[check_language(language)].clock
    at, now = at.astimezone(INDIA), now.astimezone(INDIA)
    at -= timedelta(minutes=at.minute % 30, seconds=at.second, microseconds=at.microsecond)
    if at <= now:
        return ""
    times = clock.halves if at.minute else clock.hours
    part = max(number for number, begins in enumerate(_PARTS_FROM) if begins <= at.hour)
    return clock.after.format(day=_day(at, clock, language, now), part=clock.parts[part], time=times[at.hour % 12 - 1])


def _day(at: datetime, clock: Clock, language: str, now: datetime) -> str:
    ahead = (at.date() - now.date()).days
    if ahead < 2:
        return clock.tomorrow if ahead else clock.today
    if ahead < _DAYS_BY_NAME:
        return clock.weekdays[at.weekday()]
    # Without its year: it is soon.
    return clock.on_date.format(date=spoken_date(at.date(), language, today=at.date()))
