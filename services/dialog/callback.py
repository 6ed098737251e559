"""Understands when a borrower wants to be called again: "kal shaam ko", "tomorrow at 5", "do ghante baad"."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache
from typing import Final

from services.dialog import data
from services.dialog.lexicon.patterns import Phrase, PhraseTable, compile_pattern
from services.dialog.lexicon.vocabulary import english_key
from services.dialog.spoken.grammar import Words
from services.dialog.spoken.tables import WORDS
from services.dialog.text import roman_key, tokens
from voicekit.clock import INDIA
from voicekit.languages import LANGUAGES

OPENS: Final = time(8)
CLOSES: Final = time(19)
"""Calling hours in India; a time outside them is moved to the next opening."""
FURTHEST: Final = timedelta(days=31)
"""What lies further ahead was hardly meant."""

_PARTS: Final = {"morning": 10.0, "noon": 12.0, "afternoon": 15.0, "evening": 17.0, "night": 20.0}
_DAYS: Final = {"today": 0, "tomorrow": 1, "overmorrow": 2, "nextweek": 7}
_UNITS: Final = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "halfhour": timedelta(minutes=30)}
_CLOCK_SHIFTS: Final = {"pasthalf": 0.5, "pastquarter": 0.25, "toquarter": -0.25}
"""Said of the clock alone; साढ़े may also tell how long, or how much."""
_SHIFTS: Final = {"halfpast": 0.5, "quarterpast": 0.25, "quarterto": -0.25, **_CLOCK_SHIFTS}
_WHOLES: Final = {"oneandhalf": 1.5, "twoandhalf": 2.5}
_EVERYWHERE: Final = ("en-IN", "hi-IN")
_FIRST_MINUTES: Final = 13  # "5 30" is a time of day; "5 6" is two of them
_NEAR: Final = 2  # words between a number and what it belongs to
_A_MONTH: Final = 100  # in a date: 1205 is the fifth of December

_GLUED: Final = re.compile(r"(\d)(?=[^\d\s:.,])")
_CLOCK_FACE: Final = re.compile(r"(?<!\d)(\d{1,2})[:.](\d{2})(?!\d)")


@dataclass(frozen=True, slots=True)
class _Word:
    """One word of time, at words `start` to `end` (exclusive)."""

    label: str
    value: float
    start: int
    end: int
    written: bool = False
    """True for a number in digits."""


def named_time(text: str, languages: Iterable[str], now: datetime) -> datetime | None:
    """Return the time that `text` names, after `now` and within calling hours; None when it names none.

    A part of the day without an hour means its middle; a day without an hour, the hour that it is now. An hour that
    could be two is the one at which calls are made.

    Args:
        text: what the borrower said; any script, redacted or not.
        languages: in which it may be, the likeliest first; English and Hindi are understood in any call.
        now: the present, aware.
    """
    words = _words(text, tuple(dict.fromkeys((*languages, *_EVERYWHERE))))
    local = now.astimezone(INDIA)
    at = _ahead(words, local) or _on_the_clock(words, local)
    if at is None:
        return None
    at = _within_calling_hours(at)
    return at if local < at <= local + FURTHEST else None


def _ahead(words: Sequence[_Word], local: datetime) -> datetime | None:
    """Read "in two hours": hours and minutes from now, where no day and no time of day stands beside them."""
    if any(word.label in _PARTS or word.label in _DAYS or word.label in ("clock", "hour_at") for word in words):
        return None
    after = any(word.label == "after" for word in words)
    for at, word in enumerate(words):
        if word.label in _UNITS:
            count = _number_before(words, at)
            if count is not None or after:
                return (local + (count or 1.0) * _UNITS[word.label]).replace(second=0, microsecond=0)
    return None


def _on_the_clock(words: Sequence[_Word], local: datetime) -> datetime | None:
    """Read a day, a time of day, or both."""
    days, part = _days(words, local), _first(words, _PARTS)
    hour = _hour(words)
    if hour is not None:
        hour = _of_day(hour, part, words)
    elif part:
        hour = _PARTS[part]
    elif days:
        hour = local.hour + local.minute / 60
    if hour is None:
        return None
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    at = midnight + timedelta(days=days or 0, minutes=round(hour * 60))
    return at + timedelta(days=1) if days is None and at <= local else at


def _days(words: Sequence[_Word], local: datetime) -> int | None:
    """Return in how many days, the furthest of those named ("not today, tomorrow"); None when none is."""
    named = (_days_of(words, at, local) for at in range(len(words)))
    return max((days for days in named if days is not None), default=None)


def _days_of(words: Sequence[_Word], at: int, local: datetime) -> int | None:
    word, count = words[at], _number_before(words, at)
    if word.label in _DAYS:
        return _DAYS[word.label]
    if word.label == "weekday":
        return (int(word.value) - local.weekday() - 1) % 7 + 1
    if count is not None and word.label in ("day", "week"):
        return int(count) * (7 if word.label == "week" else 1)
    if count is not None and word.label == "date":
        return _days_until(int(count), local)
    if word.label == "ondate":
        month, day = divmod(int(word.value), _A_MONTH)
        return _days_until(day, local, month)
    return None


def _days_until(day_of_month: int, local: datetime, month: int | None = None) -> int | None:
    for days in range(1, FURTHEST.days + 1):
        at = local + timedelta(days=days)
        if at.day == day_of_month and month in (None, at.month):
            return days
    return None


def _hour(words: Sequence[_Word]) -> float | None:
    """Return the hour of the clock that is named, 0 to 24, as it was said."""
    for at, word in enumerate(words):
        if word.label == "hour_at":
            return word.value + _shift(words, at)
        if word.label in ("clock", "am", "pm", "hour") and (hour := _number_before(words, at)) and hour <= 24:
            return hour
    for at, word in enumerate(words):
        if word.label == "number" and 1 <= word.value <= 24 and _tells_a_time(words, at):
            return _with_minutes(words, at)
    return None


def _tells_a_time(words: Sequence[_Word], at: int) -> bool:
    """Tell whether a bare number is an hour: "at 5", "6 ke baad", "shaam 5"; but not "ek baar kal"."""
    word, before = words[at], words[at - 1] if at else None
    behind = words[at + 1] if at + 1 < len(words) else None
    if behind and behind.label in ("day", "week", "date", "minute"):
        return False
    if before and before.label in ("at", "after", *_CLOCK_SHIFTS) and word.start - before.end == 0:
        return True
    beside = [other for other in (before, behind) if other and _gap(word, other) <= _NEAR]
    return word.written and any(
        other.label in _PARTS or other.label in _DAYS or other.label in ("weekday", "after", "minutes")
        for other in beside
    )


def _number_before(words: Sequence[_Word], at: int) -> float | None:
    """Return the number that stands right before the word `at`, with its minutes and fractions."""
    first = at
    while first and words[first - 1].label in ("number", "minutes") and _gap(words[first - 1], words[first]) == 0:
        first -= 1
    if first == at:
        whole = _WHOLES.get(words[at - 1].label) if at else None
        return whole if whole and _gap(words[at - 1], words[at]) <= 1 else None
    if at - first > 1 and words[at - 1].label == "number" and words[at - 1].value < _FIRST_MINUTES:
        first = at - 1  # "5 6 baje"
    return _with_minutes(words, first)


def _with_minutes(words: Sequence[_Word], at: int) -> float:
    value = words[at].value + _shift(words, at)
    behind = words[at + 1] if at + 1 < len(words) else None
    if behind and _is_minutes(behind) and _gap(words[at], behind) == 0:
        value += behind.value / 60
    return value


def _shift(words: Sequence[_Word], at: int) -> float:
    """Return what the word before a number makes of it: half past, साढ़े."""
    before = words[at - 1] if at else None
    return _SHIFTS.get(before.label, 0.0) if before and _gap(before, words[at]) == 0 else 0.0


def _is_minutes(word: _Word) -> bool:
    return word.label == "minutes" or (word.label == "number" and _FIRST_MINUTES <= word.value < 60)


def _of_day(hour: float, part: str | None, words: Sequence[_Word]) -> float:
    """Return which hour of the day is meant by one of the clock."""
    if hour >= 13:
        return hour
    hour %= 12
    if part == "morning" or any(word.label == "am" for word in words):
        return hour
    if part == "noon":
        return hour if hour >= 10 else hour + 12
    if part or any(word.label == "pm" for word in words):
        return hour + 12
    return hour if hour >= OPENS.hour else hour + 12


def _within_calling_hours(at: datetime) -> datetime:
    if at.time() >= CLOSES:
        at += timedelta(days=1)
    elif at.time() >= OPENS:
        return at
    return at.replace(hour=OPENS.hour, minute=OPENS.minute)


def _first(words: Iterable[_Word], labels: Iterable[str]) -> str | None:
    return next((word.label for word in words if word.label in labels), None)


def _gap(one: _Word, other: _Word) -> int:
    return max(one.start, other.start) - min(one.end, other.end)


def _words(text: str, languages: Sequence[str]) -> list[_Word]:
    """Return the words of time in `text`, in order; of overlapping ones the longest, then the likeliest language's."""
    said = tokens(_parted(text))
    found = [
        (hit.start - hit.end, order, hit)
        for order, language in enumerate(languages)
        if language in LANGUAGES
        for hit in _table(language).find([_key(word, language) for word in said], [0] * len(said))
    ]
    words: list[_Word] = []
    for _, _, hit in sorted(found):
        if all(hit.end <= word.start or word.end <= hit.start for word in words):
            label, _, value = hit.label.partition("=")
            words.append(_Word(label, float(value or 0), hit.start, hit.end))
    for at, word in enumerate(said):
        if word.isdecimal() and len(word) <= 2 and all(at < kept.start or kept.end <= at for kept in words):
            words.append(_Word("number", float(word), at, at + 1, written=True))
        elif word.startswith("mm") and word[2:].isdecimal():
            words.append(_Word("minutes", float(word[2:]), at, at + 1, written=True))
    return _dated(sorted(words, key=lambda word: word.start))


