"""Finds phrases in a list of words.

A pattern is words parted by spaces: `a|b` is one of, `stem*` begins with, `*tail` ends with, `word?` may be missing,
`..` skips up to four words of the same clause (no negation among them), and a leading `=` marks a phrase that counts
only when nothing else of weight is said.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Final, NamedTuple

from services.dialog.text import fold_characters, tokens

MAX_GAP: Final = 4
KEPT: Final = 4096
"""Words of which a table remembers what they begin: people say few words, and those often."""


class Hit(NamedTuple):
    """A phrase found: words `start` to `end` (exclusive)."""

    start: int
    end: int
    label: str
    alone: bool


@dataclass(frozen=True, slots=True)
class Slot:
    """One place of a phrase: a word that is in `words`, begins with a stem or ends with a tail; or a gap."""

    words: frozenset[str] = frozenset()
    stems: tuple[str, ...] = ()
    tails: tuple[str, ...] = ()
    gap: bool = False

    def takes(self, word: str) -> bool:
        """Tell whether `word` may stand here."""
        return word in self.words or word.startswith(self.stems) or word.endswith(self.tails)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A compiled pattern."""

    slots: tuple[Slot, ...]
    label: str
    alone: bool
    barrier: frozenset[str] = frozenset()
    """Words that no gap of this phrase skips."""


_GAP: Final = Slot(gap=True)


def compile_pattern(
    pattern: str, label: str, key: Callable[[str], str], barrier: frozenset[str] = frozenset()
) -> Iterator[Phrase]:
    """Compile one pattern, into several phrases where words are optional. `key` folds each word further."""
    alone = pattern.startswith("=")
    choices: list[tuple[tuple[Slot, ...], ...]] = []
    for part in pattern.lstrip("=").split():
        if part == "..":
            choices.append(((_GAP,),))
            continue
        slots = _slots(part.removesuffix("?"), key)
        choices.append((slots, ()) if part.endswith("?") else (slots,))
    for choice in product(*choices):
        slots = tuple(slot for group in choice for slot in group)
        while slots and slots[-1].gap:
            slots = slots[:-1]
        if slots:
            yield Phrase(slots, label, alone, barrier)


def _slots(part: str, key: Callable[[str], str]) -> tuple[Slot, ...]:
    options = part.split("|")
    if len(options) == 1 and "*" not in part:
        return tuple(Slot(words=frozenset({key(word)})) for word in tokens(part))
    words, stems, tails = set(), [], []
    for option in options:
        bare = fold_characters(option.strip("*")).strip()
        if not bare:
            raise ValueError(f"an empty word in {part!r}")
        if option.endswith("*"):
            stems.append(key(bare))
        elif option.startswith("*"):
            tails.append(key(bare))
        else:
            words.add(key(" ".join(tokens(option))))
    return (Slot(frozenset(words), tuple(stems), tuple(tails)),)


class PhraseTable:
    """Phrases indexed by how their first word begins, so that a search costs a few lookups a word."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        self._by_word: dict[str, list[Phrase]] = {}
        self._by_stem: dict[str, list[Phrase]] = {}
        self._by_tail: dict[str, list[Phrase]] = {}
        for phrase in phrases:
            first = phrase.slots[0]
            for index, starts in (
                (self._by_word, first.words),
                (self._by_stem, first.stems),
                (self._by_tail, first.tails),
            ):
                for start in starts:
                    index.setdefault(start, []).append(phrase)
        self._stem_sizes = sorted({len(stem) for stem in self._by_stem})
        self._tail_sizes = sorted({len(tail) for tail in self._by_tail})
        self._beginning = lru_cache(maxsize=KEPT)(self._find_beginning)

    def find(self, words: Sequence[str], clause_of: Sequence[int]) -> Iterator[Hit]:
        """Yield every phrase found in `words`; `clause_of` numbers the clause of each word. Gaps stay in one clause."""
        for start, word in enumerate(words):
            for phrase in self._beginning(word):
                end = _match(phrase, 1, words, start + 1, clause_of)
                if end:
                    yield Hit(start, end, phrase.label, phrase.alone)

    def _find_beginning(self, word: str) -> tuple[Phrase, ...]:
        """Return the phrases that `word` may begin."""
        return (
            *self._by_word.get(word, ()),
            *(phrase for size in self._stem_sizes for phrase in self._by_stem.get(_head(word, size), ())),
            *(phrase for size in self._tail_sizes for phrase in self._by_tail.get(_tail(word, size), ())),
        )


def _head(word: str, size: int) -> str:
    return word[:size] if size <= len(word) else ""


def _tail(word: str, size: int) -> str:
    return word[-size:] if size <= len(word) else ""


def _match(phrase: Phrase, slot: int, words: Sequence[str], at: int, clause_of: Sequence[int]) -> int:
    """Match the phrase's slots, from number `slot` on, at word `at`: where the phrase ends, or 0."""
    slots = phrase.slots
    while slot < len(slots):
        if slots[slot].gap:
            return _match_behind_gap(phrase, slot + 1, words, at, clause_of)
        if at >= len(words) or not slots[slot].takes(words[at]):
            return 0
        slot, at = slot + 1, at + 1
    return at


def _match_behind_gap(phrase: Phrase, slot: int, words: Sequence[str], at: int, clause_of: Sequence[int]) -> int:
    clause = clause_of[at - 1]
    for start in range(at, min(at + MAX_GAP + 1, len(words))):
        if clause_of[start] != clause:
            return 0
        if end := _match(phrase, slot, words, start, clause_of):
            return end
        if words[start] in phrase.barrier:
            return 0
    return 0
