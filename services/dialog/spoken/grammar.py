"""The shape of one language's words for numbers, money and dates; `tables/` fills it, one file a language."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

MULTIPLIERS: Final = range(1, 100)
"""How often a scale word can stand in a number: one to ninety-nine thousand, lakh or crore."""


@dataclass(frozen=True)
class Scale:
    """All that can be said of one place value, by its multiplier: `alone[3]` is "three thousand"."""

    alone: tuple[str, ...]
    """When the number ends here: రెండు వేలు. Entry 0 is empty."""

    joined: tuple[str, ...]
    """When lower places follow: రెండు వేల (ఐదు)."""


@dataclass(frozen=True)
class Numerals:
    """How a language builds the whole numbers below a hundred crore."""

    below_hundred: tuple[str, ...]
    """0 to 99."""

    hundred: Scale
    """Multipliers 1 to 9."""

    thousand: Scale
    lakh: Scale
    crore: Scale

    before_rest: str = ""
    """Said between any higher place and what is below a hundred: "and" in English."""

    before_noun: Mapping[str, str] = field(default_factory=dict)
    """A number's last word and its form before the thing counted: వేలు, వేల (రూపాయలు)."""


@dataclass(frozen=True)
class Money:
    """The words around the number in a sum of money."""

    one_rupee: str
    rupees: str
    one_paisa: str
    paise: str
    rupees_joined: str = ""
    """`rupees` when paise follow, where that differs."""

    joiner: str = ""
    """Said between rupees and paise, where people say something."""


@dataclass(frozen=True)
class Calendar:
    """How a day of the year is said."""

    months: tuple[str, ...]
    """January to December."""

    days: tuple[str, ...]
    """1 to 31, as they are said beside a month."""

    this_year: str = "{day} {month}"
    other_year: str = "{day} {month} {year}"


@dataclass(frozen=True)
class Clock:
    """How a time is said from which on something happens. [own knowledge]: needs a native reviewer in each language."""

    today: str
    tomorrow: str
    """Never a word that can also mean yesterday, where the language has another."""

    weekdays: tuple[str, ...]
    """Monday to Sunday, as in "on Monday"."""

    parts: tuple[str, ...]
    """Morning, noon (the hour from twelve), afternoon (from one), evening (from four)."""

    hours: tuple[str, ...]
    """One to twelve, as they stand in `after`."""

    halves: tuple[str, ...]
    """Half past one to half past twelve."""

    after: str
    """Puts `day`, `part` and `time` together: "tomorrow after five in the evening"."""

    on_date: str = "{date},"


@dataclass(frozen=True)
class Words:
    """Everything one language needs to speak of money, days and hours."""

    numerals: Numerals
    money: Money
    calendar: Calendar
    clock: Clock


def words_of(table: str) -> tuple[str, ...]:
    """Split a table into its words: by commas where a word may hold a space, else by white space."""
    if "," in table:
        return tuple(word.strip() for word in table.replace("\n", ",").split(",") if word.strip())
    return tuple(table.split())


def each(multipliers: Sequence[int], say: Callable[[int], str]) -> tuple[str, ...]:
    """Return what `say` makes of each multiplier, by index; entry 0 is empty."""
    return ("", *(say(count) for count in multipliers))


def counted(count_words: Sequence[str], alone: str, joined: str | None = None) -> Scale:
    """Build a scale whose word stands after its multiplier, unchanged: "three lakh"."""
    return Scale(
        alone=each(MULTIPLIERS, lambda count: f"{count_words[count]} {alone}"),
        joined=each(MULTIPLIERS, lambda count: f"{count_words[count]} {joined or alone}"),
    )


def listed(alone: str, joined: str | None = None) -> Scale:
    """Build a scale from a table that names each of its multipliers, 1 upwards."""
    return Scale(alone=("", *words_of(alone)), joined=("", *words_of(joined or alone)))