def _dated(words: list[_Word]) -> list[_Word]:
    """Make one word of each month and the day beside it: "5th December", "டிசம்பர் ஐந்து"."""
    dated: list[_Word] = []
    left = list(words)
    while left:
        word = left.pop(0)
        if word.label == "month":
            if len(dated) > 1 and dated[-1].label == "date" and _is_day(dated[-2]):
                dated.pop()  # the "th" of "5th"
            if dated and _is_day(dated[-1]) and _gap(dated[-1], word) <= _NEAR:
                word = _date_of(word, dated.pop())
            elif left and _is_day(left[0]) and _gap(word, left[0]) == 0 and not _begins_an_hour(left):
                word = _date_of(word, left.pop(0))
        dated.append(word)
    return dated


def _is_day(word: _Word) -> bool:
    return word.label in ("number", "ordinal") and word.value <= FURTHEST.days


def _begins_an_hour(words: Sequence[_Word]) -> bool:
    return len(words) > 1 and words[1].label in ("clock", "am", "pm", "hour", "minutes") and _gap(*words[:2]) == 0


def _date_of(month: _Word, day: _Word) -> _Word:
    value = month.value * _A_MONTH + day.value
    return _Word("ondate", value, min(month.start, day.start), max(month.end, day.end))


def _parted(text: str) -> str:
    """Part digits from what clings to them: "5pm", "5টায়"; minutes of a clock's face become a word of their own."""
    text = "".join(str(unicodedata.decimal(c)) if unicodedata.category(c) == "Nd" else c for c in text)
    return _GLUED.sub(r"\1 ", _CLOCK_FACE.sub(r"\1 mm\2", text))


