"""Days on which nobody is called, everywhere in India or in one state."""

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from services.customers.places import state_name
from voicekit.errors import InvalidInput

_EVERY_YEAR: Final = re.compile(r"\d{2}-\d{2}")
_LEAP_YEAR: Final = "2000"


@dataclass(frozen=True, slots=True)
class QuietDays:
    """The calendar."""

    days: frozenset[tuple[str, str]] = frozenset()
    """(`mm-dd` of every year or `yyyy-mm-dd`, state in small letters or empty for all of India)."""

    def holds(self, day: date, state: str) -> bool:
        """Tell whether nobody who lives in `state` is called on this day."""
        return _holds(self.days, day, state)


@lru_cache(maxsize=10_000)  # asked for each of 100000 borrowers of a few states
def _holds(days: frozenset[tuple[str, str]], day: date, state: str) -> bool:
    spellings, states = (day.isoformat(), f"{day:%m-%d}"), {"", state.casefold()}
    return any((spelling, each) in days for spelling in spellings for each in states)


def read_quiet_days(text: str) -> QuietDays:
    """Read days with commas between them, such as `08-15, 2026-11-08@Maharashtra`; `InvalidInput` names the bad one."""
    return QuietDays(frozenset(_read_day(entry.strip()) for entry in text.split(",") if entry.strip()))


def _read_day(entry: str) -> tuple[str, str]:
    day, _, state = entry.partition("@")
    try:
        date.fromisoformat(f"{_LEAP_YEAR}-{day}" if _EVERY_YEAR.fullmatch(day) else day)
    except ValueError as error:
        raise InvalidInput(
            f"{entry} is neither mm-dd nor yyyy-mm-dd, with or without @State", "CALL_QUIET_DAYS"
        ) from error
    return day, state_name(state).casefold()
