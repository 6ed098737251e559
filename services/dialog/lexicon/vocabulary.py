"""The compiled word lists of each language."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from services.dialog import data
from services.dialog.lexicon.patterns import Hit, Phrase, PhraseTable, Slot, compile_pattern
from services.dialog.text import normalise, roman_key, tokens
from voicekit.languages import LANGUAGES

# The reference list's names of meanings, in the words that the rules use.
_MEANINGS: Final = {"wrong": "wrong", "lang": "language"}

# Meanings for which a single listed word is a phrase only by itself: "what", "one", "line" stand in many sentences.
_WORD_CLASSES: Final = frozenset({"yes", "no", "okay", "ack", "go", "do"})
_AGREEING: Final = frozenset({"yes", "okay", "ack", "go", "do", "filler"})


@dataclass(frozen=True)
class Vocabulary:
    """What the words of one language mean."""

    language: str
    table: PhraseTable
    key: Callable[[str], str]
    """How a word is folded before the lookup."""
    forms: dict[str, str]
    """Whole listed phrases of three words or more, normalised, with their meaning: for fuzzy matching."""

    def find(self, words: Sequence[str], clause_of: Sequence[int]) -> Iterator[Hit]:
        """Yield every phrase of this language in the folded `words`."""
        return self.table.find([self.key(word) for word in words], clause_of)


@cache
def vocabulary(language: str) -> Vocabulary:
    """Return the vocabulary of one of the eleven languages, compiled on first use."""
    key = english_key if language == "en-IN" else roman_key
    lists = data.load(f"words/{language}")
    negations = _single_words(lists, ("no", "refuse", "neg", "but"), key)
    strangers = _single_words(lists, ("third",), key)
    own = [
        phrase
        for label, text in lists.items()
        for pattern in _patterns(text)
        for phrase in compile_pattern(pattern, label, key, negations | strangers if label == "yes" else negations)
    ]
    known = PhraseTable(own)
    english = known if language == "en-IN" else vocabulary("en-IN").table
    listed = [phrase for phrase in _listed(language, key) if not _covers(known, phrase, english)]
    return Vocabulary(language, PhraseTable([*own, *listed]), key, dict(_long_forms(language)))


def _single_words(lists: Mapping[str, str], labels: Iterable[str], key: Callable[[str], str]) -> frozenset[str]:
    """Return the plain one-word patterns of some lists."""
    patterns = (pattern for label in labels for pattern in _patterns(lists[label]))
    return frozenset(key(words[0]) for pattern in patterns if len(words := tokens(pattern)) == 1 and "*" not in pattern)


def _covers(known: PhraseTable, phrase: Phrase, english: PhraseTable) -> bool:
    """Tell whether the patterns already explain the whole listed phrase: their meaning is the finer one.

    Of a listed yes, all words may also be explained one by one: "ok ji" agrees, but is no firm yes.
    """
    words = [next(iter(slot.words)) for slot in phrase.slots]
    clause = [0] * len(words)
    hits = [*known.find(words, clause), *english.find([english_key(word) for word in words], clause)]
    if any(hit.start == 0 and hit.end == len(words) for hit in hits):
        return True
    explained = {at for hit in hits if hit.label in _AGREEING for at in range(hit.start, hit.end)}
    return phrase.label == "yes" and len(explained) == len(words)


def warm_up() -> None:
    """Compile all vocabularies: at start, so that no call pays for it."""
    for language in LANGUAGES:
        vocabulary(language)


def english_key(word: str) -> str:
    """Return the English word that a recogniser wrote in an Indian script; any other word as it is."""
    return _spellings().get(word, word)


@cache
def _spellings() -> dict[str, str]:
    return {
        spelled: english
        for english, text in data.load("english")["spellings"].items()
        for word in text.split()
        for spelled in tokens(word)[:1]
    }


def _patterns(text: str) -> list[str]:
    return [pattern for part in text.split(",") if (pattern := part.strip())]


def _forms(language: str) -> Iterator[tuple[str, str]]:
    for meaning, kinds in data.load("phrases")["phrases"][language].items():
        for forms in kinds.values():
            for form in forms:
                yield _MEANINGS.get(meaning, meaning), form


def _listed(language: str, key: Callable[[str], str]) -> Iterator[Phrase]:
    for meaning, form in _forms(language):
        words = tokens(form)
        alone = len(words) == 1 and meaning not in _WORD_CLASSES
        if words:
            yield Phrase(tuple(Slot(words=frozenset({key(word)})) for word in words), meaning, alone)


def _long_forms(language: str) -> Iterator[tuple[str, str]]:
    for meaning, form in _forms(language):
        if meaning not in _WORD_CLASSES and len(tokens(form)) >= 3:
            yield normalise(form), meaning