def _key(word: str, language: str) -> str:
    return roman_key(english_key(word) if language == "en-IN" else word)


@cache
def _table(language: str) -> PhraseTable:
    return PhraseTable(_phrases(language))


def _phrases(language: str) -> Iterator[Phrase]:
    lists = dict(data.load("times")[language])
    endings, half_endings = lists.pop("at_endings", "").split(), lists.pop("half_endings", "").split()
    for label, text in lists.items():
        for number, part in enumerate(text.split(",")):
            pattern, _, value = part.strip().partition("=")
            yield from compile_pattern(pattern, _label(label, number, value), roman_key)
            hour = {"numbers": number + 1.0, "halves": number + 1.5, **_WHOLES}.get(label)
            for ending in (half_endings if label == "halves" else endings) if hour else ():
                for word in pattern.split("|"):
                    yield from compile_pattern(word + ending, f"hour_at={hour}", roman_key)
    yield from _numbers_and_dates(WORDS[language])


def _numbers_and_dates(words: Words) -> Iterator[Phrase]:
    """Return what we say ourselves: the numbers from thirteen on, the days of a month and the months."""
    numbers = words.numerals.below_hundred
    for number, word in enumerate(numbers):
        if number >= _FIRST_MINUTES and len(tokens(word)) == 1:
            yield from compile_pattern(word, f"number={number}", roman_key)
    for day, word in enumerate(words.calendar.days, start=1):
        if word not in numbers or len(tokens(word)) > 1:
            yield from compile_pattern(word, f"ordinal={day}", roman_key)
    for month, word in enumerate(words.calendar.months, start=1):
        yield from compile_pattern(word, f"month={month}", roman_key)


def _label(listed: str, number: int, value: str) -> str:
    """Return the label of the entry `number` of a list."""
    match listed:
        case "numbers":
            return f"number={number + 1}"
        case "halves":
            return f"number={number + 1.5}"
        case "weekdays":
            return f"weekday={number}"
        case "more":
            return f"number={value}"
        case "at_hours":
            return f"hour_at={value}"
        case _:
            return listed
