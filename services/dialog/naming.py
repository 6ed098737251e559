"""Finds an explicit request for a language: the one named as wanted, not the one named as unknown."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import Final

from services.dialog import data
from services.dialog.lexicon.patterns import PhraseTable, compile_pattern
from services.dialog.lexicon.vocabulary import english_key
from services.dialog.text import roman_key, tokens
from voicekit.languages import LANGUAGES

_REACH: Final = 5  # words between a name and what refuses it


@dataclass(frozen=True, slots=True)
class Request:
    """What was said about the language to speak in."""

    wanted: str | None = None
    """Code of the language asked for; None when none was named."""
    refused: tuple[str, ...] = ()
    """Codes of languages that the borrower does not know or want."""
    words: tuple[str, ...] = ()
    """The words that tell."""

    @property
    def supported(self) -> bool:
        """Whether the wanted language is one of the eleven."""
        return self.wanted in LANGUAGES


@dataclass
class _Name:
    """A language named at word `at`."""

    at: int
    code: str
    in_case: bool
    refused: bool = field(default=False)


def find_request(words: Sequence[str], clause_of: Sequence[int]) -> Request | None:
    """Return the request that the folded `words` hold, if any. A name alone in a sentence on other things is none."""
    names = _named(words)
    if not names:
        found = next(_change_table().find([roman_key(word) for word in words], clause_of), None)
        return Request(words=tuple(words[found.start : found.end])) if found else None
    for at, word in enumerate(words):
        if word in _set("refuse_before") or roman_key(word) in _set("refuse_after"):
            name = _refused_by(at, words, clause_of, names)
            if name:
                name.refused = True
    return _judge(words, names)


def _judge(words: Sequence[str], names: list[_Name]) -> Request | None:
    refused = tuple(dict.fromkeys(name.code for name in names if name.refused))
    open_names = [name for name in names if not name.refused and name.code not in refused]
    said = tuple(words[name.at] for name in names)
    if not open_names:
        return Request(None, refused, said)
    asking = any(_asks(word) for word in words)
    if not (asking or refused or _nothing_else(words, names)):
        return None
    wanted = next((name for name in open_names if _is_asked_for(name, words)), open_names[-1])
    return Request(wanted.code, refused, said)


def _is_asked_for(name: _Name, words: Sequence[str]) -> bool:
    return name.in_case or any(_asks(word) for word in words[name.at + 1 : name.at + 4])


def _nothing_else(words: Sequence[str], names: list[_Name]) -> bool:
    places = {name.at for name in names}
    return all(at in places or word in _set("in") for at, word in enumerate(words))


def _refused_by(at: int, words: Sequence[str], clause_of: Sequence[int], names: list[_Name]) -> _Name | None:
    """Return the name that the refusing word at `at` turns away: an English one looks ahead first, others behind."""
    before = _behind(at, words, names)
    ahead = _ahead(at, words, clause_of, names)
    if words[at] in _set("refuse_before"):
        return ahead or before
    return before or ahead


def _behind(at: int, words: Sequence[str], names: list[_Name]) -> _Name | None:
    """Return the nearest name before `at`, unless an asking word between has closed it ("speak Tamil, not ...")."""
    for name in reversed(names):
        if name.at < at:
            between = words[name.at + 1 : at]
            closed = any(_asks(word) for word in between) or (name.at > 0 and words[name.at - 1] in {"speak", "in"})
            return None if closed or len(between) > _REACH else name
    return None


def _ahead(at: int, words: Sequence[str], clause_of: Sequence[int], names: list[_Name]) -> _Name | None:
    """Return the next name after `at` in its clause when only words of knowing and wanting stand between."""
    for name in names:
        if name.at > at and clause_of[name.at] == clause_of[at]:
            between = words[at + 1 : name.at]
            if words[at] in _set("refuse_before"):
                turned_over = any(_asks(word) and before == "know" for before, word in pairwise(between))
                return name if set(between) <= _set("refuse_glue") and not turned_over else None
            return name if len(between) <= 2 and not any(_asks(word) for word in between) else None
    return None


def _asks(word: str) -> bool:
    return roman_key(english_key(word)) in _set("speak")


def _named(words: Sequence[str]) -> list[_Name]:
    table, blocked = _names(), _set("not_language")
    return [
        _Name(at, *table[key])
        for at, word in enumerate(words)
        if (key := roman_key(word)) in table and not (at + 1 < len(words) and words[at + 1] in blocked)
    ]


@cache
def _set(key: str) -> frozenset[str]:
    words = {word for text in data.load("languages")[key].split() for word in tokens(text)}
    return frozenset(words | {roman_key(word) for word in words})


@cache
def _names() -> dict[str, tuple[str, bool]]:
    """Return every name, bare and with each case ending, with its code and whether it has an ending."""
    lists = data.load("languages")
    endings = [roman_key(folded) for ending in lists["endings"].split() for folded in tokens(ending)]
    table: dict[str, tuple[str, bool]] = {}
    for code, text in {**lists["names"], **lists["unsupported"]}.items():
        for name in text.split():
            stem = roman_key(" ".join(tokens(name)))
            inflected = (stem + ending for ending in endings if ending.isascii() == stem.isascii())
            table.update({roman_key(word): (code, True) for word in inflected if word not in table})
    for code, text in {**lists["names"], **lists["unsupported"]}.items():
        table.update({roman_key(word): (code, False) for name in text.split() for word in tokens(name)[:1]})
    return table


@cache
def _change_table() -> PhraseTable:
    patterns = data.load("languages")["change"].split(",")
    return PhraseTable(
        phrase for pattern in patterns for phrase in compile_pattern(pattern.strip(), "language", roman_key)
    )
