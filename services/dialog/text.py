"""Folds what a recogniser wrote into a form in which equal words are equal strings.

Only for matching: the original text is what is kept. Python's `re` takes Indic vowel signs for non-words, so nothing
here, nor in any caller, may use `\\w` or `\\b`; words are what stands between spaces.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_CLAUSE_MARKS: Final = frozenset(",;:.!?…—–।॥،؟؛|\n\r")
_DROPPED: Final = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad")

# One spelling for what is heard as one sound: long and short i and u, nukta letters, nasal signs.
_SOUND_ALIKE: Final = {
    **dict(zip("ीूऱऩऴँ", "िुरनळं", strict=True)),
    **dict(zip("ীূ", "িু", strict=True)),
    **dict(zip("ીૂઁ", "િું", strict=True)),
    **dict(zip("ੀੂ", "ਿੁ", strict=True)),
    **dict(zip("ୀୂ", "ିୁ", strict=True)),
    **dict(zip("ీూೀೂീൂீூ", "ిుಿುിുிு", strict=True)),
    # Nukta of six scripts, and the chandrabindu that Bengali and Odia recognisers write or leave out at will.
    **dict.fromkeys("़়઼਼଼಼ঁଁ"),
}

_CHILLU: Final = dict(zip(("ണ്", "ന്", "ര്", "ല്", "ള്", "ക്"), "ൺൻർൽൾൿ", strict=True))
_CHILLU_BY_JOINER: Final = re.compile("([ണനരലളക]്)\u200d")
_APOSTROPHE_OF_IN: Final = re.compile("['\u2019\u2018](?=ਚ)")
_APOSTROPHE_IN_WORD: Final = re.compile("(?<=\\S)['\u2019\u2018](?=\\S)")
_LONG_RUN: Final = re.compile(r"([a-z])\1{2,}")
_NASAL_DEVANAGARI: Final = re.compile("[ङञणनम]्(?=[क-ह])")
_NASAL_GUJARATI: Final = re.compile("[ઙઞણનમ]્(?=[ક-હ])")
_FINAL_SIGN: Final = re.compile(r"[ंःં््્୍]+(?=\s|$)")


class _Characters(dict[int, str | None]):
    """A `str.translate` table that works each character out once, on first sight."""

    def __missing__(self, code: int) -> str | None:
        self[code] = kept = _fold_character(chr(code))
        return kept


def _fold_character(character: str) -> str | None:
    if character in _CLAUSE_MARKS:
        return "\n"
    if character in _DROPPED:
        return None
    if character in _SOUND_ALIKE:
        return _SOUND_ALIKE[character]
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    return " " if category[0] in "PSZC" else character


_CHARACTERS: Final = _Characters()


def fold_characters(text: str) -> str:
    """Fold every character; a line break stands where a clause ended. Signs that end a word stay."""
    text = unicodedata.normalize("NFC", text)
    text = _CHILLU_BY_JOINER.sub(lambda found: _CHILLU[found[1]], text)
    text = _APOSTROPHE_IN_WORD.sub("", _APOSTROPHE_OF_IN.sub(" ", text))
    text = text.casefold().translate(_CHARACTERS)
    if text.isascii():
        return _LONG_RUN.sub(r"\1\1", text)
    text = _NASAL_DEVANAGARI.sub("ं", text.replace("ൻറ", "ന്റ"))
    return _NASAL_GUJARATI.sub("ં", text)


def clauses(text: str) -> list[list[str]]:
    """Split into clauses of folded words, at the punctuation; empty clauses are left out."""
    folded = _FINAL_SIGN.sub("", fold_characters(text))
    return [words for clause in folded.split("\n") if (words := clause.split())]


@dataclass(frozen=True, slots=True)
class Utterance:
    """A reply cut into folded words."""

    words: tuple[str, ...]
    clause_of: tuple[int, ...]
    """The number of the clause that each word stands in."""
    asks: bool
    """Whether the text holds a question mark."""


def utterance(text: str) -> Utterance:
    """Cut `text` into folded words that know their clause."""
    parts = clauses(text)
    return Utterance(
        words=tuple(word for part in parts for word in part),
        clause_of=tuple(number for number, part in enumerate(parts) for _ in part),
        asks="?" in text or "\u061f" in text,
    )


def tokens(text: str) -> list[str]:
    """Split into folded words."""
    return [word for clause in clauses(text) for word in clause]


def normalise(text: str) -> str:
    """Fold for comparison: equal for all spellings of one utterance; words parted by single spaces.

    NFC, no zero-width characters, ASCII digits, casefold, punctuation to space (an apostrophe inside a word vanishes:
    "don't" is "dont"), Malayalam chillu letters as U+0D7A-0D7F, nukta dropped, long and short vowel signs as one.
    Folding twice changes nothing.
    """
    return " ".join(tokens(text))


_ROMAN_SPELLINGS: Final = (
    ("chh", "ch"), ("aa", "a"), ("ee", "i"), ("ii", "i"), ("oo", "u"), ("uu", "u"), ("sh", "s"), ("ph", "f"),
    ("th", "t"), ("dh", "d"), ("w", "v"), ("z", "j"),
)  # fmt: skip
_DOUBLED: Final = re.compile(r"([a-z])\1")


@lru_cache(maxsize=8192)
def roman_key(word: str) -> str:
    """Fold the spellings of one romanised Indian word ("theek", "thik") into one; other scripts stay as they are."""
    if not word.isascii():
        return word
    for spelling, plain in _ROMAN_SPELLINGS:
        word = word.replace(spelling, plain)
    return _DOUBLED.sub(r"\1", word)


_BLOCKS: Final = {
    18: "hi-IN", 19: "bn-IN", 20: "pa-IN", 21: "gu-IN", 22: "or-IN", 23: "ta-IN", 24: "te-IN", 25: "kn-IN", 26: "ml-IN",
    **dict.fromkeys(range(12, 16), "hi-IN"),  # Arabic letters: Urdu, which is answered in Hindi
}  # fmt: skip


@lru_cache(maxsize=8192)
def script_of(word: str) -> str | None:
    """Return the language whose script `word` is in: `en-IN` for Latin, `hi-IN` for Devanagari, None for digits."""
    for letter in word:
        if letter.isascii():
            if letter.isalpha():
                return "en-IN"
        elif language := _BLOCKS.get(ord(letter) >> 7):
            return language
    return None
