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
_SHIFTS: Final = {"halfpast": 0.5, "quarterpast": 0.25, "quarterto": -0.25}
_WHOLES: Final = {"oneandhalf": 1.5, "twoandhalf": 2.5}
_EVERYWHERE: Final = ("en-IN", "hi-IN")
_FIRST_MINUTES: Final = 13  # "5 30" is a time of day; "5 6" is two of them
_NEAR: Final = 2  # words between a number and what it belongs to

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
    return None


def _days_until(day_of_month: int, local: datetime) -> int | None:
    ahead = range(1, FURTHEST.days + 1)
    return next((days for days in ahead if (local + timedelta(days=days)).day == day_of_month), None)


def _hour(words: Sequence[_Word]) -> float | None:
    """Return the hour of the clock that is named, 0 to 24, as it was said."""
    for at, word in enumerate(words):
        if word.label == "hour_at":
            return word.value
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
    if before and before.label in ("at", "after") and word.start - before.end == 0:
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
    value, before = words[at].value, words[at - 1] if at else None
    behind = words[at + 1] if at + 1 < len(words) else None
    if before and before.label in _SHIFTS and _gap(before, words[at]) == 0:
        value += _SHIFTS[before.label]
    if behind and _is_minutes(behind) and _gap(words[at], behind) == 0:
        value += behind.value / 60
    return value


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
    return sorted(words, key=lambda word: word.start)


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
    endings = lists.pop("at_endings", "").split()
    for label, text in lists.items():
        for number, part in enumerate(text.split(",")):
            pattern, _, value = part.strip().partition("=")
            yield from compile_pattern(pattern, _label(label, number, value), roman_key)
            if label == "numbers":
                for word in (word + ending for word in pattern.split("|") for ending in endings):
                    yield from compile_pattern(word, f"hour_at={number + 1}", roman_key)
    for number, word in enumerate(WORDS[language].numerals.below_hundred):
        if number >= _FIRST_MINUTES and len(tokens(word)) == 1:
            yield from compile_pattern(word, f"number={number}", roman_key)


def _label(listed: str, number: int, value: str) -> str:
    """Return the label of the entry `number` of a list."""
    match listed:
        case "numbers":
            return f"number={number + 1}"
        case "weekdays":
            return f"weekday={number}"
        case "more":
            return f"number={value}"
        case "at_hours":
            return f"hour_at={value}"
        case _:
            return listed
